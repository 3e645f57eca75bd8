package azure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// Store opens what flowctl keeps in a container of a storage account, below a
// prefix. Where the account's blobs are is asked of Resource Manager.
func (p *Provider) Store(ctx context.Context, account plan.ID, containerName, prefix string) (plan.Store, error) {
	got, err := p.storage.NewAccountsClient().GetProperties(ctx, account.ResourceGroup(), account.Name(), nil)
	if err != nil {
		return nil, fmt.Errorf("read storage account %s: %w", account.Name(), plain(err))
	}
	if got.Properties == nil || got.Properties.PrimaryEndpoints == nil || val(got.Properties.PrimaryEndpoints.Blob) == "" {
		return nil, fmt.Errorf("storage account %s has no blob service", account.Name())
	}
	url := *got.Properties.PrimaryEndpoints.Blob
	c, err := service.NewClient(strings.TrimSuffix(url, "/"), p.blobCredential, &service.ClientOptions{ClientOptions: p.blobOptions(url)})
	if err != nil {
		return nil, fmt.Errorf("open blobs at %s: %w", withoutQuery(url), plain(err))
	}
	if prefix != "" {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
	}
	return store{c.NewContainerClient(containerName), withoutQuery(url) + containerName + "/" + prefix, prefix}, nil
}

// store is one prefix of a container.
type store struct {
	client *container.Client
	place  string // for messages
	prefix string
}

func (s store) blob(name string) *blockblob.Client {
	return s.client.NewBlockBlobClient(s.prefix + name)
}

func (s store) fail(what, name string, err error) error {
	err = plain(err)
	var no *refusal
	if errors.As(err, &no) && (strings.HasPrefix(no.code, "LeaseAlreadyPresent") || strings.HasPrefix(no.code, "LeaseId") || strings.HasPrefix(no.code, "LeaseNotPresent") || strings.HasPrefix(no.code, "LeaseIs")) {
		err = fmt.Errorf("%w: %w", plan.ErrLeased, err)
	} else if errors.As(err, &no) && no.code == "BlobAlreadyExists" {
		err = fmt.Errorf("%w: %w", plan.ErrChanged, err)
	}
	return fmt.Errorf("%s %s%s: %w", what, s.place, oneLine(name), err)
}

// Get reads a blob whole.
func (s store) Get(ctx context.Context, name string) ([]byte, string, error) {
	resp, err := s.blob(name).DownloadStream(ctx, nil)
	if err != nil {
		return nil, "", s.fail("read", name, err)
	}
	body := resp.NewRetryReader(ctx, &blob.RetryReaderOptions{EarlyCloseAsError: true})
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, "", s.fail("read", name, err)
	}
	return b, etag(resp.ETag), nil
}

// Put writes a blob whole, and its container first where that is missing.
func (s store) Put(ctx context.Context, name string, b []byte, c plan.Condition) (string, error) {
	opts := &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{}}}
	switch {
	case c.New:
		opts.AccessConditions.ModifiedAccessConditions.IfNoneMatch = to.Ptr(azcore.ETagAny)
	case c.ETag != "":
		opts.AccessConditions.ModifiedAccessConditions.IfMatch = to.Ptr(azcore.ETag(`"` + c.ETag + `"`))
	}
	if c.Lease != "" {
		opts.AccessConditions.LeaseAccessConditions = &blob.LeaseAccessConditions{LeaseID: &c.Lease}
	}
	upload := func() (blockblob.UploadResponse, error) {
		return s.blob(name).Upload(ctx, readSeekNopCloser{bytes.NewReader(b)}, opts)
	}
	resp, err := upload()
	var no *refusal
	if errors.As(plain(err), &no) && no.status == http.StatusNotFound && no.code == "ContainerNotFound" {
		_, err = s.client.Create(ctx, nil)
		if errors.As(plain(err), &no) && no.code == "ContainerAlreadyExists" {
			err = nil
		}
		if err == nil {
			resp, err = upload()
		}
	}
	if err != nil {
		return "", s.fail("write", name, err)
	}
	return etag(resp.ETag), nil
}

// readSeekNopCloser is a body that the SDK may close.
type readSeekNopCloser struct{ io.ReadSeeker }

func (readSeekNopCloser) Close() error { return nil }

// Delete removes a blob.
func (s store) Delete(ctx context.Context, name string) error {
	if _, err := s.blob(name).Delete(ctx, nil); err != nil && !isNotFound(plain(err)) {
		return s.fail("delete", name, err)
	}
	return nil
}

// Names lists blobs; none if the container is missing.
func (s store) Names(ctx context.Context, prefix string) ([]string, error) {
	pager := s.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: to.Ptr(s.prefix + prefix)})
	var out []string
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if isNotFound(plain(err)) {
			return nil, nil
		}
		if err != nil {
			return out, s.fail("list", prefix, err)
		}
		if page.Segment == nil {
			continue
		}
		for _, item := range page.Segment.BlobItems {
			if item != nil {
				out = append(out, strings.TrimPrefix(val(item.Name), s.prefix))
			}
		}
	}
	return out, nil
}

func (s store) lease(name string, id *string) (*lease.BlobClient, error) {
	return lease.NewBlobClient(s.blob(name), &lease.BlobClientOptions{LeaseID: id})
}

// Lease takes a blob's lease.
func (s store) Lease(ctx context.Context, name string, d time.Duration) (string, error) {
	c, err := s.lease(name, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.AcquireLease(ctx, int32(d/time.Second), nil)
	if err != nil {
		return "", s.fail("lock", name, err)
	}
	return val(resp.LeaseID), nil
}

// Renew makes a lease last again.
func (s store) Renew(ctx context.Context, name, id string) error {
	c, err := s.lease(name, &id)
	if err != nil {
		return err
	}
	if _, err := c.RenewLease(ctx, nil); err != nil {
		return s.fail("renew the lock of", name, err)
	}
	return nil
}

// Release gives a lease back.
func (s store) Release(ctx context.Context, name, id string) error {
	c, err := s.lease(name, &id)
	if err != nil {
		return err
	}
	if _, err := c.ReleaseLease(ctx, nil); err != nil {
		return s.fail("unlock", name, err)
	}
	return nil
}

// Break ends the lease of whoever has it, at once.
func (s store) Break(ctx context.Context, name string) error {
	c, err := s.lease(name, nil)
	if err != nil {
		return err
	}
	_, err = c.BreakLease(ctx, &lease.BlobBreakOptions{BreakPeriod: to.Ptr[int32](0)})
	var no *refusal
	if errors.As(plain(err), &no) && strings.HasPrefix(no.code, "LeaseNotPresent") {
		return nil
	}
	if err != nil {
		return s.fail("break the lock of", name, err)
	}
	return nil
}

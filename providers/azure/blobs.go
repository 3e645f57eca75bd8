package azure

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// Blobs opens the blob service at blobURL, such as
// https://account.blob.core.windows.net/, with a token for Azure Storage. It
// does not talk to the service yet.
func (p *Provider) Blobs(_ context.Context, blobURL string) (plan.Blobs, error) {
	if !strings.HasPrefix(blobURL, "https://") && !strings.HasPrefix(blobURL, "http://") {
		return nil, fmt.Errorf("open blobs: %q is not the URL of a blob service", oneLine(blobURL))
	}
	opts := &service.ClientOptions{ClientOptions: p.blobOptions(blobURL)}
	c, err := service.NewClient(strings.TrimSuffix(blobURL, "/"), p.blobCredential, opts)
	if err != nil {
		return nil, fmt.Errorf("open blobs at %s: %w", withoutQuery(blobURL), plain(err))
	}
	return blobs{c, withoutQuery(blobURL)}, nil
}

// forBlobs are the options with a transport that keeps as many connections as
// blobs are read at a time; the SDK's own opens most of them anew each time.
func (o Options) forBlobs() Options {
	return o.guarded(func() *http.Client { return &http.Client{Transport: manyConnections(), CheckRedirect: stay} }, true, nil)
}

// blobs is one storage account.
type blobs struct {
	service *service.Client
	url     string // for messages
}

func (b blobs) blob(container, name string) *blob.Client {
	return b.service.NewContainerClient(container).NewBlobClient(name)
}

func (b blobs) fail(what, container, name string, err error) error {
	return fmt.Errorf("%s %s/%s at %s: %w", what, container, oneLine(name), b.url, plain(err))
}

// List yields the blobs whose name begins with prefix, in the order of their
// names, a page of up to 5000 at a time.
func (b blobs) List(ctx context.Context, containerName, prefix string) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		pager := b.service.NewContainerClient(containerName).NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: optional(prefix)})
		var seen markers
		for pager.More() {
			page, err := pager.NextPage(ctx)
			if err == nil {
				err = seen.next(val(page.NextMarker), page.Segment != nil && len(page.Segment.BlobItems) > 0)
			}
			if err != nil {
				yield(plan.Blob{}, b.fail("list blobs", containerName, prefix, err))
				return
			}
			if page.Segment == nil {
				continue
			}
			for _, item := range page.Segment.BlobItems {
				if item != nil && !yield(listed(containerName, item), nil) {
					return
				}
			}
		}
	}
}

func listed(containerName string, item *container.BlobItem) plan.Blob {
	out := plan.Blob{Container: containerName, Name: val(item.Name)}
	if props := item.Properties; props != nil {
		out.Size, out.ETag, out.Modified = val(props.ContentLength), etag(props.ETag), val(props.LastModified)
	}
	return out
}

// Prefixes yields the parts of names after prefix up to the next slash,
// without either, in their order.
func (b blobs) Prefixes(ctx context.Context, containerName, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		pager := b.service.NewContainerClient(containerName).NewListBlobsHierarchyPager("/", &container.ListBlobsHierarchyOptions{Prefix: optional(prefix)})
		var seen markers
		for pager.More() {
			page, err := pager.NextPage(ctx)
			if err == nil {
				err = seen.next(val(page.NextMarker), page.Segment != nil && len(page.Segment.BlobPrefixes)+len(page.Segment.BlobItems) > 0)
			}
			if err != nil {
				yield("", b.fail("list folders", containerName, prefix, err))
				return
			}
			if page.Segment == nil {
				continue
			}
			for _, p := range page.Segment.BlobPrefixes {
				if p == nil {
					continue
				}
				if !yield(strings.TrimSuffix(strings.TrimPrefix(val(p.Name), prefix), "/"), nil) {
					return
				}
			}
		}
	}
}

// Stat returns one blob; plan.ErrNotFound if it or its container is not there.
func (b blobs) Stat(ctx context.Context, containerName, name string) (plan.Blob, error) {
	props, err := b.blob(containerName, name).GetProperties(ctx, nil)
	if err != nil {
		return plan.Blob{}, b.fail("look at blob", containerName, name, err)
	}
	return plan.Blob{
		Container: containerName, Name: name,
		Size: val(props.ContentLength), ETag: etag(props.ETag), Modified: val(props.LastModified),
	}, nil
}

// Blocks returns the sizes in bytes of the committed blocks, in order;
// plan.ErrChanged if they are those of another version than at.ETag.
func (b blobs) Blocks(ctx context.Context, at plan.Blob) ([]int64, error) {
	c := b.service.NewContainerClient(at.Container).NewBlockBlobClient(at.Name)
	resp, err := c.GetBlockList(ctx, blockblob.BlockListTypeCommitted, nil)
	if err != nil {
		return nil, b.fail("read the blocks of blob", at.Container, at.Name, err)
	}
	if now := etag(resp.ETag); now != "" && at.ETag != "" && now != at.ETag {
		return nil, b.fail("read the blocks of blob", at.Container, at.Name, plan.ErrChanged)
	}
	sizes := make([]int64, 0, len(resp.CommittedBlocks))
	for _, block := range resp.CommittedBlocks {
		if block != nil {
			sizes = append(sizes, val(block.Size))
		}
	}
	return sizes, nil
}

// Open reads length bytes from offset, or all that follow if length is
// negative, of the version at.ETag, or of whichever is there if it is empty.
// There is nothing to read past the end. A connection that breaks or stalls is
// taken up again where it did.
func (b blobs) Open(ctx context.Context, at plan.Blob, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		return http.NoBody, nil
	}
	r := &blobReader{blobs: b, ctx: ctx, version: at, at: offset, end: -1}
	if length > 0 {
		r.end, r.bounded = offset+length, true
	}
	if err := r.open(); err != nil {
		if pastEnd(err) {
			return http.NoBody, nil
		}
		return nil, r.fail(err)
	}
	return r, nil
}

// etag is a version without the quotes that headers have and listings have
// not.
func etag(e *azcore.ETag) string { return strings.Trim(string(val(e)), `"`) }

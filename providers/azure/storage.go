package azure

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// OpenStorage opens the blob service at account, such as
// https://name.blob.core.windows.net or http://127.0.0.1:10000/name, without
// Resource Manager and without a subscription. It asks with the shared access
// signature sas, which is a URL's query, or if that is empty with the
// credential of o. The cloud is the one of the host's suffix unless o says
// another. It does not talk to the service yet.
func OpenStorage(o Options, account, sas string) (plan.Blobs, error) {
	u, err := url.Parse(account)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("open blobs: %q is not the URL of a blob service", oneLine(withoutQuery(account)))
	}
	if o.Environment == "" {
		o.Environment = environmentOf(u.Hostname())
	}
	a := storageAccount{name: accountName(u), clock: o.Clock}
	c, err := a.connect(o, strings.TrimSuffix(account, "/"), sas)
	if err != nil {
		return nil, fmt.Errorf("open blobs at %s: %w", withoutQuery(account), err)
	}
	a.blobs = blobs{c, withoutQuery(account)}
	if a.clock == nil {
		a.clock = Real{}
	}
	return a, nil
}

// connect returns what talks to the service at account.
func (a *storageAccount) connect(o Options, account, sas string) (*service.Client, error) {
	var err error
	forBlobs := o.forBlobs()
	o = o.guarded(newClient, false, nil)
	if sas == "" { // only to sign in
		if o, err = o.discover(); err != nil {
			return nil, err
		}
	}
	cloud, err := o.cloud()
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	p := &Provider{clock: o.Clock, log: o.Logger, retry: o.retry()}
	opts := &service.ClientOptions{ClientOptions: forBlobs.blobOptions(cloud, p, account)}
	opts.PerRetryPolicies = append(opts.PerRetryPolicies, reach{})
	if sas != "" {
		if a.sas, err = url.ParseQuery(sas); err != nil {
			return nil, fmt.Errorf("the shared access signature cannot be read: copy the URL once more")
		}
		return service.NewClientWithNoCredential(account+"?"+sas, opts)
	}
	cred, err := o.credential(cloud)
	if err != nil {
		return nil, err
	}
	return service.NewClient(account, cred, opts)
}

// storageAccount is an account of which nothing is known but its URL, so that
// its errors have to say more than those of one that Resource Manager showed.
type storageAccount struct {
	blobs
	name  string
	sas   url.Values // nil: signed in
	clock plan.Clock
}

// environmentOf is the cloud whose storage has the suffix of host; public if
// it is none of the others.
func environmentOf(host string) string {
	switch host = strings.ToLower(host); {
	case strings.HasSuffix(host, ".usgovcloudapi.net"):
		return "usgovernment"
	case strings.HasSuffix(host, ".chinacloudapi.cn"):
		return "china"
	}
	return "public"
}

// accountName is the account's name in the URL of its blob service.
func accountName(u *url.URL) string {
	if p := strings.Trim(u.Path, "/"); p != "" {
		return p
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	return name
}

// connections is how many connections to one account are kept open. Each
// carries one request at a time, since the blob service speaks HTTP/1.1.
const connections = 256

func manyConnections() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{}, // no HTTP/2
		ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   connections,
		DisableCompression:    true, // blobs are read as they lie there
	}
}

// List yields the blobs whose name begins with prefix, in the order of their
// names.
func (a storageAccount) List(ctx context.Context, container, prefix string) iter.Seq2[plan.Blob, error] {
	return explained(ctx, a, container, a.blobs.List(ctx, container, prefix))
}

// Prefixes yields the parts of names after prefix up to the next slash.
func (a storageAccount) Prefixes(ctx context.Context, container, prefix string) iter.Seq2[string, error] {
	return explained(ctx, a, container, a.blobs.Prefixes(ctx, container, prefix))
}

func explained[T any](ctx context.Context, a storageAccount, container string, all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range all {
			if !yield(v, a.explain(ctx, container, err)) {
				return
			}
		}
	}
}

// Stat returns one blob.
func (a storageAccount) Stat(ctx context.Context, container, name string) (plan.Blob, error) {
	b, err := a.blobs.Stat(ctx, container, name)
	return b, a.explain(ctx, container, err)
}

// Blocks returns the sizes of the committed blocks.
func (a storageAccount) Blocks(ctx context.Context, b plan.Blob) ([]int64, error) {
	sizes, err := a.blobs.Blocks(ctx, b)
	return sizes, a.explain(ctx, b.Container, err)
}

// Open reads a part of a blob.
func (a storageAccount) Open(ctx context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	r, err := a.blobs.Open(ctx, b, offset, length)
	return r, a.explain(ctx, b.Container, err)
}

// reach tells hosts that are not there from those that do not answer now: to
// ask them again does not help.
type reach struct{}

// Do sends one request.
func (reach) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if why := unreachable(err); why != "" {
		return nil, &noHost{req.Raw().URL.Host, why}
	}
	return resp, err
}

package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// clients are the SDK's own, without anything of flowctl's.
func clients(t *testing.T, s *Sandbox, transport policy.Transporter, endpoint string) *armnetwork.ClientFactory {
	t.Helper()
	config := cloud.AzurePublic
	if endpoint != "" {
		config = cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: endpoint, Audience: endpoint}}}
	}
	f, err := armnetwork.NewClientFactory(s.World.Subscription, credential{}, &arm.ClientOptions{ClientOptions: policy.ClientOptions{
		Cloud: config, Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// finish polls an operation to its end while the world's time passes.
func finish[T any](t *testing.T, s *Sandbox, p *runtime.Poller[T], err error) T {
	t.Helper()
	for i := 0; err == nil && !p.Done(); i++ {
		if i == 100 {
			t.Fatal("operation does not end")
		}
		pass(t, s, time.Second)
		_, err = p.Poll(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Result(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSDKOnNetworkWatcher(t *testing.T) {
	s := virtual(t, Options{PageSize: 2})
	server := httptest.NewTLSServer(s.Handler())
	defer server.Close()
	for name, f := range map[string]*armnetwork.ClientFactory{
		"in process": clients(t, s, s.Transport(), ""),
		"over TLS":   clients(t, s, server.Client(), server.URL),
	} {
		t.Run(name, func(t *testing.T) { useNetworkWatcher(t, s, f) })
	}
}

func useNetworkWatcher(t *testing.T, s *Sandbox, f *armnetwork.ClientFactory) {
	ctx, sc := t.Context(), pick(t, s.World)
	group, watcher := sc.watcher.ResourceGroup(), sc.watcher.Name()
	logs, captures := f.NewFlowLogsClient(), f.NewPacketCapturesClient()

	made, err := logs.BeginCreateOrUpdate(ctx, group, watcher, "sdk", armnetwork.FlowLog{Location: &sc.vnet.Location,
		Properties: &armnetwork.FlowLogPropertiesFormat{TargetResourceID: to.Ptr(string(sc.vnet.ID)), StorageID: to.Ptr(string(sc.account.ID)), Enabled: to.Ptr(true)}}, nil)
	log := finish(t, s, made, err)
	if *log.Properties.ProvisioningState != armnetwork.ProvisioningStateSucceeded || *log.Properties.Format.Version != 2 {
		t.Errorf("flow log %+v", log.Properties)
	}
	removed, err := logs.BeginDelete(ctx, group, watcher, "sdk", nil)
	finish(t, s, removed, err)
	var refused *azcore.ResponseError
	if _, err := logs.Get(ctx, group, watcher, "sdk", nil); !errors.As(err, &refused) || refused.ErrorCode != "ResourceNotFound" {
		t.Errorf("a deleted flow log: %v", err)
	}

	begun, err := captures.BeginCreate(ctx, group, watcher, "sdk", armnetwork.PacketCapture{Properties: &armnetwork.PacketCaptureParameters{
		Target: to.Ptr(string(sc.vm.ID)), StorageLocation: &armnetwork.PacketCaptureStorageLocation{StorageID: to.Ptr(string(sc.account.ID))}}}, nil)
	finish(t, s, begun, err)
	asked, err := captures.BeginGetStatus(ctx, group, watcher, "sdk", nil)
	if status := finish(t, s, asked, err); *status.PacketCaptureStatus != armnetwork.PcStatusRunning {
		t.Errorf("status %v", *status.PacketCaptureStatus)
	}
	stopped, err := captures.BeginStop(ctx, group, watcher, "sdk", nil)
	finish(t, s, stopped, err)
	asked, err = captures.BeginGetStatus(ctx, group, watcher, "sdk", nil)
	if status := finish(t, s, asked, err); *status.PacketCaptureStatus != armnetwork.PcStatusStopped || *status.StopReason != "Manual" {
		t.Errorf("status %v", *status.PacketCaptureStatus)
	}
	gone, err := captures.BeginDelete(ctx, group, watcher, "sdk", nil)
	finish(t, s, gone, err)

	var nics int
	for pager := f.NewInterfacesClient().NewListAllPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		nics += len(page.Value)
	}
	if nics == 0 || nics == 2 {
		t.Errorf("%d interfaces on all pages", nics)
	}
}

// blobClient is the SDK's client for an account.
func blobClient(t *testing.T, transport policy.Transporter, url string) *azblob.Client {
	t.Helper()
	c, err := azblob.NewClient(url, credential{}, &azblob.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSDKOnBlobs(t *testing.T) {
	s := virtual(t, Options{Dir: t.TempDir(), PageSize: 2})
	server := httptest.NewTLSServer(s.Handler())
	defer server.Close()
	account := pick(t, s.World).account
	// A client of httptest trusts example.com; any other name is dialled as it.
	dialing := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"},
	}}
	for name, c := range map[string]*azblob.Client{
		"in process": blobClient(t, s.Transport(), account.BlobURL),
		"by path":    blobClient(t, server.Client(), server.URL+"/"+account.Name),
		"by host":    blobClient(t, dialing, "https://"+account.Name+".blob.localhost:8443/"),
	} {
		t.Run(name, func(t *testing.T) { useBlobs(t, c, strings.ReplaceAll(name, " ", "-")) })
	}
}

func useBlobs(t *testing.T, c *azblob.Client, box string) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.UploadBuffer(ctx, box, "a", []byte("x"), nil)
	if !bloberror.HasCode(err, bloberror.ContainerNotFound) {
		t.Errorf("upload without a container: %v", err)
	}
	_, err = c.CreateContainer(ctx, box, nil)
	must(err)
	if _, err = c.CreateContainer(ctx, box, nil); !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		t.Errorf("container twice: %v", err)
	}
	for _, name := range []string{"dir/b", "dir/a", "top", "dir/sub/c", "x y/ü%"} {
		_, err = c.UploadBuffer(ctx, box, name, []byte("content of "+name), &azblob.UploadBufferOptions{Metadata: map[string]*string{"Who": to.Ptr("me")}})
		must(err)
	}
	if got, want := flat(t, c, box, ""), []string{"dir/a", "dir/b", "dir/sub/c", "top", "x y/ü%"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if got, want := level(t, c, box, ""), []string{"dir/", "top", "x y/"}; !slices.Equal(got, want) {
		t.Errorf("level %q, want %q", got, want)
	}
	if got, want := level(t, c, box, "dir/"), []string{"dir/a", "dir/b", "dir/sub/"}; !slices.Equal(got, want) {
		t.Errorf("level dir/ %q, want %q", got, want)
	}
	got, err := c.DownloadStream(ctx, box, "x y/ü%", &azblob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 8, Count: 2}})
	must(err)
	text, err := io.ReadAll(got.Body)
	if must(err); string(text) != "of" || *got.ContentRange != "bytes 8-9/18" || *got.Metadata["Who"] != "me" {
		t.Errorf("part %q of %s, metadata %v", text, *got.ContentRange, got.Metadata)
	}
	_, err = c.DownloadStream(ctx, box, "top", &azblob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 99}})
	if !bloberror.HasCode(err, bloberror.InvalidRange) {
		t.Errorf("range behind the end: %v", err)
	}
	useBlocks(t, c, box)
	_, err = c.DeleteBlob(ctx, box, "top", nil)
	must(err)
	if _, err = c.DownloadStream(ctx, box, "top", nil); !bloberror.HasCode(err, bloberror.BlobNotFound) {
		t.Errorf("a deleted blob: %v", err)
	}
	_, err = c.DeleteContainer(ctx, box, nil)
	must(err)
	if _, err = c.DeleteContainer(ctx, box, nil); !bloberror.HasCode(err, bloberror.ContainerNotFound) {
		t.Errorf("container deleted twice: %v", err)
	}
}

func useBlocks(t *testing.T, c *azblob.Client, box string) {
	ctx, b := t.Context(), c.ServiceClient().NewContainerClient(box).NewBlockBlobClient("blocks")
	id := func(n string) string { return base64.StdEncoding.EncodeToString([]byte(n)) }
	for _, n := range []string{"1", "2", "3"} {
		if _, err := b.StageBlock(ctx, id(n), streaming.NopCloser(strings.NewReader("block"+n)), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.GetProperties(ctx, nil); err == nil {
		t.Errorf("a blob of staged blocks is there")
	}
	first, err := b.CommitBlockList(ctx, []string{id("1"), id("2")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CommitBlockList(ctx, []string{id("3")}, nil); !bloberror.HasCode(err, bloberror.InvalidBlockList) {
		t.Errorf("a block that was thrown away: %v", err)
	}
	if _, err := b.StageBlock(ctx, id("3"), streaming.NopCloser(strings.NewReader("more")), nil); err != nil {
		t.Fatal(err)
	}
	list, err := b.GetBlockList(ctx, blockblob.BlockListTypeAll, nil)
	if err != nil || len(list.CommittedBlocks) != 2 || len(list.UncommittedBlocks) != 1 || *list.UncommittedBlocks[0].Size != 4 {
		t.Errorf("block list %+v, %v", list.BlockList, err)
	}
	if _, err := b.CommitBlockList(ctx, []string{id("2"), id("3")}, nil); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	if _, err := c.DownloadBuffer(ctx, box, "blocks", buf, nil); err != nil || !bytes.Equal(buf[:10], []byte("block2more")) {
		t.Errorf("content %q, %v", buf, err)
	}
	_, err = c.DownloadStream(ctx, box, "blocks", &azblob.DownloadStreamOptions{AccessConditions: &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: first.ETag}}})
	if !bloberror.HasCode(err, bloberror.ConditionNotMet) {
		t.Errorf("the version before: %v", err)
	}
}

// flat and level return all pages of a listing.
func flat(t *testing.T, c *azblob.Client, box, prefix string) (names []string) {
	t.Helper()
	for p := c.NewListBlobsFlatPager(box, &azblob.ListBlobsFlatOptions{Prefix: &prefix}); p.More(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Segment.BlobItems {
			names = append(names, *b.Name)
		}
	}
	return names
}

func level(t *testing.T, c *azblob.Client, box, prefix string) (names []string) {
	t.Helper()
	opts := &container.ListBlobsHierarchyOptions{Prefix: &prefix}
	for p := c.ServiceClient().NewContainerClient(box).NewListBlobsHierarchyPager("/", opts); p.More(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Segment.BlobPrefixes {
			names = append(names, *b.Name)
		}
		for _, b := range page.Segment.BlobItems {
			names = append(names, *b.Name)
		}
	}
	slices.Sort(names)
	return names
}

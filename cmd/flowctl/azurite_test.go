package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/plan"
	"flowctl/providers/azure"
)

// storageToken is a credential for Azurite, which looks at the claims of a
// token for Azure Storage and not at its signature.
type storageToken struct{}

func (storageToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	now := time.Now()
	part := func(doc any) string {
		text, _ := json.Marshal(doc)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	token := part(map[string]string{"typ": "JWT", "alg": "none"}) + "." + part(map[string]any{
		"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/0f1e2d3c-4b5a-4968-8778-695a4b3c2d1e/",
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}) + ".x"
	return azcore.AccessToken{Token: token, ExpiresOn: now.Add(time.Hour)}, nil
}

const (
	logs    = "insights-logs-flowlogflowevent"
	logName = "flowLogResourceID=/SUB_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_LOG/y=2026/m=11/d=12/h=08/m=00/macAddress=%s/PT1H.json"
)

// TestBlobsOfAzurite reads flow logs by the provider of real Azure from a Blob
// service that nobody here wrote. FLOWCTL_AZURITE is the URL of its account;
// .ci/azurite starts one and sets it.
func TestBlobsOfAzurite(t *testing.T) {
	url := os.Getenv("FLOWCTL_AZURITE")
	if url == "" {
		t.Skip("FLOWCTL_AZURITE is not set")
	}
	ctx := t.Context()
	upload, err := azblob.NewClient(url, storageToken{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upload.CreateContainer(ctx, logs, nil); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	totals, err := flowlogtest.Generate(&text, flowlogtest.Spec{Seed: 7, Flows: 2000})
	if err != nil {
		t.Fatal(err)
	}
	first, second := fmt.Sprintf(logName, "6045BD000001"), fmt.Sprintf(logName, "6045BD000002")
	commit(t, upload, first, text.Bytes(), totals.Blocks)
	commit(t, upload, second, text.Bytes()[:totals.Blocks[0]+totals.Blocks[1]], totals.Blocks[:2])

	p, err := azure.New(azure.Options{Subscription: "5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d", Credential: storageToken{}})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := p.Blobs(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var found []plan.Blob
	for b, err := range blobs.List(ctx, logs, "flowLogResourceID=/SUB_NETWORKWATCHERRG/") {
		if err != nil {
			t.Fatal(err)
		}
		names, found = append(names, b.Name), append(found, b)
	}
	if diff := cmp.Diff([]string{first, second}, names); diff != "" {
		t.Fatalf("names (-want +got):\n%s", diff)
	}
	checkBlob(t, blobs, found[0], text.Bytes(), totals)

	for _, err := range blobs.List(ctx, "no-such-container", "") {
		if !errors.Is(err, plan.ErrNotFound) {
			t.Errorf("a container that is not there: %v", err)
		}
	}
	if _, err := blobs.Stat(ctx, logs, "no/such/blob"); !errors.Is(err, plan.ErrNotFound) {
		t.Errorf("a blob that is not there: %v", err)
	}
	// The blob grows: what was listed is another version.
	commit(t, upload, second, text.Bytes(), totals.Blocks)
	if _, err := blobs.Open(ctx, found[1], 0, -1); !errors.Is(err, plan.ErrChanged) {
		t.Errorf("the version before: %v", err)
	}
}

// commit writes a blob in blocks, as Azure does.
func commit(t *testing.T, c *azblob.Client, name string, text []byte, sizes []int64) {
	t.Helper()
	b := c.ServiceClient().NewContainerClient(logs).NewBlockBlobClient(name)
	var ids []string
	for i, n := range sizes {
		id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08d", i))
		if _, err := b.StageBlock(t.Context(), id, streaming.NopCloser(bytes.NewReader(text[:n])), nil); err != nil {
			t.Fatal(err)
		}
		ids, text = append(ids, id), text[n:]
	}
	if _, err := b.CommitBlockList(t.Context(), ids, &blockblob.CommitBlockListOptions{}); err != nil {
		t.Fatal(err)
	}
}

// checkBlob reads a blob whole, in parts and as a flow log.
func checkBlob(t *testing.T, blobs plan.Blobs, at plan.Blob, want []byte, totals flowlogtest.Totals) {
	t.Helper()
	ctx := t.Context()
	if stat, err := blobs.Stat(ctx, at.Container, at.Name); err != nil || !cmp.Equal(stat, at) || at.Size != int64(len(want)) {
		t.Errorf("listed %+v, looked at %+v: %v", at, stat, err)
	}
	if sizes, err := blobs.Blocks(ctx, at); err != nil || !cmp.Equal(totals.Blocks, sizes) {
		t.Errorf("%d blocks, want %d: %v", len(sizes), len(totals.Blocks), err)
	}
	size := int64(len(want))
	for _, part := range [][2]int64{{0, -1}, {0, 12}, {12, 1000}, {size - 2, -1}, {size - 2, 100}, {size, -1}, {size + 100, 5}, {5, 0}} {
		from, to := min(part[0], size), size
		if part[1] >= 0 {
			to = min(part[0]+part[1], size)
		}
		r, err := blobs.Open(ctx, at, part[0], part[1])
		if err != nil {
			t.Errorf("open %v: %v", part, err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want[from:max(from, to)]) {
			t.Errorf("part %v: %d bytes, want %d: %v", part, len(got), max(from, to)-from, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	r, err := blobs.Open(ctx, at, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var tuples uint64
	for b, err := range flowlog.Read(r, flow.Input{Source: &flow.Source{Path: at.Name}, Names: flow.NewNames(), Skipped: new(flow.Skipped)}) {
		if err != nil {
			t.Fatal(err)
		}
		tuples += uint64(len(b))
	}
	if tuples != totals.Tuples {
		t.Errorf("%d tuples, want %d", tuples, totals.Tuples)
	}
}

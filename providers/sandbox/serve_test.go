package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

// served runs a sandbox behind a free port until the test ends, and returns a
// client that trusts it.
func served(t *testing.T, s *Sandbox, dir string) (port int, client *http.Client) {
	t.Helper()
	at, err := s.Listen(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- at.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the end of the server: %v", err)
		}
	})
	pem, err := os.ReadFile(at.Authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return at.Port(), &http.Client{Transport: transport}
}

// signIn is the options of the SDK's clients, and its client secret credential.
func signIn(t *testing.T, s *Sandbox, port int, client *http.Client) (*azidentity.ClientSecretCredential, *arm.ClientOptions) {
	t.Helper()
	url := fmt.Sprintf("https://localhost:%d", port)
	options := policy.ClientOptions{Transport: client, Retry: policy.RetryOptions{MaxRetries: -1}, Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: url + "/",
		Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: url, Audience: url}},
	}}
	cred, err := azidentity.NewClientSecretCredential(s.World.Tenant, s.World.GUID("client"), "secret",
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	return cred, &arm.ClientOptions{ClientOptions: options}
}

// TestSDKOverTLS is the SDK as its users have it, from the secret to the blob.
func TestSDKOverTLS(t *testing.T) {
	dir := t.TempDir()
	s := virtual(t, Options{Dir: dir})
	port, client := served(t, s, dir)
	cred, options := signIn(t, s, port, client)
	ctx, sc := t.Context(), pick(t, s.World)
	network, err := armnetwork.NewClientFactory(s.World.Subscription, cred, options)
	if err != nil {
		t.Fatal(err)
	}
	useNetworkWatcher(t, s, network)

	vms, err := armcompute.NewVirtualMachinesClient(s.World.Subscription, cred, options)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := vms.Get(ctx, sc.vm.Group, sc.vm.Name, nil)
	if err != nil || *vm.ID != string(sc.vm.ID) {
		t.Fatalf("VM %v: %v", vm.ID, err)
	}
	accounts, err := armstorage.NewAccountsClient(s.World.Subscription, cred, options)
	if err != nil {
		t.Fatal(err)
	}
	// The answer to the PUT of an account is its end.
	made, err := accounts.BeginCreate(ctx, sc.account.Group, "madebysdk", armstorage.AccountCreateParameters{Location: &sc.vnet.Location,
		Kind: to.Ptr(armstorage.KindStorageV2), SKU: &armstorage.SKU{Name: to.Ptr(armstorage.SKUNameStandardLRS)}}, nil)
	account := finish(t, s, made, err)
	keys, err := accounts.ListKeys(ctx, sc.account.Group, "madebysdk", nil)
	if err != nil || len(keys.Keys) != 2 {
		t.Fatalf("keys %v: %v", keys.Keys, err)
	}
	blobs, err := azblob.NewClient(*account.Properties.PrimaryEndpoints.Blob, cred, &azblob.ClientOptions{ClientOptions: options.ClientOptions})
	if err != nil {
		t.Fatal(err)
	}
	useBlobs(t, blobs, "over-tls")
	key, err := azblob.NewSharedKeyCredential("madebysdk", *keys.Keys[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := azblob.NewClientWithSharedKeyCredential(*account.Properties.PrimaryEndpoints.Blob, key, &azblob.ClientOptions{ClientOptions: options.ClientOptions})
	if err != nil {
		t.Fatal(err)
	}
	useBlobs(t, signed, "by-key")
}

// TestRecordingIntoAnAccountThatAClientMade: the world's traffic goes into an
// account that a client made.
func TestRecordingIntoAnAccountThatAClientMade(t *testing.T) {
	dir := t.TempDir()
	s := virtual(t, Options{Dir: dir})
	port, client := served(t, s, dir)
	cred, options := signIn(t, s, port, client)
	ctx, sc := t.Context(), pick(t, s.World)
	accounts, err := armstorage.NewAccountsClient(s.World.Subscription, cred, options)
	if err != nil {
		t.Fatal(err)
	}
	made, err := accounts.BeginCreate(ctx, sc.account.Group, "madehere", armstorage.AccountCreateParameters{Location: &sc.vnet.Location,
		Kind: to.Ptr(armstorage.KindStorageV2), SKU: &armstorage.SKU{Name: to.Ptr(armstorage.SKUNameStandardLRS)}}, nil)
	account := finish(t, s, made, err)
	logs, err := armnetwork.NewFlowLogsClient(s.World.Subscription, cred, options)
	if err != nil {
		t.Fatal(err)
	}
	log, err := logs.BeginCreateOrUpdate(ctx, sc.watcher.ResourceGroup(), sc.watcher.Name(), "into", armnetwork.FlowLog{Location: &sc.vnet.Location,
		Properties: &armnetwork.FlowLogPropertiesFormat{TargetResourceID: to.Ptr(string(sc.vnet.ID)), StorageID: account.ID, Enabled: to.Ptr(true)}}, nil)
	finish(t, s, log, err)
	pass(t, s, time.Hour)
	blobs, err := azblob.NewClient(*account.Properties.PrimaryEndpoints.Blob, cred, &azblob.ClientOptions{ClientOptions: options.ClientOptions})
	if err != nil {
		t.Fatal(err)
	}
	if names := flat(t, blobs, flowLogs, ""); len(names) == 0 {
		t.Error("the account holds no blob")
	}
}

func TestHostStyleNamesOverTLS(t *testing.T) {
	dir := t.TempDir()
	s := virtual(t, Options{Dir: dir})
	port, client := served(t, s, dir)
	transport := client.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", port))
	}
	cred, options := signIn(t, s, port, client)
	blobs, err := azblob.NewClient(fmt.Sprintf("https://%s.blob.localhost:%d/", pick(t, s.World).account.Name, port), cred,
		&azblob.ClientOptions{ClientOptions: options.ClientOptions})
	if err != nil {
		t.Fatal(err)
	}
	useBlobs(t, blobs, "host-style")
}

func TestServedFilesAreOnesOwn(t *testing.T) {
	dir := t.TempDir()
	s := virtual(t, Options{Dir: dir})
	port, client := served(t, s, dir)
	if info, err := os.Stat(filepath.Join(dir, "ca-key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info.Mode(), err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		for path, status := range map[string]int{
			"/metadata/endpoints?api-version=2022-09-01": 200, "//metadata/endpoints?api-version=2015-01-01": 200, "/metadata/endpoints": 400,
			"/" + s.World.Tenant + "/v2.0/.well-known/openid-configuration": 200, "/adfs/.well-known/openid-configuration": 200,
			"/common/discovery/instance?api-version=1.1": 200, "/nobody/v2.0/.well-known/openid-configuration": 400,
			"/subscriptions?api-version=2022-12-01": 401,
		} {
			resp, err := client.Get(fmt.Sprintf("https://%s:%d%s", host, port, path))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			if resp.Body.Close(); resp.StatusCode != status {
				t.Errorf("%s: %d, want %d", path, resp.StatusCode, status)
			}
		}
	}
	again := virtual(t, Options{Dir: dir})
	served(t, again, dir)
	if after, err := os.ReadFile(filepath.Join(dir, "ca.pem")); err != nil || string(after) != string(before) {
		t.Errorf("the authority was made anew: %v", err)
	}
}

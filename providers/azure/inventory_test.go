package azure

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// pages answers each address with a file of testdata/inventory, which have
// what Azure is known to leave out in places left out.
type pages struct {
	mu       sync.Mutex
	asked    []string
	failures map[string]int // status by address
}

var pageFiles = map[string]string{
	"Microsoft.Network/virtualNetworks":                               "virtualNetworks",
	"Microsoft.Network/virtualNetworks?2":                             "virtualNetworks-2",
	"Microsoft.Network/networkInterfaces":                             "networkInterfaces",
	"Microsoft.Network/networkSecurityGroups":                         "networkSecurityGroups",
	"Microsoft.Network/networkWatchers":                               "networkWatchers",
	"Microsoft.Storage/storageAccounts":                               "storageAccounts",
	"Microsoft.Compute/virtualMachines":                               "virtualMachines",
	"Microsoft.Compute/virtualMachines?statusOnly":                    "virtualMachines-status",
	"Microsoft.Compute/virtualMachines/no-view/instanceView":          "no-view-instanceView",
	"Microsoft.Compute/virtualMachines/bare/instanceView":             "no-view-instanceView",
	"Microsoft.Compute/virtualMachines/by-id-only/extensions":         "extensions-agent",
	"Microsoft.Compute/virtualMachineScaleSets":                       "virtualMachineScaleSets",
	"Microsoft.Compute/virtualMachineScaleSets/web/virtualMachines":   "web-virtualMachines",
	"Microsoft.Compute/virtualMachineScaleSets/web/networkInterfaces": "web-networkInterfaces",
}

func (p *pages) Do(req *http.Request) (*http.Response, error) {
	_, address, _ := strings.Cut(req.URL.Path, "/providers/")
	if req.URL.Query().Has("statusOnly") {
		address += "?statusOnly"
	}
	if req.URL.Query().Has("$skiptoken") {
		address += "?2"
	}
	p.mu.Lock()
	p.asked = append(p.asked, address)
	p.mu.Unlock()
	w := &answer{status: http.StatusOK, header: http.Header{}}
	file, ok := pageFiles[address]
	switch {
	case p.failures[address] != 0:
		w.refuse(p.failures[address], "AuthorizationFailed", "Not "+address+".")
	case !ok:
		w.refuse(http.StatusNotFound, "ResourceNotFound", "no "+address)
	default:
		b, err := os.ReadFile(filepath.Join("testdata", "inventory", file+".json"))
		if err != nil {
			return nil, err
		}
		w.body = string(b)
	}
	return w.response(req), nil
}

func TestInventory(t *testing.T) {
	src := &pages{}
	p, _ := newTestProvider(t, src)
	inv, err := p.Inventory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(inv, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "inventory.golden.json"), append(got, '\n'))

	// Each list once, and of machines only those that the lists leave open,
	// and a scale set that is deleted while it is read.
	want := slices.Sorted(maps.Keys(pageFiles))
	want = append(want, "Microsoft.Compute/virtualMachineScaleSets/leaving/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets/leaving/networkInterfaces")
	slices.Sort(want)
	slices.Sort(src.asked)
	if diff := cmp.Diff(want, src.asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

func TestInventoryNamesEveryListThatFails(t *testing.T) {
	src := &pages{failures: map[string]int{"Microsoft.Storage/storageAccounts": 403, "Microsoft.Network/networkInterfaces": 403}}
	p, _ := newTestProvider(t, src)
	_, err := p.Inventory(context.Background())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		fmt.Sprintf("read what subscription %s holds", sub),
		"list network interfaces: 403 AuthorizationFailed: Not Microsoft.Network/networkInterfaces.",
		"list storage accounts: 403 AuthorizationFailed",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q in it", err, want)
		}
	}
}

// TestOneCauseIsSaidOnce wants what fails every list alike in one line, with the lists.
func TestOneCauseIsSaidOnce(t *testing.T) {
	expired, busy := errors.New("401 Expired: it is over."), errors.New("503 Busy.")
	err := inParallel(
		func() error { return &notListed{"networks", expired} },
		func() error { return errors.Join(&notListed{"disks", expired}, &notListed{"machines", expired}) },
		func() error { return &notListed{"accounts", busy} },
	)
	if want := "list accounts: 503 Busy.\nlist disks, machines, networks: 401 Expired: it is over."; err.Error() != want || !errors.Is(err, busy) || !errors.Is(err, expired) {
		t.Errorf("%q, want %q", err, want)
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

// signedOut is a credential of somebody who did not sign in.
type signedOut struct{}

func (signedOut) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("nobody is signed in")
}

// Every list fails alike without a token, and that is said once.
func TestInventoryWithoutSigningIn(t *testing.T) {
	p, err := New(Options{Subscription: "s", Credential: signedOut{}, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Inventory(t.Context())
	if err == nil || strings.Count(err.Error(), "nobody is signed in") != 1 {
		t.Errorf("error %v, want one that says once that nobody is signed in", err)
	}
}

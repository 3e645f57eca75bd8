package world

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// TestErrors reads the worlds under testdata/errors. A line to blame ends in
// "# ERROR: summary"; the world must be refused for exactly these.
func TestErrors(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "errors", "*.hcl"))
	if len(files) < 10 {
		t.Fatalf("only %d worlds with errors", len(files))
	}
	mark := regexp.MustCompile(`# ERROR: (.*)$`)
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]string{}
		for i, line := range strings.Split(string(src), "\n") {
			if m := mark.FindStringSubmatch(line); m != nil {
				want[i+1] = m[1]
			}
		}
		_, err = Load(path)
		var diags hcl.Diagnostics
		if !errors.As(err, &diags) {
			t.Errorf("%s: %v is no diagnostic", path, err)
			continue
		}
		for _, d := range diags {
			line := d.Subject.Start.Line
			if want[line] == "" || !strings.Contains(d.Summary, want[line]) {
				t.Errorf("%s:%d: %s: %s", path, line, d.Summary, d.Detail)
			}
			if !strings.HasSuffix(d.Detail, ".") && !strings.HasSuffix(d.Detail, "?") && !strings.Contains(d.Detail, "expected here") {
				t.Errorf("%s:%d: no sentence: %s", path, line, d.Detail)
			}
			delete(want, line)
		}
		for line, summary := range want {
			t.Errorf("%s:%d: nobody says %s", path, line, summary)
		}
	}
}

func TestLoad(t *testing.T) {
	if _, err := Load(filepath.Join("testdata", "absent.hcl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	path := filepath.Join(t.TempDir(), "world.hcl")
	if err := os.WriteFile(path, BuiltinSource(), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Load(path)
	if err != nil || w.Name != "contoso" {
		t.Errorf("a copy of the built-in world gives %v", err)
	}
}

// TestBuiltin checks what the built-in world promises to have.
func TestBuiltin(t *testing.T) {
	if src := BuiltinSource(); !bytes.Equal(hclwrite.Format(src), src) {
		t.Error("builtin.hcl is not formatted")
	}
	w := builtinWorld(t)
	again := builtinWorld(t)
	macs, ips := map[string]bool{}, map[string]bool{}
	for i, n := range w.NICs {
		if len(n.MAC) != 12 || strings.ToUpper(n.MAC) != n.MAC || macs[n.MAC] {
			t.Errorf("%s has the MAC %q", n.Name, n.MAC)
		}
		if again.NICs[i].MAC != n.MAC || again.NICs[i].GUID != n.GUID {
			t.Errorf("%s is another one the second time", n.Name)
		}
		macs[n.MAC], ips[n.Private.String()] = true, true
	}
	if len(w.VNets) != 4 || len(w.Watchers) != 2 || len(w.VMs) < 12 || len(w.ScaleSets[0].Instances) != 3 || len(ips) != len(w.NICs) {
		t.Errorf("%d VNets, %d watchers, %d VMs", len(w.VNets), len(w.Watchers), len(w.VMs))
	}
	for _, v := range w.VNets {
		for _, p := range v.Peerings {
			back := false
			for _, q := range p.Remote.Peerings {
				back = back || q.Remote == v
			}
			if !back {
				t.Errorf("%s is peered with %s one way only", v.Name, p.Remote.Name)
			}
		}
	}
	for _, g := range w.NSGs {
		if len(g.Defaults) != 6 {
			t.Errorf("%s has %d default rules", g.Name, len(g.Defaults))
		}
	}
}

// TestIDs checks that ids follow Azure's forms.
func TestIDs(t *testing.T) {
	w := builtinWorld(t)
	sub := "/subscriptions/" + w.Subscription
	net, compute := sub+"/resourceGroups/rg-net/providers/Microsoft.Network/", sub+"/resourceGroups/rg-shop/providers/Microsoft.Compute/"
	tests := map[string]string{
		string(w.Groups[0].ID):                            sub + "/resourceGroups/rg-net",
		string(w.VNets[0].ID):                             net + "virtualNetworks/vnet-hub",
		string(w.VNets[0].Subnets[0].ID):                  net + "virtualNetworks/vnet-hub/subnets/snet-mgmt",
		string(w.VNets[0].Peerings[0].ID):                 net + "virtualNetworks/vnet-hub/virtualNetworkPeerings/vnet-hub-to-vnet-web",
		string(w.NSGs[0].ID):                              net + "networkSecurityGroups/nsg-mgmt",
		string(w.NSGs[0].Rules[0].ID):                     net + "networkSecurityGroups/nsg-mgmt/securityRules/allow-ssh-office",
		string(w.NSGs[0].Defaults[0].ID):                  net + "networkSecurityGroups/nsg-mgmt/defaultSecurityRules/AllowVnetInBound",
		string(w.NICs[0].ID):                              net + "networkInterfaces/nic-jump",
		string(w.NICs[0].Public.ID):                       net + "publicIPAddresses/pip-vm-jump",
		string(w.Watchers[0].ID):                          sub + "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope",
		string(w.FlowLogs[0].ID):                          string(w.Watchers[0].ID) + "/flowLogs/soc-vnet-web",
		string(w.ScaleSets[0].Instances[1].ID):            compute + "virtualMachineScaleSets/vmss-api/virtualMachines/1",
		string(w.ScaleSets[0].Instances[1].NIC.ID):        compute + "virtualMachineScaleSets/vmss-api/virtualMachines/1/networkInterfaces/nic-vmss-api",
		string(nic(t, w, "nic-web-1").VM.ID):              compute + "virtualMachines/vm-web-1",
		string(w.Accounts[0].ID):                          sub + "/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu",
		w.Accounts[0].BlobURL:                             "https://stcontosonetweu.blob.core.windows.net/",
		w.Accounts[1].Location + w.Accounts[3].SKU:        "northeuropePremium_LRS",
		w.Watchers[1].Name + " " + w.Watchers[1].Location: "NetworkWatcher_northeurope northeurope",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

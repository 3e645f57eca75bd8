package rules

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"flowctl/plan"
)

var printed = []plan.Rule{
	{Name: "it's ${evil}", Priority: 100, Direction: Inbound, Access: "Allow", Protocol: "Tcp", Sources: []string{"10.0.0.4/31", "fd00::1"}, Destinations: []string{"/subscriptions/s/asg"}, Ports: []string{"80", "443"}},
	{Name: "rest", Priority: 4096, Direction: Inbound, Access: "Deny", Protocol: "*", Sources: []string{"*"}, Destinations: []string{"*"}, Ports: []string{"*"}},
}

const printedID = plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web'1")

// TestHCL reads back what is written, whatever names hold.
func TestHCL(t *testing.T) {
	var b strings.Builder
	if err := HCL(&b, printedID, "web", printed); err != nil {
		t.Fatal(err)
	}
	f, diags := hclparse.NewParser().ParseHCL([]byte(b.String()), "rules.tf")
	if diags.HasErrors() {
		t.Fatalf("%v in\n%s", diags, b.String())
	}
	content, _ := f.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "resource", LabelNames: []string{"type", "name"}}}})
	attrs, _ := content.Blocks[0].Body.JustAttributes()
	want := map[string]string{"name": "it's ${evil}", "network_security_group_name": "web'1", "resource_group_name": "rg"}
	for name, text := range want {
		if v, _ := attrs[name].Expr.Value(nil); v.AsString() != text {
			t.Errorf("%s is %q, want %q", name, v.AsString(), text)
		}
	}
	for _, name := range []string{"source_address_prefixes", "destination_application_security_group_ids", "destination_port_ranges"} {
		if attrs[name] == nil {
			t.Errorf("no %s in\n%s", name, b.String())
		}
	}
}

// TestAz lets a shell read the commands: what az would get is what the rule says.
func TestAz(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	var b strings.Builder
	if err := Az(&b, printedID, "web", printed); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(sh, "-c", `az() { for a in "$@"; do printf '%s\n' "$a"; done; }; `+"\n"+b.String()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"\nweb'1\n", "\nit's ${evil}\n", "\n10.0.0.4/31\nfd00::1\n", "\n--destination-asgs\n/subscriptions/s/asg\n", "\n*\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestBicep checks that texts cannot end where they should not, and what has one and
// what several values.
func TestBicep(t *testing.T) {
	var b strings.Builder
	if err := Bicep(&b, printedID, "web", printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`name: 'web\'1'`, `name: 'it\'s \${evil}'`, "sourceAddressPrefixes: [\n      '10.0.0.4/31'", "destinationApplicationSecurityGroups: [\n      { id: '/subscriptions/s/asg' }", "destinationPortRange: '*'", "resource r_it_s_evil_ '"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

package rules

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan"
)

// Forms are those in which rules can be written.
var Forms = map[string]func(io.Writer, plan.ID, string, []plan.Rule) error{"hcl": HCL, "bicep": Bicep, "az": Az}

// unfit are characters that neither names of Terraform nor of Bicep have.
var unfit = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^A-Za-z0-9_]+`) })

// HCL writes rules of a group as resources of Terraform's azurerm.
func HCL(w io.Writer, id plan.ID, name string, list []plan.Rule) error {
	f := hclwrite.NewEmptyFile()
	for _, r := range list {
		b := f.Body().AppendNewBlock("resource", []string{"azurerm_network_security_rule", unfit().ReplaceAllString(name+"_"+r.Name, "_")}).Body()
		set := func(name, value string) { b.SetAttributeValue(name, cty.StringVal(value)) }
		set("name", r.Name)
		set("resource_group_name", id.ResourceGroup())
		set("network_security_group_name", called(id, name))
		b.SetAttributeValue("priority", cty.NumberIntVal(int64(r.Priority)))
		set("direction", r.Direction)
		set("access", r.Access)
		set("protocol", r.Protocol)
		set("source_port_range", "*")
		hclList(b, "destination_port_range", r.Ports)
		hclSide(b, "source", r.Sources)
		hclSide(b, "destination", r.Destinations)
		f.Body().AppendNewline()
	}
	_, err := w.Write(f.Bytes())
	return err
}

func hclSide(b *hclwrite.Body, side string, list []string) {
	if group(list) {
		b.SetAttributeValue(side+"_application_security_group_ids", texts(list))
		return
	}
	name := side + "_address_prefix"
	if len(list) != 1 {
		name = side + "_address_prefixe"
	}
	hclList(b, name, list)
}

// hclList writes one value, or several in the attribute of several.
func hclList(b *hclwrite.Body, name string, list []string) {
	if len(list) == 1 {
		b.SetAttributeValue(name, cty.StringVal(list[0]))
		return
	}
	b.SetAttributeValue(name+"s", texts(list))
}

func texts(list []string) cty.Value {
	var all []cty.Value
	for _, s := range list {
		all = append(all, cty.StringVal(s))
	}
	return cty.ListVal(all)
}

// group reports whether a side is an application security group.
func group(list []string) bool { return len(list) > 0 && strings.HasPrefix(list[0], "/") }

func called(id plan.ID, name string) string {
	if id != "" {
		return id.Name()
	}
	return name
}

// Bicep writes rules of a group as its child resources.
func Bicep(w io.Writer, id plan.ID, name string, list []plan.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {\n  name: %s\n}\n", bicep(called(id, name)))
	for _, r := range list {
		fmt.Fprintf(&b, "\nresource %s 'Microsoft.Network/networkSecurityGroups/securityRules@2024-05-01' = {\n  parent: nsg\n  name: %s\n  properties: {\n",
			unfit().ReplaceAllString("r_"+r.Name, "_"), bicep(r.Name))
		fmt.Fprintf(&b, "    priority: %d\n    direction: %s\n    access: %s\n    protocol: %s\n    sourcePortRange: '*'\n", r.Priority, bicep(r.Direction), bicep(r.Access), bicep(r.Protocol))
		bicepList(&b, "destinationPortRange", "destinationPortRanges", r.Ports)
		bicepSide(&b, "source", r.Sources)
		bicepSide(&b, "destination", r.Destinations)
		b.WriteString("  }\n}\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func bicepSide(b *strings.Builder, side string, list []string) {
	if group(list) {
		fmt.Fprintf(b, "    %sApplicationSecurityGroups: [\n", side)
		for _, s := range list {
			fmt.Fprintf(b, "      { id: %s }\n", bicep(s))
		}
		b.WriteString("    ]\n")
		return
	}
	bicepList(b, side+"AddressPrefix", side+"AddressPrefixes", list)
}

func bicepList(b *strings.Builder, one, several string, list []string) {
	if len(list) == 1 {
		fmt.Fprintf(b, "    %s: %s\n", one, bicep(list[0]))
		return
	}
	fmt.Fprintf(b, "    %s: [\n", several)
	for _, s := range list {
		fmt.Fprintf(b, "      %s\n", bicep(s))
	}
	b.WriteString("    ]\n")
}

// bicep is a text in Bicep.
func bicep(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, `${`, `\${`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// Az writes rules of a group as commands of az for a POSIX shell.
func Az(w io.Writer, id plan.ID, name string, list []plan.Rule) error {
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "az network nsg rule create")
		if id != "" {
			fmt.Fprintf(&b, " --subscription %s --resource-group %s", shell(id.Subscription()), shell(id.ResourceGroup()))
		}
		fmt.Fprintf(&b, " --nsg-name %s --name %s \\\n  --priority %d --direction %s --access %s --protocol %s \\\n  --source-port-ranges '*' --destination-port-ranges %s \\\n  %s %s\n",
			shell(called(id, name)), shell(r.Name), r.Priority, shell(r.Direction), shell(r.Access), shell(r.Protocol), shell(r.Ports...), azSide("source", r.Sources), azSide("destination", r.Destinations))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func azSide(side string, list []string) string {
	if group(list) {
		return "--" + side + "-asgs " + shell(list...)
	}
	return "--" + side + "-address-prefixes " + shell(list...)
}

// shell is words that a POSIX shell takes as they are.
func shell(words ...string) string {
	var out []string
	for _, s := range words {
		if s == "" || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:") != "" {
			s = "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/syntax"
)

var watchSchema = schema{
	attrs: []string{"provider", "for_each", "id", "name", "resource_group", "vnet", "tags", "query"},
	blocks: map[string]rule{
		"flow_log":       {},
		"packet_capture": {},
		"guest_capture":  {later: "Use packet_capture, which records the same packets through the Network Watcher agent."},
	},
}

// kinds are what can be watched, with the resource type of each.
var kinds = []string{VNet, Subnet, NIC, NSG, VM, VMSS}

var types = map[string]string{
	VNet:   "Microsoft.Network/virtualNetworks",
	Subnet: "Microsoft.Network/virtualNetworks/subnets",
	NIC:    "Microsoft.Network/networkInterfaces",
	NSG:    "Microsoft.Network/networkSecurityGroups",
	VM:     "Microsoft.Compute/virtualMachines",
	VMSS:   "Microsoft.Compute/virtualMachineScaleSets",
}

// kindNames are names that other tools have for kinds.
var kindNames = map[string]string{
	"virtualnetwork": VNet, "network": VNet, "net": VNet, "vpc": VNet, "sub": Subnet, "networkinterface": NIC, "interface": NIC, "eni": NIC,
	"networksecuritygroup": NSG, "securitygroup": NSG, "firewall": NSG, "virtualmachine": VM, "server": VM, "host": VM, "machine": VM, "instance": VM, "node": VM, "compute": VM,
	"scaleset": VMSS, "virtualmachinescaleset": VMSS, "vmscaleset": VMSS, "aks": VMSS, "nodepool": VMSS,
}

// kindHint says which kind was meant.
func kindHint(kind string) string {
	if k := kindNames[strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(kind))]; k != "" {
		return fmt.Sprintf("Did you mean %q?", k)
	}
	return syntax.Hint(kind, kinds)
}

// ResourceType is the Azure type of a kind of watch.
func ResourceType(kind string) string { return types[kind] }

// machine reports whether a kind can be captured.
func machine(kind string) bool { return kind == VM || kind == VMSS }

// watches adds the watch of one block, or one for each key of its for_each.
func (l *loader) watches(inv *Investigation, b block) {
	kind, name := b.Labels[0], b.Labels[1]
	watchSchema.check(b.Body, title(b.Block), &l.problems)
	if !slices.Contains(kinds, kind) {
		l.add("Unknown kind", b.LabelRanges[0], "%q cannot be watched. %s", kind, kindHint(kind))
		return
	}
	l.scope.word(name, "watch", b.LabelRanges[1])
	for _, prior := range inv.Watches {
		if prior.Kind == kind && prior.Name == name {
			l.duplicate(b.LabelRanges[1], "watch", kind+"."+name, prior.Range)
			return
		}
	}
	if b.Body.Attributes["for_each"] == nil {
		inv.Watches = append(inv.Watches, l.watch(inv, b))
		return
	}
	l.forEach(inv, b)
}

// forEach reads a watch once per key. Where the keys are not known, which has
// been noted, the rest of the watch is still checked.
func (l *loader) forEach(inv *Investigation, b block) {
	elems, ok := b.keys()
	if !ok {
		elems = map[string]cty.Value{"": cty.DynamicVal}
	}
	for _, key := range slices.Sorted(maps.Keys(elems)) {
		before := len(l.list)
		each := b
		keyVal := cty.StringVal(key)
		if !ok {
			keyVal = cty.UnknownVal(cty.String)
		}
		each.scope = b.scope.child(map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": keyVal, "value": elems[key]})})
		each.scope.each = true
		w := l.watch(inv, each)
		w.Key, w.Each = key, true
		inv.Watches = append(inv.Watches, w)
		if len(l.list) > before {
			return // the next key would say the same again
		}
	}
}

// keys returns the elements of for_each by key.
func (b block) keys() (map[string]cty.Value, bool) {
	at := b.at("for_each")
	v := b.scope.value(b.Body.Attributes["for_each"].Expr)
	switch {
	case isSensitive(v):
		b.scope.add("Sensitive value", at, "The keys of for_each become part of names, so they cannot be made from a sensitive value. If they may be shown, write nonsensitive(…).")
		return nil, false
	case !v.IsWhollyKnown():
		return nil, false
	case v.IsNull():
		b.scope.add("Invalid for_each", at, "for_each is null. Give it a map or a set of texts; an empty one makes no watch.")
		return nil, false
	}
	switch t := v.Type(); {
	case t.IsObjectType() || t.IsMapType():
		return v.AsValueMap(), true
	case t.IsSetType() && t.ElementType() == cty.String:
		return b.setKeys(v)
	case t.IsSetType() && v.LengthInt() == 0:
		return nil, true
	}
	b.scope.add("Invalid for_each", at, "for_each needs a map or a set of texts, and this is %s. A list of texts becomes a set with toset(…).", kindOf(v))
	return nil, false
}

func (b block) setKeys(v cty.Value) (map[string]cty.Value, bool) {
	elems := map[string]cty.Value{}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() {
			b.scope.add("Invalid for_each", b.at("for_each"), "One of the keys of for_each is null. Take it out, for instance with compact(…).")
			return nil, false
		}
		elems[e.AsString()] = e
	}
	return elems, true
}

// watch reads one watch.
func (l *loader) watch(inv *Investigation, b block) Watch {
	w := Watch{Kind: b.Labels[0], Name: b.Labels[1], Range: header(b.Block), ProviderRange: b.at("provider")}
	if !l.broken || b.has("provider") && len(l.cfg.Providers) > 0 {
		w.Provider, _ = choose(b, l.cfg.Providers)
	}
	w.Select, w.SelectRange = b.selector(w.Kind)
	l.sameSubscription(w)
	for _, c := range b.Body.Blocks {
		switch inner := b.inner(c); {
		case c.Type == "flow_log":
			w.FlowLog = inner.flowLog()
		case c.Type == "packet_capture" && machine(w.Kind):
			w.Capture = inner.capture(w.Kind, inv.Window)
		case c.Type == "packet_capture":
			l.add("Wrong mechanism", c.TypeRange, "Packets are captured on machines (vm, vmss), not on %s %s. Watch the machines, or use flow_log here.", map[bool]string{true: "an", false: "a"}[w.Kind == NSG], w.Kind)
		}
	}
	if !hasMechanism(b.Block) {
		l.implied(inv, b, &w)
	}
	return w
}

func hasMechanism(hb *hclsyntax.Block) bool { return len(hb.Body.Blocks) > 0 }

// implied sets the mechanism that a watch has if it says nothing.
func (l *loader) implied(inv *Investigation, b block, w *Watch) {
	if !machine(w.Kind) {
		w.FlowLog = &FlowLog{Range: w.Range, RetentionRange: w.Range, RecordTypesRange: w.Range, FilterRange: w.Range}
		return
	}
	w.Capture = &Capture{Spec: defaultCapture(inv.Window), Range: w.Range, DurationRange: w.Range, SizeRange: w.Range, PathRange: w.Range}
	b.coversWindow(w.Capture.Range, inv.Window)
}

// sameSubscription checks ids against the subscription of the watch's provider.
func (l *loader) sameSubscription(w Watch) {
	var p Provider
	for _, c := range l.cfg.Providers {
		if c.Alias == w.Provider {
			p = c
		}
	}
	for _, id := range w.Select.IDs {
		if p.SubscriptionID != "" && !strings.EqualFold(id.Subscription(), p.SubscriptionID) {
			l.add("Wrong subscription", w.SelectRange, "%q is not in the subscription of provider %q. Choose the provider for it with provider = ….", id, w.Provider)
			return
		}
	}
}

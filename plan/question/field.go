// Package question is the language of questions over flows: what a flow has,
// by which conditions flows are selected, and by what they are grouped. A
// question is checked here once, whether it comes from a file, from flags or
// from a results folder; what answers it gets a tree that cannot be wrong.
package question

import (
	"slices"
	"strings"

	"flowctl/plan/syntax"
)

// Type is the type of a field, or of a part of a condition.
type Type uint8

// The types. Fields are text, numbers or addresses.
const (
	Open Type = iota // not known before variables have values
	Truth
	Text
	Number
	Address
	List
)

func (t Type) String() string {
	return []string{"not known yet", "a condition", "text", "a number", "an IP address", "a list"}[t]
}

// Field is something of a flow that a question can name, in a condition or as
// a dimension.
type Field struct {
	Name   string
	Type   Type
	Values []string // all values a Text field can have; nil if open
	Doc    string
	Needs  string // what knows it, if not every source does
}

// Unknown is the value of an enumerated field that stands for not known.
const Unknown = "unknown"

// The values of enumerated fields. The empty text is the lack of a value.
var (
	directions  = []string{Unknown, "inbound", "outbound"}
	verdicts    = []string{"allowed", "denied", Unknown}
	scopes      = []string{"internet", "vnet", "peered", "private", "platform", Unknown}
	encryptions = []string{
		Unknown, "X", "NX", "NX_HW_NOT_SUPPORTED", "NX_SW_NOT_READY", "NX_NOT_ACCEPTED",
		"NX_NOT_SUPPORTED", "NX_LOCAL_DST", "NX_FALLBACK", "other",
	}
	tunnels = []string{
		"", "IP-in-IP", "GRE", "ERSPAN", "VXLAN", "Geneve", "GTP", "Teredo", "L2TP", "ESP", "AH", "MPLS", "PPPoE",
	}
)

// What knows the fields that not every source does.
const (
	needsRules     = "a VNet or NSG flow log of the same time"
	needsState     = "a VNet flow log of the same time"
	needsInventory = "the inventory of the network, which a results folder of apply or collect has"
	needsDirection = "a flow log, or the inventory of the machine that was captured"
)

// Fields returns the fields of a flow, in the order in which help shows them.
// Source is the side that opened the flow.
func Fields() []Field {
	fs := []Field{
		{"direction", Text, directions, "relative to the network interface that saw it", needsDirection},
		{"verdict", Text, verdicts, "what the rules did with it", needsRules},
		{"protocol", Text, nil, "TCP, UDP, ICMP … or the IANA number", ""},
		{"port", Number, nil, "the destination's port", ""},
		{"service", Text, nil, "guessed from protocol and port", ""},
		{"scope", Text, scopes, "of the far side, seen from the interface that saw it", needsInventory},
		{"rule", Text, nil, "rule that decided, as the flow log names it", needsRules},
		{"acl", Text, nil, "NSG or admin rule collection that decided, by name where known", needsRules},
		{"encryption", Text, encryptions, "VNet encryption state", needsState},
		{"tunnel", Text, tunnels, "what it carries", ""},
		{"nic", Text, nil, "interface that saw it, by name where known, else its MAC", needsInventory},
		{"vm", Text, nil, "machine whose interface saw it", needsInventory},
		{"peer", Address, nil, "address of the far side", ""},
	}
	for _, side := range []string{"source", "destination"} {
		fs = append(fs,
			Field{side + ".address", Address, nil, "IP address", ""},
			Field{side + ".vm", Text, nil, "virtual machine or scale set instance", needsInventory},
			Field{side + ".nic", Text, nil, "network interface", needsInventory},
			Field{side + ".subnet", Text, nil, "vnet/subnet", needsInventory},
			Field{side + ".vnet", Text, nil, "virtual network", needsInventory},
			Field{side + ".region", Text, nil, "Azure region, of known machines", needsInventory},
			Field{side + ".scope", Text, scopes, "seen from the interface that saw it", needsInventory},
		)
	}
	return append(fs,
		Field{"destination.port", Number, nil, "the service's port", ""},
		Field{"destination.service", Text, nil, "guessed from protocol and port", ""},
	)
}

// Lookup returns the field with a name.
func Lookup(name string) (Field, bool) {
	fields := Fields()
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// Names returns the names of all fields.
func Names() []string {
	var all []string
	for _, f := range Fields() {
		all = append(all, f.Name)
	}
	return all
}

// noField says that flows have no field of this name, and which is meant.
func noField(name string) string {
	root, _, _ := strings.Cut(name, ".")
	near := slices.DeleteFunc(Names(), func(n string) bool { return !strings.HasPrefix(n, root+".") })
	if len(near) == 0 {
		near = Names()
	}
	return "Flows have no field " + quote(name) + ". " + syntax.Hint(name, near)
}

// isField reports whether a name is that of a field, or of a side that has some.
func isField(root string) bool {
	return slices.ContainsFunc(Names(), func(n string) bool {
		side, _, _ := strings.Cut(n, ".")
		return side == root
	})
}

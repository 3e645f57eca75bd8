package flow

// FieldType is the type of a field in conditions.
type FieldType uint8

// The field types.
const (
	Text FieldType = iota
	Number
)

// Field is something of a flow that a summary can ask for, in a condition or
// as a dimension.
type Field struct {
	Name   string
	Type   FieldType
	Values []string // all values a Text field can have; nil if open
	Doc    string
}

var scopes = []string{"internet", "vnet", "peered", "private", "platform", "unknown"}

// Fields returns the fields of a flow, in the order in which help shows them.
// Source is the side that opened the flow.
func Fields() []Field {
	fs := []Field{
		{"direction", Text, directions, "relative to the network interface that saw it"},
		{"verdict", Text, []string{"allowed", "denied", "unknown"}, "what the rules did with it"},
		{"protocol", Text, nil, "TCP, UDP, ICMP … or the IANA number"},
		{"port", Number, nil, "the destination's port"},
		{"service", Text, nil, "guessed from protocol and port"},
		{"scope", Text, scopes, "of the far side, seen from the interface that saw it"},
		{"rule", Text, nil, "rule that decided, as the flow log names it"},
		{"acl", Text, nil, "NSG or admin rule collection that decided, by name where known"},
		{"encryption", Text, encryptions, "VNet encryption state"},
		{"tunnel", Text, tunnels, "what it carries"},
		{"nic", Text, nil, "interface that saw it, by name where known, else its MAC"},
		{"vm", Text, nil, "machine whose interface saw it"},
		{"peer", Text, nil, "address of the far side"},
	}
	for _, side := range []string{"source", "destination"} {
		fs = append(fs,
			Field{side + ".address", Text, nil, "IP address"},
			Field{side + ".vm", Text, nil, "virtual machine or scale set instance"},
			Field{side + ".nic", Text, nil, "network interface"},
			Field{side + ".subnet", Text, nil, "vnet/subnet"},
			Field{side + ".vnet", Text, nil, "virtual network"},
			Field{side + ".region", Text, nil, "Azure region, of known machines"},
			Field{side + ".scope", Text, scopes, "seen from the interface that saw it"},
		)
	}
	return append(fs,
		Field{"destination.port", Number, nil, "the service's port"},
		Field{"destination.service", Text, nil, "guessed from protocol and port"},
	)
}

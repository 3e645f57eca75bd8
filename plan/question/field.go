// Package question is the language of questions over flows: what a flow has,
// by which conditions flows are selected, and by what they are grouped. A
// question is checked here once, whether it comes from a file, from flags or
// from a results folder; what answers it gets a tree that cannot be wrong.
package question

import (
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/price"
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
	Moment // of time
)

func (t Type) String() string {
	return []string{"not known yet", "a condition", "text", "a number", "an IP address", "a list", "a time"}[t]
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

// most is the largest that a Number field can be.
func (f Field) most() float64 {
	if strings.HasSuffix(f.Name, "port") {
		return 65535
	}
	return 0 // no bound
}

// meant are words of other tools for the values of fields.
var meant = map[string]string{
	"allow": "allowed", "accept": "allowed", "accepted": "allowed", "permit": "allowed", "pass": "allowed", "a": "allowed",
	"deny": "denied", "drop": "denied", "dropped": "denied", "block": "denied", "blocked": "denied", "reject": "denied", "rejected": "denied", "d": "denied",
	"in": "inbound", "ingress": "inbound", "i": "inbound", "out": "outbound", "egress": "outbound", "o": "outbound",
	"public": "internet", "external": "internet", "virtualnetwork": "vnet", "azure": "platform",
	"tls1.0": "1.0", "tlsv1": "1.0", "tls1.1": "1.1", "tlsv1.1": "1.1", "tls1.2": "1.2", "tlsv1.2": "1.2", "tls 1.2": "1.2", "tls1.3": "1.3", "tlsv1.3": "1.3", "tls 1.3": "1.3", "sslv3": "SSL 3.0", "ssl3": "SSL 3.0",
	"encrypted": "X", "yes": "X", "unencrypted": "NX", "plaintext": "NX", "plain": "NX", "none": "NX", "off": "NX", "no": "NX",
}

// PriceClass is the field that is of one direction of a flow, so that no condition
// of flows can ask for it.
const PriceClass = "price_class"

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
	tlsVersions = []string{"", "SSL 3.0", "1.0", "1.1", "1.2", "1.3", Unknown}
	tunnels     = []string{
		"", "IP-in-IP", "GRE", "ERSPAN", "VXLAN", "Geneve", "GTP", "Teredo", "L2TP", "ESP", "AH", "MPLS", "PPPoE",
	}
)

// What knows the fields that not every source does.
const (
	needsRules     = "a VNet or NSG flow log of the same time"
	needsState     = "a VNet flow log of the same time"
	needsNames     = "an inventory (a results folder has one), a dictionary in the file, or --names"
	needsInventory = "the inventory of the network, which a results folder of apply or collect has"
	needsTags      = "a list of Azure's service tags, such as the weekly file (--service-tags FILE)"
	needsRegion    = "the inventory of the network, which a results folder of apply or collect has; of public addresses a list of service tags (--service-tags FILE)"
	needsPrice     = "the inventory of the network, which a results folder of apply or collect has, and a list of service tags (--service-tags FILE)"
	needsData      = "a capture of the packets with their data: of the flow's begin, and not of headers alone (bytes_per_packet = 0)"
	needsDirection = "a flow log, or the inventory of the machine that was captured"
)

// Fields returns the fields of a flow, in the order in which help shows them.
// Source is the side that opened the flow. Local is the end at which it was
// seen, so that a flow that was seen at both ends is in the rows of both.
func Fields() []Field { return slices.Clone(allFields()) }

// allFields is what Fields returns, made once. Nobody changes it.
var allFields = sync.OnceValue(func() []Field {
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
	for _, side := range []string{"source", "destination", "local", "remote"} {
		needs := ""
		if side == "local" || side == "remote" {
			needs = needsDirection
		}
		fs = append(fs,
			Field{side + ".address", Address, nil, "IP address", needs},
			Field{side + ".name", Text, nil, "the machine's name by the inventory, else what a dictionary or --names calls its address", needsNames},
			Field{side + ".vm", Text, nil, "virtual machine or scale set instance", needsInventory},
			Field{side + ".nic", Text, nil, "network interface", needsInventory},
			Field{side + ".subnet", Text, nil, "vnet/subnet", needsInventory},
			Field{side + ".vnet", Text, nil, "virtual network", needsInventory},
			Field{side + ".region", Text, nil, "Azure region, of known machines and, with a list of service tags, of public addresses", needsRegion},
			Field{side + ".service_tag", Text, nil, "Azure's service tag of the public address, such as Storage.WestEurope; internet if it is not Azure's", needsTags},
			Field{side + ".azure_service", Text, nil, "the service tag without its region, such as Storage; none of the internet", needsTags},
			Field{side + ".scope", Text, scopes, "seen from the interface that saw it", needsInventory},
		)
	}
	return append(fs,
		Field{"source.port", Number, nil, "the client's port", "sources that keep the ports of clients"},
		Field{"destination.port", Number, nil, "the service's port", ""},
		Field{"destination.service", Text, nil, "guessed from protocol and port", ""},
		Field{"local.port", Number, nil, "port of the service at the end that saw it; none where that end opened the flow", needsDirection},
		Field{"remote.port", Number, nil, "port of the service at the far side; none where that side opened the flow", needsDirection},
		Field{"tls.server_name", Text, nil, "name that a TLS client asked this flow for", needsData},
		Field{"tls.version", Text, tlsVersions, "version of TLS that was agreed on", needsData},
		Field{"tls.alpn", Text, nil, "protocols that a TLS client offered (ALPN), or the one that was agreed on where that is not encrypted", needsData},
		Field{"http.host", Text, nil, "host of an HTTP request that is not encrypted", needsData},
		Field{"dns.asked", Text, nil, "names that a flow of DNS asked for", needsData},
		Field{"dns.answered", Text, nil, "what DNS answered: addresses and aliases, NODATA, or a code such as NXDOMAIN", needsData},
		Field{PriceClass, Text, price.Classes(), "Azure's price class of the bytes of one direction: a flow is in the row of either; dimension only", needsPrice},
		Field{"time", Moment, nil, "when it was counted, to the second; rows are by time(5m), hour or day", needsTime},
	)
})

// Sided reports whether a field depends on the end at which a flow was seen.
func (f Field) Sided() bool {
	return strings.HasPrefix(f.Name, "local.") || strings.HasPrefix(f.Name, "remote.")
}

// Lookup returns the field with a name.
func Lookup(name string) (Field, bool) {
	if _, ok := Step(name); ok {
		return Field{name, Moment, nil, "steps of time", needsTime}, true
	}
	if side, tag, ok := Tag(name); ok {
		f := Field{name, Text, nil, "the tag " + tag + " of the machine at the " + side, needsInventory}
		return f, true
	}
	fields := allFields()
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// Sides are the sides of flows that fields are about.
func Sides() []string { return []string{"source", "destination", "local", "remote"} }

// Tag splits the name of a field that is a resource tag, such as local.tag.cost-center.
func Tag(name string) (side, tag string, ok bool) {
	side, rest, _ := strings.Cut(name, ".")
	tag, ok = strings.CutPrefix(rest, "tag.")
	return side, tag, ok && tag != "" && slices.Contains(Sides(), side)
}

// Names returns the names of all fields.
func Names() []string {
	var all []string
	for _, f := range allFields() {
		all = append(all, f.Name)
	}
	return all
}

// aliases are the names that other tools have for fields, in lower case and
// with dots for what else stands between words.
var aliases = map[string]string{
	"src": "source.address", "src.ip": "source.address", "src.addr": "source.address", "srcip": "source.address", "srcaddr": "source.address",
	"ip.src": "source.address", "source.ip": "source.address", "sourceip": "source.address", "client": "source.address", "source.addr": "source.address",
	"dst": "destination.address", "dst.ip": "destination.address", "dst.addr": "destination.address", "dstip": "destination.address", "dstaddr": "destination.address",
	"ip.dst": "destination.address", "dest": "destination.address", "dest.ip": "destination.address", "destip": "destination.address", "destination.ip": "destination.address",
	"server": "destination.address", "destination.addr": "destination.address", "ip": "peer", "ip.addr": "peer", "address": "peer", "addr": "peer", "remote": "remote.address", "remote.ip": "remote.address", "local.ip": "local.address",
	"dst.port": "port", "dstport": "port", "dport": "port", "dest.port": "port", "destport": "port", "tcp.port": "port", "udp.port": "port", "tcp.dstport": "port", "udp.dstport": "port",
	"proto": "protocol", "ip.proto": "protocol", "l4.protocol": "protocol", "app": "service", "application": "service",
	"action": "verdict", "decision": "verdict", "flow.status": "verdict", "status": "verdict", "denied": "verdict", "allowed": "verdict",
	"dir": "direction", "flow.direction": "direction", "nsg": "acl", "nsg.name": "acl", "acl.name": "acl", "nsg.rule": "rule", "rule.name": "rule", "acl.rule": "rule",
	"host": "vm", "machine": "vm", "instance": "vm", "vm.name": "vm", "interface": "nic", "mac": "nic", "macaddress": "nic", "encrypted": "encryption", "flow.encryption": "encryption",
	"src.vm": "source.vm", "dst.vm": "destination.vm", "src.host": "source.vm", "dst.host": "destination.vm", "src.subnet": "source.subnet", "dst.subnet": "destination.subnet",
	"src.vnet": "source.vnet", "dst.vnet": "destination.vnet", "src.region": "source.region", "dst.region": "destination.region", "src.nic": "source.nic", "dst.nic": "destination.nic",
	"src.port": "source.port", "srcport": "source.port", "sport": "source.port", "tcp.srcport": "source.port", "udp.srcport": "source.port", "client.port": "source.port",
	"timestamp": "time", "date": "time", "datetime": "time", "frame.time": "time", "start.time": "time", "timegenerated": "time",
	"tag": "local.tag.NAME or source.tag.NAME", "tags": "local.tag.NAME or source.tag.NAME", "service.tag": "source.service_tag or destination.service_tag", "azure.service": "source.azure_service or destination.azure_service",
	"sni": "tls.server_name", "server.name": "tls.server_name", "tls.sni": "tls.server_name", "tls.servername": "tls.server_name", "tls.handshake.extensions.server.name": "tls.server_name", "alpn": "tls.alpn", "tls": "tls.server_name or tls.version",
	"dns": "dns.asked or dns.answered", "dns.qry.name": "dns.asked", "dns.query": "dns.asked", "dns.name": "dns.asked", "dns.question": "dns.asked", "dns.answer": "dns.answered", "dns.rcode": "dns.answered", "dns.response": "dns.answered", "query": "dns.asked", "fqdn": "dns.asked",
	"vnet": "source.vnet or destination.vnet", "subnet": "source.subnet or destination.subnet", "region": "source.region or destination.region",
}

// measures are what a question counts for each row, whatever it asks.
var measures = []string{"bytes", "packets", "flows", "sent", "received", "records", "share", "octets", "size", "length", "count", "duration", "rate", "retransmitted", "resets", "handshake.ms", "zero.windows", "left", "arrived", "cost"}

// noField says that flows have no field of this name, and which is meant.
func noField(name string) string {
	given := strings.NewReplacer("_", ".", "-", ".").Replace(strings.ToLower(name))
	no := "Flows have no field " + quote(name) + ". "
	switch {
	case name == PriceClass:
		return "No condition of flows can ask for price_class: it is of the bytes of one direction, and a flow has two. Name it in by, and each class is a row."
	case aliases[given] != "":
		return no + "Write " + aliases[given] + "."
	case slices.Contains(measures, given):
		return no + "It is measured: each row of an answer has it. Rows are selected by having, as in having = bytes > 1000000; where selects flows by what they are."
	case strings.HasSuffix(given, ".tag") && slices.Contains(Sides(), strings.TrimSuffix(given, ".tag")):
		side := strings.TrimSuffix(given, ".tag")
		return no + "A resource tag is written with its name, as in " + side + ".tag.cost-center; Azure's own tag of a public address is " + side + ".service_tag."
	case strings.HasPrefix(given, "time("):
		return noStep(name)
	case tagSpelled(name) != "":
		return no + "Write " + tagSpelled(name) + "."
	}
	if f := spelled(given); f != "" {
		return no + "Write " + f + "."
	}
	if strings.ContainsAny(name, ", ") {
		return no + "Write each field in quotes of its own, as in [\"source.address\", \"port\"]."
	}
	root, _, _ := strings.Cut(name, ".")
	near := slices.DeleteFunc(Names(), func(n string) bool { return !strings.HasPrefix(n, root+".") })
	if len(near) > 0 {
		return no + syntax.Hint(name, near)
	}
	if f := syntax.Nearest(name, Names()); f != "" {
		return no + "Did you mean " + quote(f) + "?"
	}
	return no + "Known here: " + short() + "."
}

// tagSpelled is how a resource tag is written that was named in another way; empty if none was.
func tagSpelled(name string) string {
	side, rest, _ := strings.Cut(name, ".")
	switch {
	case (side == "tag" || side == "tags") && rest != "":
		return "local.tag." + rest + " or source.tag." + rest
	case strings.HasPrefix(rest, "tags.") && slices.Contains(Sides(), side):
		return side + ".tag." + strings.TrimPrefix(rest, "tags.")
	}
	return ""
}

// sides are names that other tools have for sides, and those of fields.
var (
	sideNames = map[string]string{"src": "source", "client": "source", "from": "source", "dst": "destination", "dest": "destination", "server": "destination", "to": "destination", "far": "remote", "peer": "remote", "near": "local"}
	partNames = map[string]string{"ip": "address", "addr": "address", "host": "vm", "machine": "vm", "interface": "nic", "network": "vnet", "location": "region", "service.tag": "service_tag", "azure.service": "azure_service"}
)

// spelled is the field that a name of a side and a part stands for; empty if none.
func spelled(given string) string {
	side, part, ok := strings.Cut(given, ".")
	if !ok {
		return ""
	}
	if s := sideNames[side]; s != "" {
		side = s
	}
	if p := partNames[part]; p != "" {
		part = p
	}
	if _, ok := Lookup(side + "." + part); ok {
		return side + "." + part
	}
	return ""
}

// short lists all fields, those of sides once.
func short() string {
	var plain, parts []string
	for _, n := range Names() {
		side, part, ok := strings.Cut(n, ".")
		switch {
		case !ok:
			plain = append(plain, n)
		case side == "source":
			parts = append(parts, part)
		case !slices.Contains(Sides(), side):
			plain = append(plain, n)
		}
	}
	return strings.Join(plain, ", ") + "; and " + strings.Join(parts, ", ") + " of source, destination, local and remote, as in source.address"
}

// IsField reports whether a name is that of a field, or of a side that has
// some. Files have values of their own below local, so there it is a field's
// name as a whole.
func IsField(t hcl.Traversal) bool {
	if t.RootName() == "local" {
		_, ok := Lookup(nameOf(t))
		return ok
	}
	return slices.ContainsFunc(append(Names(), "hour", "day"), func(n string) bool {
		side, _, _ := strings.Cut(n, ".")
		return side == t.RootName()
	})
}

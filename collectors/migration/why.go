package migration

import (
	"fmt"
	"strings"

	"flowctl/collectors/flow"
)

// The sides of a difference.
const (
	onlyNSG     = "nsg"
	onlyNetwork = "network"
	inBoth      = "both"
)

// cause is why a flow differs; the empty one is that it does not.
type cause struct {
	text string
	open bool
}

// why says on which side a flow is, and why it differs there. Either may be nil. Began is
// when the network's log first wrote of the interface.
func (c *Comparison) why(a, b *seen, began int64) (string, cause) {
	switch {
	case b == nil:
		return onlyNSG, missing(a, began)
	case a == nil:
		return onlyNetwork, c.decided(b)
	case a.begins == b.begins && a.denials == b.denials && a.packets == b.packets && a.bytes == b.bytes:
		return inBoth, cause{}
	case a.first < began:
		return inBoth, cause{text: "the flow was there before the flow log of its network wrote of the interface, which counts it from then on"}
	case !a.counted && b.counted:
		return inBoth, cause{text: "NSG flow logs count no packets and bytes of inbound flows by a rule that is not a default one, unless flowTimeoutInMinutes is set"}
	}
	if why := c.decided(b); !why.open {
		return inBoth, cause{text: "its records have several groups: of the last, " + why.text}
	}
	return inBoth, cause{"the counts differ, and nothing in the records says why", true}
}

// missing is why the network's log has nothing of a flow.
func missing(a *seen, began int64) cause {
	switch {
	case began == flow.NoTime:
		return cause{text: "no flow log of its network wrote of the interface"}
	case a.first < began:
		return cause{text: "it was before the flow log of its network first wrote of the interface"}
	}
	return cause{"the flow log of its network has nothing of it, and nothing in the records says why", true}
}

// decided is why no NSG flow log has a flow, by what decided it.
func (c *Comparison) decided(b *seen) cause {
	acl, rule := strings.ToLower(c.names.Text(b.acl)), c.names.Text(b.rule)
	const zero = "00000000-0000-0000-0000-000000000000"
	switch {
	case acl == zero || strings.EqualFold(rule, "PlatformRule"):
		return cause{text: "the platform's own rule decided: no security group stands before the interface, or none was asked"}
	case acl == "unspecified" || acl == "":
		return cause{text: "it was dropped before any security group, as encryption of the virtual network does"}
	case !strings.Contains(acl, "/networksecuritygroups/"):
		return cause{text: "a security admin rule of Virtual Network Manager decided, before any security group: " + rule}
	case !c.logged[acl]:
		return cause{text: fmt.Sprintf("security group %s decided, which has no NSG flow log", acl[strings.LastIndexByte(acl, '/')+1:])}
	}
	return cause{"the NSG flow log of the group that decided has nothing of it, and nothing in the records says why", true}
}

// mostExamples is how many flows a difference names.
const mostExamples = 3

// add counts a flow.
func (c *Comparison) add(k key, mac string, a, b *seen, side string, why cause) {
	if why == (cause{}) {
		c.Alike++
		return
	}
	d := c.difference(side, why)
	d.Flows++
	switch side {
	case onlyNSG:
		d.Packets, d.Bytes = d.Packets+a.packets, d.Bytes+a.bytes
	case onlyNetwork:
		d.Packets, d.Bytes = d.Packets+b.packets, d.Bytes+b.bytes
	default:
		d.Packets, d.Bytes = d.Packets+apart(a.packets, b.packets), d.Bytes+apart(a.bytes, b.bytes)
	}
	example := fmt.Sprintf("%d %s:%d > %s:%d at %s", k.Proto, k.Src, k.SrcPort, k.Dst, k.DstPort, mac)
	if len(d.Examples) < mostExamples {
		d.Examples = append(d.Examples, example)
		return
	}
	most := 0 // the first by their text, whatever the order in which they come
	for i, e := range d.Examples {
		if e > d.Examples[most] {
			most = i
		}
	}
	d.Examples[most] = min(d.Examples[most], example)
}

func apart(a, b uint64) uint64 { return max(a, b) - min(a, b) }

func (c *Comparison) difference(side string, why cause) *Difference {
	for i := range c.Differences {
		if d := &c.Differences[i]; d.Side == side && d.Why == why.text {
			return d
		}
	}
	c.Differences = append(c.Differences, Difference{Side: side, Why: why.text, Open: why.open, Examples: []string{}})
	return &c.Differences[len(c.Differences)-1]
}

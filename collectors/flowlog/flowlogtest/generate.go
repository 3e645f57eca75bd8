package flowlogtest

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// Generate writes the blob that s describes to w, and returns what it wrote.
func Generate(w io.Writer, s Spec) (Totals, error) {
	s = s.filled()
	if s.Version != 1 && s.Version != 2 && s.Version != 4 {
		return Totals{}, fmt.Errorf("generate flow log: there is no version %d; versions 1, 2 and 4 are known", s.Version)
	}
	g := generator{w: w, spec: s, flows: traffic(s), start: s.Hour.UnixMilli()}
	g.text(`{"records":[`)
	g.block()
	for m := int64(0); m < 60 && g.err == nil; m++ {
		g.minute(m)
	}
	g.text(`]}`)
	g.block()
	g.flush()
	return g.Totals, g.err
}

// generator writes one blob.
type generator struct {
	Totals
	w     io.Writer
	err   error
	spec  Spec
	flows []conversation
	start int64 // of the hour, Unix ms
	b     []byte
	begun int64 // bytes before the block

	open int // rule whose tuples are being written, or -1
}

const flushAt = 256 << 10

func (g *generator) text(s string) { g.b = append(g.b, s...) }

func (g *generator) block() {
	end := g.Bytes + int64(len(g.b))
	g.Blocks = append(g.Blocks, end-g.begun)
	g.begun = end
}

func (g *generator) flush() {
	if g.err == nil {
		_, g.err = g.w.Write(g.b)
	}
	g.Bytes += int64(len(g.b))
	g.b = g.b[:0]
}

// minute writes a record with what was seen in a minute, if anything was.
func (g *generator) minute(m int64) {
	g.open = -1
	end := (m + 1) * minute
	for k := range g.flows {
		for c := &g.flows[k]; c.next < end; {
			g.event(c, m)
		}
		if len(g.b) >= flushAt {
			g.flush()
		}
	}
	if g.open < 0 {
		return
	}
	g.text(`]}]}]}}`)
	g.block()
}

// event writes the next tuple of c and lays down when the one after it comes.
func (g *generator) event(c *conversation, m int64) {
	deny := rules[c.rule].deny
	state := byte('C')
	switch {
	case deny:
		state = 'D'
	case !c.begun:
		state = 'B'
	case c.next >= c.end:
		state = 'E'
	}
	if g.spec.Version != 1 || state == 'B' || deny {
		g.place(c, m)
		g.tuple(c, state)
	}
	switch {
	case c.next >= c.end:
		c.next = over
	case deny:
		c.next = min(c.next+1000, c.end)
	default:
		c.next = min(c.next+period, c.end)
	}
	c.begun = true
}

// place opens the record, ACL and rule that c belongs to.
func (g *generator) place(c *conversation, m int64) {
	if int(c.rule) == g.open {
		g.text(`,`)
		return
	}
	was := g.open
	g.open = int(c.rule)
	u := rules[c.rule]
	if was < 0 {
		g.record(m)
	}
	if g.spec.Version != 4 {
		if was >= 0 {
			g.text(`]}]},`)
		}
		g.text(`{"rule":"` + u.name + `","flows":[{"mac":"` + g.spec.MAC() + `","flowTuples":[`)
		return
	}
	switch {
	case was < 0:
		g.text(`{"aclID":"` + u.acl + `","flowGroups":[`)
	case rules[was].acl != u.acl:
		g.text(`]}]},{"aclID":"` + u.acl + `","flowGroups":[`)
	default:
		g.text(`]},`)
	}
	g.text(`{"rule":"` + u.name + `","flowTuples":[`)
}

// record writes a record up to its flows.
func (g *generator) record(m int64) {
	if g.Records++; g.Records > 1 {
		g.text(`,`)
	}
	at := g.spec.Hour.Add(time.Duration(m)*time.Minute + 52*time.Second + time.Duration(mix(g.spec.Seed+uint64(m))%1e9/100*100))
	g.text(`{"time":"` + at.Format("2006-01-02T15:04:05.0000000Z"))
	if g.spec.Version != 4 {
		g.text(`","systemId":"66aa66aa-bb77-cc88-dd99-00ee00ee00ee","macAddress":"` + g.spec.MAC() +
			`","category":"NetworkSecurityGroupFlowEvent","resourceId":"` + upper(nsgID) +
			`","operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":` + strconv.Itoa(g.spec.Version) + `,"flows":[`)
		return
	}
	g.text(`","flowLogGUID":"bcba5a70-ece1-4b52-b436-3418f3851874","macAddress":"` + g.spec.MAC() +
		`","category":"FlowLogFlowEvent","flowLogResourceID":"/SUBSCRIPTIONS/` + upper(subscription) +
		`/RESOURCEGROUPS/` + watcherGroup + `/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/NETWORKWATCHER_` + region +
		`/FLOWLOGS/` + logName + `","targetResourceID":"` + vnetID +
		`","flowLogVersion":4,"operationName":"FlowLogFlowEvent","flowRecords":{"flows":[`)
}

// Package migration compares what NSG flow logs and flow logs of virtual networks wrote
// of the same interfaces in the same time, flow by flow, and says why they differ. It
// holds the flows of one interface at a time.
package migration

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
)

// Interface is a network interface with the files of either kind of log.
type Interface struct {
	MAC      string
	Old, New []string
}

// Difference is what flows have in common that are not the same in both.
type Difference struct {
	Side     string   `json:"side"` // nsg: only its log has them; network; both: the counts differ
	Why      string   `json:"why"`
	Open     bool     `json:"open,omitempty"` // nothing explains it
	Flows    int      `json:"flows"`
	Packets  uint64   `json:"packets"` // of the side that has them; of both, by how much they differ
	Bytes    uint64   `json:"bytes"`
	Examples []string `json:"examples"`
}

// Comparison is the sum of all interfaces.
type Comparison struct {
	Start       time.Time    `json:"start"`
	End         time.Time    `json:"end"`
	Interfaces  int          `json:"interfaces"`
	Flows       int          `json:"flows"`
	Alike       int          `json:"alike"`
	Differences []Difference `json:"differences"`
	Damaged     []flow.Skip  `json:"damaged,omitempty"` // what could not be read

	logged  map[string]bool // ids of groups that have a log, in lower case
	names   *flow.Names
	skipped flow.Skipped
}

// New begins a comparison of a time. Groups are the ids of those that have an NSG flow log.
func New(start, end time.Time, groups []string) *Comparison {
	c := &Comparison{Start: start, End: end, Differences: []Difference{}, logged: map[string]bool{}, names: flow.NewNames()}
	for _, g := range groups {
		c.logged[strings.ToLower(g)] = true
	}
	return c
}

// key tells the flows of an interface apart. A machine that talks to itself by another
// address of the interface is in both directions.
type key struct {
	flow.Key
	flow.Direction
}

// seen is what one side has of a flow.
type seen struct {
	first, last     int64
	begins, denials int
	packets, bytes  uint64
	counted         bool
	acl             flow.ID
	rule            flow.ID
}

// side is what one kind of log has of an interface.
type side struct {
	flows map[key]*seen
	first int64 // of any record, also before the time that is compared; flow.NoTime if there is none
}

// Add compares one interface.
func (c *Comparison) Add(ctx context.Context, i Interface) error {
	older, err := c.read(ctx, i.Old)
	if err != nil {
		return err
	}
	newer, err := c.read(ctx, i.New)
	if err != nil {
		return err
	}
	c.Interfaces++
	for k, a := range older.flows {
		c.Flows++
		b := newer.flows[k]
		side, why := c.why(a, b, newer.first)
		c.add(k, i.MAC, a, b, side, why)
	}
	for k, b := range newer.flows {
		if older.flows[k] == nil {
			c.Flows++
			side, why := c.why(nil, b, newer.first)
			c.add(k, i.MAC, nil, b, side, why)
		}
	}
	return nil
}

func (c *Comparison) read(ctx context.Context, files []string) (side, error) {
	s := side{flows: map[key]*seen{}, first: flow.NoTime}
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		if err := c.file(&s, name); err != nil {
			return s, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return s, nil
}

func (c *Comparison) file(s *side, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	from, to := c.Start.UnixNano(), c.End.UnixNano()
	for batch, err := range flowlog.Read(f, flow.Input{Source: &flow.Source{Path: name}, Names: c.names, Skipped: &c.skipped}) {
		if err != nil {
			return err
		}
		for i := range batch {
			r := &batch[i]
			at := r.First - (r.First%1e9+1e9)%1e9 // one of the two kinds has whole seconds
			if s.first == flow.NoTime || at < s.first {
				s.first = at
			}
			if at >= from && at < to {
				s.add(r, at)
			}
		}
	}
	return nil
}

func (s *side) add(r *flow.Record, at int64) {
	k := key{r.Key, r.Direction}
	f := s.flows[k]
	if f == nil {
		f = &seen{first: at, last: at}
		s.flows[k] = f
	}
	f.first, f.last = min(f.first, at), max(f.last, at)
	f.acl, f.rule = r.ACL, r.Rule
	switch r.State {
	case flow.Begin:
		f.begins++
	case flow.Deny:
		f.denials++
	}
	f.packets += r.Sent.Packets + r.Received.Packets
	f.bytes += r.Sent.IPBytes + r.Received.IPBytes
	f.counted = f.counted || r.Measured != 0
}

// Finish puts differences in order, the largest first, and those that nothing explains
// before all others.
func (c *Comparison) Finish() {
	c.Damaged = c.skipped.All()
	slices.SortFunc(c.Differences, func(a, b Difference) int {
		if a.Open != b.Open {
			if a.Open {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(a.Side, b.Side), cmp.Compare(a.Why, b.Why))
	})
	for i := range c.Differences {
		slices.Sort(c.Differences[i].Examples)
	}
}

// Unexplained counts the flows whose difference nothing explains.
func (c *Comparison) Unexplained() int {
	n := 0
	for _, d := range c.Differences {
		if d.Open {
			n += d.Flows
		}
	}
	return n
}

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowctl/collectors/summary"
)

// MapFields are what the question is by of which a map is drawn.
var MapFields = append(append(mapSide("source"), mapSide("destination")...), "verdict", "encryption")

func mapSide(side string) []string {
	var out []string
	for _, f := range []string{"vm", "subnet", "vnet", "azure_service", "region", "scope"} {
		out = append(out, side+"."+f)
	}
	return out
}

// Levels are those at which a map can be looked at, from near to far.
var Levels = []string{"machine", "subnet", "vnet"}

// mostNodes is how many nodes a map shows that can be read; of more, the biggest.
const mostNodes = 24

// Map is who talks to whom at one level.
type Map struct {
	Level  string
	Nodes  []MapNode // the biggest first
	Edges  []MapEdge // the biggest first
	Hidden int       // nodes that stand together as one, the last
}

// MapNode is a machine, a network or a place.
type MapNode struct {
	Name  string
	Where string // the network that it is in; empty of places outside
	Bytes uint64
}

// MapEdge is what two nodes, by number, sent each other.
type MapEdge struct {
	A, B          int
	Bytes         uint64
	Flows, Denied uint64
	Plain         uint64 // flows that a log says were not encrypted
}

// NewMap makes the map of one level.
func NewMap(a *summary.Answer, level string) Map {
	m := Map{Level: level}
	bytes := map[string]uint64{}
	where := map[string]string{}
	for _, r := range a.Rows {
		for _, side := range [][]string{r.Key[:6], r.Key[6:12]} {
			name, in := placed(side, level)
			bytes[name] += r.IPBytes.N
			where[name] = in
		}
	}
	names := slices.SortedFunc(maps.Keys(bytes), func(a, b string) int { return cmp.Or(cmp.Compare(bytes[b], bytes[a]), cmp.Compare(a, b)) })
	if i := slices.Index(names, "internet"); i >= mostNodes-1 { // never among the others
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "internet")
	}
	shown := map[string]int{}
	for i, name := range names {
		if len(names) > mostNodes && i >= mostNodes-1 {
			m.Hidden = len(names) - i
			break
		}
		shown[name] = i
		m.Nodes = append(m.Nodes, MapNode{name, where[name], bytes[name]})
	}
	if m.Hidden > 0 {
		m.Nodes = append(m.Nodes, MapNode{Name: fmt.Sprintf("%d others", m.Hidden)})
	}
	m.edges(a, shown)
	return m
}

func (m *Map) edges(a *summary.Answer, shown map[string]int) {
	edges := map[[2]int]*MapEdge{}
	number := func(side []string) int {
		name, _ := placed(side, m.Level)
		if i, ok := shown[name]; ok {
			return i
		}
		return len(m.Nodes) - 1
	}
	for _, r := range a.Rows {
		from, to := number(r.Key[:6]), number(r.Key[6:12])
		k := [2]int{min(from, to), max(from, to)}
		e := edges[k]
		if e == nil {
			e = &MapEdge{A: k[0], B: k[1]}
			edges[k] = e
		}
		e.Bytes += r.IPBytes.N
		e.Flows += r.Flows
		if r.Key[12] == "denied" {
			e.Denied += r.Flows
		} else if strings.HasPrefix(r.Key[13], "NX") {
			e.Plain += r.Flows
		}
	}
	for _, e := range edges {
		m.Edges = append(m.Edges, *e)
	}
	slices.SortFunc(m.Edges, func(a, b MapEdge) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Flows, a.Flows), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
}

// placed is the node of an end at a level, and the network that it is in.
func placed(side []string, level string) (name, where string) {
	vm, subnet, vnet, service, region, scope := side[0], side[1], side[2], side[3], side[4], side[5]
	known := func(s string) bool { return s != "" && s != "unknown" && s != "–" && s != "none" }
	switch {
	case level == "machine" && known(vm):
		return vm, vnet
	case level != "vnet" && known(subnet):
		return subnet, vnet
	case known(vnet):
		return vnet, vnet
	case known(service) && known(region) && level != "vnet":
		return service + " " + region, ""
	case known(service):
		return "Azure services", ""
	case known(scope):
		return scope, ""
	}
	return "unknown", ""
}

// BestLevel is the nearest level whose nodes can all be shown.
func BestLevel(a *summary.Answer) string {
	for _, level := range Levels {
		if m := NewMap(a, level); m.Hidden == 0 {
			return level
		}
	}
	return Levels[len(Levels)-1]
}

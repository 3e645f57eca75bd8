package report

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
	"gonum.org/v1/gonum/graph/layout"
	"gonum.org/v1/gonum/graph/simple"
)

// The cells of a map, in pixels: each node has one to itself, so that no name lies on another.
const (
	cellWidth, cellHeight = 224, 92
	nodeWidth, nodeHeight = 176, 36
)

// spot is the middle of a node.
type spot struct{ X, Y float64 }

// place lays a map out: forces pull together who talks (Eades), and then each node, those with
// the most bytes first, takes the free cell nearest to where they put it. The same map is always
// laid out the same.
func (m *Map) place() (spots []spot, width, height int) {
	g := newTies(m)
	forces := layout.EadesR2{Updates: 60, Repulsion: 1, Rate: 0.05, Theta: 0.2, Src: rand.NewPCG(1, 1)}
	o := layout.NewOptimizerR2(g, forces.Update)
	for o.Update() {
	}
	columns := max(1, int(math.Ceil(math.Sqrt(float64(len(m.Nodes))*1.1))))
	if len(m.Nodes) > 1 {
		columns = max(columns, 2)
	}
	columns = min(columns, 5)
	rows := (len(m.Nodes) + columns - 1) / columns
	if len(m.Nodes) > 4 { // room for lines to go around
		rows++
	}
	at := make([]spot, len(m.Nodes))
	for i := range at {
		p := o.Coord2(int64(i))
		at[i] = spot{p.X, p.Y}
	}
	return snapped(at, columns, rows), columns * cellWidth, rows * cellHeight
}

// snapped puts each spot into a cell of its own.
func snapped(at []spot, columns, rows int) []spot {
	x, y := ranks(at, func(s spot) float64 { return s.X }, columns), ranks(at, func(s spot) float64 { return s.Y }, rows)
	taken := make([]bool, columns*rows)
	out := make([]spot, len(at))
	for i := range at {
		best, far := -1, math.Inf(1)
		for c := range taken {
			dx, dy := float64(c%columns)-x[i], float64(c/columns)-y[i]
			if d := dx*dx + dy*dy; !taken[c] && d < far {
				best, far = c, d
			}
		}
		taken[best] = true
		out[i] = spot{(float64(best%columns) + 0.5) * cellWidth, (float64(best/columns) + 0.5) * cellHeight}
	}
	return out
}

// ranks spreads spots evenly over n cells by one coordinate.
func ranks(at []spot, of func(spot) float64, n int) []float64 {
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(of(at[a]), of(at[b])) })
	out := make([]float64, len(at))
	for k, i := range order {
		out[i] = float64(k) / math.Max(1, float64(len(at)-1)) * float64(n-1)
	}
	return out
}

// ties is a map as a graph that is always gone through in one order; the library's own graphs
// are not.
type ties struct {
	nodes []graph.Node
	to    [][]graph.Node
}

func newTies(m *Map) ties {
	g := ties{to: make([][]graph.Node, len(m.Nodes))}
	for i := range m.Nodes {
		g.nodes = append(g.nodes, simple.Node(i))
	}
	for _, e := range m.Edges {
		if e.A != e.B {
			g.to[e.A], g.to[e.B] = append(g.to[e.A], g.nodes[e.B]), append(g.to[e.B], g.nodes[e.A])
		}
	}
	return g
}

func (g ties) Node(id int64) graph.Node { return g.nodes[id] }

func (g ties) Nodes() graph.Nodes { return iterator.NewOrderedNodes(g.nodes) }

func (g ties) From(id int64) graph.Nodes { return iterator.NewOrderedNodes(g.to[id]) }

func (g ties) HasEdgeBetween(a, b int64) bool { return slices.Contains(g.to[a], g.nodes[b]) }

func (g ties) Edge(a, b int64) graph.Edge {
	if !g.HasEdgeBetween(a, b) {
		return nil
	}
	return simple.Edge{F: g.nodes[a], T: g.nodes[b]}
}

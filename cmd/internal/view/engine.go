package view

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors"
	"flowctl/collectors/engine"
)

// Changes draws what is to be done to the tables of an engine.
func Changes(w io.Writer, t operation.Tables) {
	host := ""
	for _, c := range t.Changes {
		if c.Host != host {
			host = c.Host
			fmt.Fprintf(w, "At %s:\n\n", terminal.Escape(host))
		}
		fmt.Fprintf(w, "%s;\n\n", c.Statement)
	}
}

// EngineDoc is the JSON form of what an engine has.
type EngineDoc struct {
	Format   string           `json:"format"`
	Engine   string           `json:"engine"`
	Schema   int              `json:"schema"` // of this flowctl
	Nodes    []EngineNode     `json:"nodes"`
	Arrivals []engine.Arrival `json:"arrivals"`
}

// EngineNode is a node of it.
type EngineNode struct {
	Shard   uint32 `json:"shard"`
	Host    string `json:"host"`
	Error   string `json:"error,omitempty"` // why it did not answer
	Version string `json:"version,omitempty"`
	Schema  int    `json:"schema"` // of its tables; 0 if there are none
	Rows    uint64 `json:"rows"`
	Bytes   uint64 `json:"bytes"` // on its disk
}

// NewEngine is what an engine has.
func NewEngine(t operation.Tables, arrivals []engine.Arrival) EngineDoc {
	d := EngineDoc{Format: "1", Engine: t.String(), Schema: engine.Schema, Nodes: []EngineNode{}, Arrivals: arrivals}
	if arrivals == nil {
		d.Arrivals = []engine.Arrival{}
	}
	for _, n := range t.Nodes {
		of := n.Tables["flows"]
		if t.Cluster != "" {
			of = n.Tables["flows_local"]
		}
		node := EngineNode{Shard: n.Shard, Host: n.Host, Version: n.Version, Schema: of.Schema, Rows: of.Rows, Bytes: of.Bytes}
		if n.Err != nil {
			node.Error = n.Err.Error()
		}
		d.Nodes = append(d.Nodes, node)
	}
	return d
}

// mostArrivals is how many units are drawn.
const mostArrivals = 20

// Engine draws it.
func Engine(w io.Writer, d EngineDoc) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SHARD\tNODE\tVERSION\tTABLES\tROWS\tON DISK")
	for _, n := range d.Nodes {
		switch {
		case n.Error != "":
			fmt.Fprintf(tw, "%d\t%s\t\tdoes not answer: %s\t\t\n", n.Shard, terminal.Escape(n.Host), terminal.Escape(n.Error))
		case n.Schema == 0:
			fmt.Fprintf(tw, "%d\t%s\t%s\tnone: run flowctl engine init\t\t\n", n.Shard, terminal.Escape(n.Host), terminal.Escape(n.Version))
		default:
			fmt.Fprintf(tw, "%d\t%s\t%s\tschema %d\t%s\t%s\n", n.Shard, terminal.Escape(n.Host), terminal.Escape(n.Version), n.Schema, humanize.Comma(int64(n.Rows)), humanize.Bytes(n.Bytes))
		}
	}
	tw.Flush()
	if len(d.Arrivals) == 0 {
		return
	}
	fmt.Fprintf(w, "\nWhat came in, the last first:\n\n")
	for i, a := range d.Arrivals {
		if i == mostArrivals {
			fmt.Fprintf(tw, "and %d more\n", len(d.Arrivals)-i)
			break
		}
		how := Count(int(a.Files), "file") + "\t" + humanize.Comma(int64(a.Rows)) + " rows"
		if !a.Whole {
			how = "not whole: add it again\t"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", a.At.UTC().Format("2006-01-02 15:04:05 MST"), how, terminal.Escape(a.Name))
	}
	tw.Flush()
}

// EngineAdded says what was put into an engine.
func EngineAdded(w io.Writer, a *collectors.Added, took time.Duration) {
	fmt.Fprintf(w, "%s came in (%s, %s rows) in %s", Count(int(a.Files.Load()), "file"), humanize.Bytes(uint64(a.Bytes.Load())), humanize.Comma(a.Rows.Load()), took.Round(10*time.Millisecond))
	if n := a.Known.Load(); n > 0 {
		fmt.Fprintf(w, "; %d %s in already", n, map[bool]string{true: "was", false: "were"}[n == 1])
	}
	fmt.Fprintln(w, ".")
}

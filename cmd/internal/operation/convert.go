package operation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"flowctl/collectors"
	"flowctl/collectors/etl"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/summary"
)

// ConvertOptions say what to write as pcapng.
type ConvertOptions struct {
	From, To   string    // files; - is the standard input and output
	Stdin      io.Reader // what - names
	Stdout     io.Writer
	Start, End time.Time // packets between them; zero for all
	Where      string    // packets of the flows for which it holds; empty for all
	Reports    etl.Reports
}

// Converted says what came of it.
type Converted struct {
	Packets    uint64
	Interfaces int
	Source     flow.Source
	Unmatched  uint64 // packets of flows that are not meant
	Outside    uint64 // packets outside of the window
	Skipped    []flow.Skip
}

// Convert writes packets of a capture or a Windows trace as pcapng. The new file
// is there as a whole or not at all.
func Convert(ctx context.Context, s Settings, o ConvertOptions) (*Converted, error) {
	if o.From == "-" && o.Where != "" {
		return nil, errors.New("with --where the packets are read twice, which the standard input cannot be; give a file")
	}
	wanted, err := wantedFlows(ctx, s, o)
	if err != nil {
		return nil, err
	}
	in, err := openInput(o)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, done, err := createOutput(o)
	if err != nil {
		return nil, err
	}
	c, err := copyPackets(ctx, s, o, in, out, wanted)
	if err := done(err); err != nil {
		return nil, err
	}
	return c, nil
}

// copyPackets writes the packets of in that are wanted to out.
func copyPackets(ctx context.Context, s Settings, o ConvertOptions, in io.Reader, out io.Writer, wanted *flowSet) (*Converted, error) {
	c := &Converted{Source: flow.Source{Path: o.From}}
	skipped := &flow.Skipped{}
	input := flow.Input{Source: &c.Source, Names: flow.NewNames(), Skipped: skipped}
	if !o.End.IsZero() {
		input.Start, input.End = o.Start.UnixNano(), o.End.UnixNano()
	}
	w := pcap.NewWriter(out, "flowctl "+s.Version)
	var failed error
	err := collectors.Packets(in, input, o.Reports, func(f *packet.Frame) bool {
		switch {
		case ctx.Err() != nil:
			failed = ctx.Err()
		case !wanted.has(f):
			c.Unmatched++
		default:
			c.Packets++
			failed = w.Write(f)
		}
		return failed == nil
	})
	if err != nil {
		return c, fmt.Errorf("%s %w", o.From, err)
	}
	c.Interfaces, c.Outside, c.Skipped = w.Interfaces(), c.Source.Outside, skipped.All()
	return c, errors.Join(failed, w.Close())
}

func openInput(o ConvertOptions) (io.ReadCloser, error) {
	if o.From == "-" {
		return io.NopCloser(o.Stdin), nil
	}
	f, err := os.Open(o.From)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a folder; give one file", o.From)
	}
	return f, nil
}

// createOutput makes a file beside o.To, which takes its place in the end: done
// is told how it went, and says how it ended.
func createOutput(o ConvertOptions) (w io.Writer, done func(error) error, err error) {
	if o.To == "-" {
		return o.Stdout, func(err error) error { return err }, nil
	}
	st, err := os.Stat(o.To)
	if err == nil && !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("write %s: it is there and no regular file", o.To)
	}
	if from, e := os.Stat(o.From); err == nil && e == nil && os.SameFile(st, from) {
		return nil, nil, fmt.Errorf("write %s: it is the file that is read", o.To)
	}
	f, err := os.CreateTemp(filepath.Dir(o.To), ".convert-*.pcapng")
	if err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", o.To, err)
	}
	return f, func(err error) error {
		if err = errors.Join(err, f.Close()); err == nil {
			err = os.Rename(f.Name(), o.To)
		}
		if err != nil {
			os.Remove(f.Name())
		}
		return err
	}, nil
}

// flowSet are flows by their ends. Which end opened one, a packet does not tell.
type flowSet struct {
	flows map[ends]bool
	known map[flow.Key]bool // what was found of packets before
}

// ends are those of a flow; the port is its destination's.
type ends struct{ source, destination, protocol, port string }

// wantedFlows finds the flows that o wants; nil for all. They are the flows that
// summarize counts, so the file is summed up first.
func wantedFlows(ctx context.Context, s Settings, o ConvertOptions) (*flowSet, error) {
	if o.Where == "" {
		return nil, nil
	}
	a, err := Summarize(ctx, s, SummarizeOptions{Paths: []string{o.From}, Start: o.Start, End: o.End, Question: &Question{
		By: []string{"source.address", "destination.address", "protocol", "port"}, Where: o.Where, Top: math.MaxInt32,
	}})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	if err := a.Err(); err != nil {
		return nil, err
	}
	set := &flowSet{flows: map[ends]bool{}, known: map[flow.Key]bool{}}
	for _, row := range a.Doc.Asks[0].Rows {
		set.flows[ends{row.Key[0], row.Key[1], row.Key[2], row.Key[3]}] = true
	}
	return set, nil
}

// has reports whether a packet is of one of the flows.
func (s *flowSet) has(f *packet.Frame) bool {
	if s == nil {
		return true
	}
	var p packet.Packet
	packet.Parse(f.Interface.Link, f.Data, f.Wire, &p)
	if p.EtherType != 0 {
		return s.flows[ends{"", "", flow.EtherType(p.EtherType), strconv.Itoa(int(p.EtherType))}]
	}
	has, ok := s.known[p.Key]
	if !ok {
		protocol, from, to := summary.Protocol(p.Proto), p.Src.String(), p.Dst.String()
		has = s.flows[ends{from, to, protocol, strconv.Itoa(int(p.DstPort))}] || s.flows[ends{to, from, protocol, strconv.Itoa(int(p.SrcPort))}]
		s.known[p.Key] = has
	}
	return has
}

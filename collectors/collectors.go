package collectors

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"

	"flowctl/collectors/etl"
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/parquet"
	"flowctl/collectors/pcap"
	"flowctl/collectors/workspace"
)

// Format is one kind of file that can be read.
type Format struct {
	Name   string
	Detect func(head []byte) bool
	Read   flow.Reader
}

// Builtin lists the formats in the order in which they are tried.
var Builtin = []Format{
	{"packet capture (pcap, pcapng, snoop, Network Monitor)", detectCapture, pcap.Read},
	{"packet trace of Windows (etl)", etl.Detect, etl.Read},
	{"export of Log Analytics (Traffic Analytics, VMConnection, WireData)", workspace.Detect, workspace.Read},
	{"flow log (VNet v4, NSG v1 and v2)", flowlog.Detect, flowlog.Read},
	{"flows that flowctl kept (Parquet)", parquet.Detect, parquet.Read},
}

func detectCapture(head []byte) bool {
	_, ok := pcap.Detect(head)
	return ok
}

// headSize is enough to tell any format.
const headSize = 512

// ErrUnknown says that a file is of no known format.
var ErrUnknown = errors.New("is neither a packet capture nor a flow log")

// Read yields the records of r, whatever it is. It is a flow.Reader.
func Read(r io.Reader, in flow.Input) iter.Seq2[flow.Batch, error] {
	return func(yield func(flow.Batch, error) bool) {
		if err := read(r, in, yield); err != nil {
			in.Source.Note(flow.Unreadable)
			yield(nil, err)
		}
	}
}

func read(r io.Reader, in flow.Input, yield func(flow.Batch, error) bool) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(head) == 0 {
		return errors.New("is empty: 0 bytes")
	}
	if open := wrapping(head); open != nil {
		plain, err := open(br)
		if err != nil {
			return fmt.Errorf("decompress: %w", err)
		}
		defer plain.Close()
		return read(plain, in, yield)
	}
	if f := format(head); f != nil {
		f.Read(br, in)(yield)
		return nil
	}
	return describe(head)
}

// format returns the one that begins with head, unless something is around it.
func format(head []byte) *Format {
	for i := range Builtin {
		if wrapping(head) == nil && Builtin[i].Detect(head) {
			return &Builtin[i]
		}
	}
	return nil
}

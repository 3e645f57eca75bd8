package collectors

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"flowctl/collectors/etl"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/packet"
)

// ErrNoPackets says that a file is of a kind that holds sums and no packets.
var ErrNoPackets = errors.New("holds no packets; captures (pcap, pcapng, snoop, Network Monitor) and Windows traces (etl) do")

// Packets reads a capture or a Windows trace and gives each of its packets to
// each as it is, until that returns false. Want is for traces alone.
func Packets(r io.Reader, in flow.Input, want etl.Reports, each func(*packet.Frame) bool) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(headSize)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case len(head) == 0:
		return errors.New("is empty: 0 bytes")
	}
	if open := wrapping(head); open != nil {
		plain, err := open(br)
		if err != nil {
			return fmt.Errorf("decompress: %w", err)
		}
		defer plain.Close()
		return Packets(plain, in, want, each)
	}
	switch f := format(head); {
	case detectCapture(head):
		return pcap.Frames(br, in, each)
	case etl.Detect(head):
		return etl.Frames(br, in, want, each)
	case f != nil:
		return fmt.Errorf("is a %s: it %w", f.Name, ErrNoPackets)
	}
	return describe(head)
}

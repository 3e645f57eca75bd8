package command

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/collectors/flow"
	"flowctl/collectors/storage"
)

// openRow starts Wireshark at the packets of a row of the first question, where somebody is
// there to look and it is installed, or says by which filter they are found.
func openRow(e *env.Env, a *operation.Answer, number int) error {
	if len(a.Doc.Asks) == 0 {
		return errors.New("--open: say of which rows, with --by or --where")
	}
	ask := &a.Doc.Asks[0]
	if number < 1 || number > len(ask.Rows) {
		return fmt.Errorf("--open %d: the answer has rows 1 to %d", number, len(ask.Rows))
	}
	var captures []string
	for _, s := range a.Doc.Sources {
		if slices.Contains([]flow.Kind{flow.Pcap, flow.Pcapng, flow.Snoop, flow.NetMon}, s.Kind) && !storage.IsURL(s.Path) {
			captures = append(captures, filepath.Join(a.Folder, filepath.FromSlash(s.Path)))
		}
	}
	if len(captures) == 0 {
		return errors.New("--open: no capture on this machine was read, and flow logs have no packets")
	}
	filter, left := report.DisplayFilter(a.Doc, ask, &ask.Rows[number-1])
	if filter == "" {
		return errors.New("--open: no header of a packet says what the row is by; ask --by source.address,destination.address,port")
	}
	if len(left) > 0 {
		e.Printf("No header of a packet says %s: the filter has more than the row.\n", strings.Join(left, ", "))
	}
	program, err := exec.LookPath("wireshark")
	if err != nil || !e.Interactive() {
		_, err := fmt.Fprintf(e.Stdout, "\nWireshark's display filter for row %d of %s:\n%s\n", number, strings.Join(captures, ", "), filter)
		return err
	}
	if len(captures) > 1 {
		e.Printf("Wireshark opens the first of %d captures; the others: %s\n", len(captures), strings.Join(captures[1:], ", "))
	}
	cmd := exec.Command(program, "-r", captures[0], "-Y", filter)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start Wireshark: %w", err)
	}
	return cmd.Process.Release()
}

package summary

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Write writes the document as JSON. The conversations, which come last, are
// written one at a time.
func (d *Document) Write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if err := d.writeMembers(out); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	if err := d.writeConversations(out); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// writeMembers opens the object and writes all members but the conversations.
func (d *Document) writeMembers(w *bufio.Writer) error {
	v := reflect.ValueOf(d).Elem()
	w.WriteString("{\n")
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "conversations" {
			continue
		}
		b, err := json.MarshalIndent(v.Field(i).Interface(), "  ", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %q: %s,\n", name, b)
	}
	return nil
}

func (d *Document) writeConversations(w *bufio.Writer) error {
	w.WriteString(`  "conversations": [`)
	var line []byte
	sep := "\n    "
	for c := range d.Conversations.All() {
		line = c.appendJSON(append(line[:0], sep...))
		if _, err := w.Write(line); err != nil {
			return err
		}
		sep = ",\n    "
	}
	if err := d.Conversations.Err(); err != nil {
		return err
	}
	if d.Conversations.Len() > 0 {
		w.WriteString("\n  ")
	}
	_, err := w.WriteString("]\n}\n")
	return err
}

// Read reads a document that Write wrote. A document of a later format is refused.
func Read(r io.Reader) (*Document, error) {
	var d Document
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	if d.Format != Format {
		return nil, fmt.Errorf("read summary: its format is %q, this flowctl reads %q; use the flowctl that wrote it or a later one", d.Format, Format)
	}
	return &d, nil
}

package session

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/plan"
)

const manifestName = "manifest.json"

// WriteManifest stores m, with an artifact a line: there can be hundreds of
// thousands, and they are never in memory as text. Who reads it meanwhile sees
// the one before.
func (f Folder) WriteManifest(m Manifest) error {
	m.Format = Format
	slices.SortFunc(m.Artifacts, func(a, b Artifact) int { return strings.Compare(a.Path, b.Path) })
	if err := f.writeManifest(m); err != nil {
		return fmt.Errorf("write %s: %w", manifestName, err)
	}
	return nil
}

func (f Folder) writeManifest(m Manifest) error {
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(f.Path, ".manifest-*.part")
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(part, 64<<10)
	err = errors.Join(m.write(w), w.Flush())
	if err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), filepath.Join(f.Path, manifestName))
	}
	if err != nil {
		os.Remove(part.Name())
	}
	return err
}

// write writes m as encoding/json does, but for the artifacts.
func (m Manifest) write(w *bufio.Writer) error {
	rest := m
	rest.Artifacts = []Artifact{}
	b, err := json.MarshalIndent(rest, "", "  ")
	if err != nil {
		return err
	}
	const key = "\n  \"artifacts\": [" // so deep only once, and never in a text
	before, after, _ := bytes.Cut(b, []byte(key+"]"))
	w.Write(before)
	w.WriteString(key)
	for i, a := range m.Artifacts {
		line, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString("\n    ")
		w.Write(line)
	}
	if len(m.Artifacts) > 0 {
		w.WriteString("\n  ")
	}
	w.WriteByte(']')
	w.Write(after)
	return w.WriteByte('\n')
}

// Manifest reads what WriteManifest stored; the zero Manifest if nothing was.
func (f Folder) Manifest() (Manifest, error) {
	file, err := os.Open(filepath.Join(f.Path, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, nil
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("read %s: %w", manifestName, err)
	}
	defer file.Close()
	var m Manifest
	if err := m.read(json.NewDecoder(bufio.NewReaderSize(file, 64<<10))); err != nil {
		return m, fmt.Errorf("read %s in %s: %w", manifestName, f.Path, err)
	}
	if m.Format > Format {
		return m, fmt.Errorf("manifest in %s has format %d, this flowctl knows %d", f.Path, m.Format, Format)
	}
	return m, nil
}

// read reads one value of the object after the other.
func (m *Manifest) read(d *json.Decoder) error {
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == "artifacts" {
			err = m.readArtifacts(d)
		} else {
			err = m.readField(d, key)
		}
		if err != nil {
			return err
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows byte %d, where it should end", d.InputOffset())
	}
	return nil
}

func expect(d *json.Decoder, want json.Token) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v stands where %v should, before byte %d", got, want, d.InputOffset())
	}
	return err
}

func (m *Manifest) readField(d *json.Decoder, key any) error {
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		return err
	}
	field, err := json.Marshal(map[string]json.RawMessage{fmt.Sprint(key): value})
	if err != nil {
		return err
	}
	return json.Unmarshal(field, m)
}

// readArtifacts keeps one copy of what many artifacts have in common.
func (m *Manifest) readArtifacts(d *json.Decoder) error {
	switch open, err := d.Token(); {
	case err != nil || open == nil:
		return err
	case open != json.Delim('['):
		return fmt.Errorf("artifacts are no list, before byte %d", d.InputOffset())
	}
	sessions, targets := map[string]string{}, map[plan.ID]plan.ID{}
	for d.More() {
		var a Artifact
		if err := d.Decode(&a); err != nil {
			return err
		}
		a.Session, a.Target = one(sessions, a.Session), one(targets, a.Target)
		m.Artifacts = append(m.Artifacts, a)
	}
	return expect(d, json.Delim(']'))
}

func one[T comparable](known map[T]T, v T) T {
	if k, ok := known[v]; ok {
		return k
	}
	known[v] = v
	return v
}

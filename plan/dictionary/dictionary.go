// Package dictionary reads names that people give to networks and addresses: the
// dictionary of an investigation and the files of --names.
package dictionary

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Entry gives a network a name. Of several networks that hold an address, the smallest
// names it.
type Entry struct {
	Prefix netip.Prefix `json:"prefix"`
	Name   string       `json:"name"`
}

// The most that a file may hold, and the length of a name.
const (
	maxEntries = 1 << 20
	maxName    = 256
)

// New reads a network, or an address, and its name.
func New(prefix, name string) (Entry, error) {
	p, err := netip.ParsePrefix(prefix)
	if a, isAddr := netip.ParseAddr(prefix); isAddr == nil {
		p, err = netip.PrefixFrom(a.WithZone("").Unmap(), a.Unmap().BitLen()), nil
	}
	switch {
	case err != nil:
		return Entry{}, fmt.Errorf("%q is neither an address nor a network such as 10.9.0.0/24", prefix)
	case p != p.Masked():
		return Entry{}, fmt.Errorf("%q has bits behind its length: write %s for the network", prefix, p.Masked())
	case name == "":
		return Entry{}, fmt.Errorf("%s has no name", prefix)
	case utf8.RuneCountInString(name) > maxName:
		return Entry{}, fmt.Errorf("the name of %s has more than %d characters", prefix, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return Entry{}, fmt.Errorf("the name of %s has characters that cannot be shown", prefix)
	}
	return Entry{p, name}, nil
}

// Read reads a file of names in one of three forms: a JSON object of networks and names;
// lines of a network, a comma or an equals sign, and a name, which may be in quotes; and
// lines of /etc/hosts. # begins a comment.
func Read(file string, data []byte) ([]Entry, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	seen := map[netip.Prefix]string{}
	var list []Entry
	add := func(prefix, name string) error {
		e, err := New(prefix, name)
		if err != nil {
			return err
		}
		if was, ok := seen[e.Prefix]; ok && was != e.Name {
			return fmt.Errorf("%s is called %q and %q; it can have one name", e.Prefix, was, e.Name)
		} else if ok {
			return nil
		}
		if len(list) == maxEntries {
			return fmt.Errorf("more than %d names", maxEntries)
		}
		seen[e.Prefix] = e.Name
		list = append(list, e)
		return nil
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '{' {
		var m map[string]string
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, fmt.Errorf("%s: want an object of networks and names, such as {\"10.9.0.0/24\": \"branch Lisbon\"}: %w", file, err)
		}
		for _, prefix := range slices.Sorted(maps.Keys(m)) {
			if err := add(prefix, m[prefix]); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		return list, nil
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		prefix, name, err := entry(string(line))
		if err == nil && prefix != "" {
			err = add(prefix, name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, n, err)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no name is in it; write lines such as 10.9.0.0/24 = \"branch Lisbon\"", file)
	}
	return list, nil
}

// entry is what a line says; nothing if it is empty or a comment.
func entry(line string) (prefix, name string, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", nil
	}
	at := strings.IndexAny(line, "=, \t")
	if at < 0 {
		return "", "", errors.New("want a network and its name, as in 10.9.0.0/24 = \"branch Lisbon\"")
	}
	prefix, rest := strings.Trim(line[:at], `"`), strings.TrimLeft(line[at:], " \t")
	if sign := rest != "" && (rest[0] == '=' || rest[0] == ','); !sign {
		rest, _, _ = strings.Cut(rest, "#")
		if fields := strings.Fields(rest); len(fields) > 0 { // as in /etc/hosts: the first is the name, others are aliases
			name = fields[0]
		}
		return prefix, name, nil
	}
	rest = strings.TrimSpace(rest[1:])
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		name, after, closed := strings.Cut(quoted, `"`)
		after = strings.TrimSpace(after)
		if !closed || after != "" && after[0] != '#' && after != "," {
			return "", "", errors.New("a name in quotes ends with a quote, and nothing follows it")
		}
		return prefix, name, nil
	}
	name, _, _ = strings.Cut(rest, " #")
	return prefix, strings.TrimSpace(name), nil
}

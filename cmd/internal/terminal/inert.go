package terminal

import (
	"bytes"
	"io"
	"net/netip"
	"strings"
)

// Agents of pipelines carry out what lines of a log ask for: Azure Pipelines where
// ##vso[ or ##[ stands in one, GitHub Actions where one begins with ::name::. A
// name of a host or a rule comes from strangers and must not be such a command.

// inert keeps text from being a command.
func inert(s string) string {
	if strings.Contains(s, "##") {
		s = strings.NewReplacer("##vso[", "#\\u0023vso[", "##[", "#\\u0023[").Replace(s)
	}
	begin := strings.TrimLeft(s, " \t")
	if strings.HasPrefix(begin, "::") && strings.Contains(begin[2:], "::") && !beginsWithAddress(begin) {
		s = strings.Replace(s, "::", "\\u003a:", 1)
	}
	return s
}

// beginsWithAddress reports whether the first word of s is an IPv6 address, such as
// ::, which is the name of no command.
func beginsWithAddress(s string) bool {
	word, _, _ := strings.Cut(s, " ")
	for _, w := range []string{word, strings.TrimRight(word, ".,;:"), word[:len(word)-1]} {
		if _, err := netip.ParseAddr(w); err == nil {
			return true
		}
	}
	return false
}

// JSON returns a writer of JSON whose texts are no commands. What it writes means
// the same as what it gets. Nothing of it is kept back but what ends in the
// beginning of a command, until Close.
func JSON(w io.Writer) io.WriteCloser { return &inertJSON{w: w} }

type inertJSON struct {
	w    io.Writer
	kept []byte // of what was written last, if a command may begin there
}

// Write writes b.
func (j *inertJSON) Write(b []byte) (int, error) {
	all := append(j.kept, b...)
	end := len(all)
	for _, command := range []string{"##vso[", "##["} {
		for n := len(command) - 1; n > 0; n-- {
			if bytes.HasSuffix(all, []byte(command[:n])) {
				end = min(end, len(all)-n)
				break
			}
		}
	}
	j.kept = bytes.Clone(all[end:])
	if _, err := j.w.Write(inertBytes(all[:end])); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close writes what was kept back.
func (j *inertJSON) Close() error {
	_, err := j.w.Write(j.kept)
	j.kept = nil
	return err
}

func inertBytes(b []byte) []byte {
	if !bytes.Contains(b, []byte("##")) {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("##vso["), []byte(`#\u0023vso[`))
	return bytes.ReplaceAll(b, []byte("##["), []byte(`#\u0023[`))
}

// Package terminal knows the screen: whether there is one, how wide it is,
// whether it shows colour, and how foreign text is made harmless on it.
package terminal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Is reports whether w is a terminal.
func Is(w any) bool {
	f, ok := File(w)
	return ok && term.IsTerminal(int(f.Fd()))
}

// File returns the file that w writes to, also through what wraps it.
func File(w any) (*os.File, bool) {
	for {
		switch v := w.(type) {
		case *os.File:
			return v, true
		case interface{ Unwrap() io.Writer }:
			w = v.Unwrap()
		default:
			return nil, false
		}
	}
}

// plainWidth is that of output that no terminal limits.
const plainWidth = 100

// Width is how many columns w has: the terminal's, or COLUMNS, or 100.
func Width(w io.Writer) int {
	if f, ok := File(w); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return plainWidth
}

// Colour reports whether w shows colour and nobody asked for none
// (https://no-color.org).
func Colour(w io.Writer) bool {
	return Is(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
}

// Escape makes text that came from a network or a file harmless: control
// characters and characters that change the direction of text are shown by
// their number, and so is what makes a command of a line for the agent of a
// pipeline that reads it. Signatures and keys in addresses are left out.
func Escape(s string) string {
	s = inert(Hide(s))
	if strings.IndexFunc(s, harmful) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if harmful(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Mask returns b with a question mark for every byte of what Escape would
// show by its number, but for line ends and tabs, and a star for every byte of
// a secret, so that places in it stay where they are.
func Mask(b []byte) []byte {
	out := bytes.Clone(b)
	hideBytes(out)
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if harmful(r) && r != '\n' && r != '\t' && r != '\r' {
			for j := range n {
				out[i+j] = '?'
			}
		}
		i += n
	}
	return out
}

func harmful(r rune) bool {
	return unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// Cut shortens a line to width columns, with a mark that something is missing.
func Cut(s string, width int) string { return ansi.Truncate(s, max(width, 1), "…") }

// Bytes shows an amount in decimal units, in which Azure bills.
func Bytes(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	v, u := float64(n), 0
	for (u == 0 && v >= 1000 || v >= 999.95) && u < len(units)-1 { // what would be shown as 1000.0 is 1.0 of the next
		v, u = v/1000, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}

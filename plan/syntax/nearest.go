package syntax

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest returns the name that was probably meant, or "" if none is near:
// the shorter a name, the fewer letters may differ, but two letters may always
// have changed places, and the end may be missing. Of names that are equally
// near, one with the same first letter is meant.
func Nearest(given string, known []string) string {
	given = strings.ToLower(given)
	best, least := "", max(1, min(2, len(given)/4), len(given)/3-1)+1
	for _, name := range known {
		low := strings.ToLower(name)
		d := levenshtein.Distance(given, low, nil)
		if d == 2 && letters(given) == letters(low) {
			d = 1
		}
		closer := d < least || d == least && best != "" && low != "" && given[0] != strings.ToLower(best)[0] && given[0] == low[0]
		if closer && d < len(name) {
			best, least = name, d
		}
	}
	if best == "" && len(given) >= 3 {
		return begins(given, known)
	}
	return best
}

// begins returns the only name that begins so.
func begins(given string, known []string) string {
	found := ""
	for _, name := range known {
		if strings.HasPrefix(strings.ToLower(name), given) {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

func letters(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}

// Hint ends a message about an unknown name: with the nearest known one, or
// with all of them.
func Hint(given string, known []string) string {
	if name := Nearest(given, known); name != "" {
		return fmt.Sprintf("Did you mean %q?", name)
	}
	if len(known) == 0 {
		return "There is none to choose from."
	}
	return "Known here: " + strings.Join(known, ", ") + "."
}

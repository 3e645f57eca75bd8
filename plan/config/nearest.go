package config

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// nearest returns the name that was probably meant, or "" if none is near:
// at most a third of the letters, and at least two, may differ.
func nearest(given string, known []string) string {
	best, least := "", max(2, len(given)/3)+1
	for _, name := range known {
		d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(name), nil)
		if d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// hint ends a message about an unknown name: with the nearest known one, or
// with all of them.
func hint(given string, known []string) string {
	if name := nearest(given, known); name != "" {
		return fmt.Sprintf("Did you mean %q?", name)
	}
	if len(known) == 0 {
		return "There is none to choose from."
	}
	return "Known here: " + strings.Join(known, ", ") + "."
}

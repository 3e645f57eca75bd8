package config

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/hashicorp/hcl/v2"
)

var (
	wordForm          = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`) })
	investigationForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`) })
)

const wordRule = "Use up to 64 letters, digits, - and _, beginning with a letter."

// word checks the name of a watch, a summary or a provider.
func (s *scope) word(name, what string, at hcl.Range) bool {
	if wordForm().MatchString(name) {
		return true
	}
	s.add("Invalid name", at, "A %s cannot be called %q. %s", what, name, wordRule)
	return false
}

// line checks a text that ends up in tags and headings: one line, without
// control characters, of at most limit characters.
func (b block) line(name string, limit int) (string, bool) {
	s, ok := b.text(name)
	if !ok {
		return "", false
	}
	s = strings.TrimSpace(s)
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		b.scope.add("Invalid text", b.at(name), "%s must be one line without control characters.", name)
		return "", false
	}
	if n := len([]rune(s)); n > limit {
		b.scope.add("Text too long", b.at(name), "%s has %d characters; at most %d are possible.", name, n, limit)
		return "", false
	}
	return s, true
}

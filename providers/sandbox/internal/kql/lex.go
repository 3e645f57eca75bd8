package kql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	end kind = iota
	word
	number
	text
	mark
)

// token is one word, number, text or mark of a query.
type token struct {
	kind   kind
	text   string // of texts without their quotes
	source string // as it stands in the query
	offset int
}

// marks are those of two characters and more; the longest come first.
var marks = []string{"!in~", "in~", "==", "=~", "!=", "!~", "<=", ">=", "..", "=>"}

type lexer struct {
	src string
	at  int
}

func (l *lexer) all() ([]token, *Error) {
	var out []token
	for {
		l.blank()
		if l.at >= len(l.src) {
			return append(out, token{kind: end, source: "<EOF>", offset: len(l.src)}), nil
		}
		t, err := l.one()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
}

// blank passes white space and comments.
func (l *lexer) blank() {
	for l.at < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.at:])
		switch {
		case unicode.IsSpace(r):
			l.at += n
		case strings.HasPrefix(l.src[l.at:], "//"):
			if i := strings.IndexByte(l.src[l.at:], '\n'); i >= 0 {
				l.at += i
			} else {
				l.at = len(l.src)
			}
		default:
			return
		}
	}
}

func isWord(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (l *lexer) one() (token, *Error) {
	from := l.at
	rest := l.src[from:]
	r, n := utf8.DecodeRuneInString(rest)
	done := func(k kind, n int, text string) (token, *Error) {
		l.at = from + n
		return token{k, text, l.src[from:l.at], from}, nil
	}
	switch {
	case r == '"' || r == '\'' || (r == '@' || r == 'h' || r == 'H') && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\''):
		s, n, ok := quoted(rest)
		if !ok {
			return token{}, located(l.src, token{source: rest[:min(len(rest), 20)], offset: from}, ParserFailure, "The string is not closed.")
		}
		return done(text, n, s)
	case unicode.IsDigit(r):
		i := 0
		for i < len(rest) && (isWord(rune(rest[i])) || rest[i] == '.' && !strings.HasPrefix(rest[i:], "..")) {
			i++
		}
		return done(number, i, rest[:i])
	case isWord(r):
		i := 0
		for i < len(rest) {
			r, n := utf8.DecodeRuneInString(rest[i:])
			if !isWord(r) {
				break
			}
			i += n
		}
		if rest[:i] == "in" && strings.HasPrefix(rest[i:], "~") {
			i++
			return done(mark, i, "in~")
		}
		return done(word, i, rest[:i])
	}
	for _, m := range marks {
		if strings.HasPrefix(rest, m) {
			return done(mark, len(m), m)
		}
	}
	if strings.ContainsRune("|()[]{},=<>+-*/%.;:!", r) {
		return done(mark, n, rest[:n])
	}
	return token{}, located(l.src, token{source: rest[:n], offset: from}, ParserFailure, "Queries have no such character.")
}

// quoted reads a string: '…' or "…" with escapes, @'…' without, where a
// doubled quote is one.
func quoted(s string) (value string, length int, ok bool) {
	verbatim := s[0] == '@'
	i := 0
	if verbatim || s[0] == 'h' || s[0] == 'H' {
		i = 1
	}
	quote := s[i]
	var b strings.Builder
	for i++; i < len(s); i++ {
		switch {
		case s[i] == quote && verbatim && i+1 < len(s) && s[i+1] == quote:
			i++
			b.WriteByte(quote)
		case s[i] == quote:
			return b.String(), i + 1, true
		case s[i] == '\\' && !verbatim && i+1 < len(s):
			i++
			b.WriteByte(escaped(s[i]))
		case s[i] == '\n' && !verbatim:
			return "", 0, false
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// located is an error at a token.
func located(src string, t token, code, message string) *Error {
	before := src[:min(t.offset, len(src))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &Error{Code: code, Message: message, Line: line, Column: column, Token: t.source}
}

package kql

import (
	"encoding/json"
	"strings"
	"time"
)

// upTo passes all tokens up to the parenthesis that closes the one that was
// opened before, and returns what lies between as it stands in the query.
func (p *parser) upTo(name token) (string, error) {
	from, depth := p.peek().offset, 1
	for {
		t := p.next()
		switch {
		case t.kind == end:
			return "", p.fail(t, ParserFailure, "%s( is not closed.", name.text)
		case t.kind == mark && t.text == "(":
			depth++
		case t.kind == mark && t.text == ")":
			if depth--; depth == 0 {
				return strings.TrimSpace(p.src[from:t.offset]), nil
			}
		}
	}
}

// dynamic reads dynamic(…), which holds JSON; texts in it may have single
// quotes.
func (p *parser) dynamic(name token) (expr, error) {
	from := p.at
	source, err := p.upTo(name)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, t := range p.tokens[from : p.at-1] {
		if t.kind == text {
			quoted, err := json.Marshal(t.text)
			if err != nil {
				return nil, err
			}
			b.Write(quoted)
		} else {
			b.WriteString(t.source)
		}
	}
	var v any
	if err := json.Unmarshal([]byte(b.String()), &v); err != nil {
		return nil, p.fail(name, ParserFailure, "dynamic(%s) is no JSON.", source)
	}
	return literal{v}, nil
}

func (p *parser) datetime(name token) (expr, error) {
	source, err := p.upTo(name)
	if err != nil {
		return nil, err
	}
	t, ok := parseTime(strings.Trim(source, `'"`))
	if !ok {
		return nil, p.fail(name, ParserFailure, "datetime(%s) is no time such as datetime(2026-11-12T08:00:00Z).", source)
	}
	return literal{t}, nil
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

package template

import (
	"fmt"
	"strconv"
	"strings"
)

// expr is a part of an expression: a literal, a call, or something of the
// value of another part.
type expr struct {
	literal any     // a string or number
	call    string  // name of a function
	args    []*expr // of the call
	of      *expr   // whose member or item this is
	member  string
	index   *expr
}

// isExpression reports whether a text of a template is one. Two brackets at
// its begin are a text that begins with one.
func isExpression(s string) bool {
	return strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && !strings.HasPrefix(s, "[[")
}

// parser reads one expression.
type parser struct {
	text string
	at   int
}

// parse reads the expression of a text in brackets.
func parse(text string) (*expr, error) {
	p := &parser{text: text[1 : len(text)-1]}
	e, err := p.expr(0)
	if err == nil && p.peek() != 0 {
		err = p.wrong("unexpected '%s'", p.text[p.at:])
	}
	return e, err
}

// maxDepth keeps hostile expressions from using up the stack.
const maxDepth = 100

func (p *parser) wrong(format string, args ...any) error {
	return fmt.Errorf("the language expression '[%s]' is not valid: %s at position %d", p.text, fmt.Sprintf(format, args...), p.at+1)
}

// peek is the next byte that is no space; 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) take(b byte) bool {
	if p.peek() != b {
		return false
	}
	p.at++
	return true
}

func (p *parser) expr(depth int) (*expr, error) {
	if depth > maxDepth {
		return nil, p.wrong("too deep")
	}
	e, err := p.primary(depth)
	for err == nil {
		switch {
		case p.take('.'):
			name := p.name()
			if name == "" {
				return nil, p.wrong("a name is missing")
			}
			e = &expr{of: e, member: name}
		case p.take('['):
			var i *expr
			if i, err = p.expr(depth + 1); err == nil && !p.take(']') {
				err = p.wrong("']' is missing")
			}
			e = &expr{of: e, index: i}
		default:
			return e, nil
		}
	}
	return nil, err
}

func (p *parser) primary(depth int) (*expr, error) {
	switch c := p.peek(); {
	case c == '\'':
		return p.quoted()
	case c == '-' || c >= '0' && c <= '9':
		begin := p.at
		for p.at++; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
		}
		n, err := strconv.ParseInt(p.text[begin:p.at], 10, 64)
		if err != nil {
			return nil, p.wrong("no integer")
		}
		return &expr{literal: float64(n)}, nil
	}
	name := p.name()
	if name == "" || !p.take('(') {
		return nil, p.wrong("a function with its arguments is expected")
	}
	e := &expr{call: strings.ToLower(name)}
	for !p.take(')') {
		if len(e.args) > 0 && !p.take(',') {
			return nil, p.wrong("',' or ')' is missing")
		}
		a, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, a)
	}
	return e, nil
}

func (p *parser) quoted() (*expr, error) {
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		if p.text[p.at] != '\'' {
			b.WriteByte(p.text[p.at])
			continue
		}
		if p.at++; p.at == len(p.text) || p.text[p.at] != '\'' {
			return &expr{literal: b.String()}, nil
		}
		b.WriteByte('\'')
	}
	return nil, p.wrong("a text has no end")
}

func (p *parser) name() string {
	p.peek()
	begin := p.at
	for p.at < len(p.text) {
		c := p.text[p.at] | 0x20
		if !(c >= 'a' && c <= 'z' || p.text[p.at] == '_' || p.text[p.at] >= '0' && p.text[p.at] <= '9') {
			break
		}
		p.at++
	}
	return p.text[begin:p.at]
}

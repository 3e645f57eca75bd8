package kql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parser reads tokens. Its methods return *Error as error.
type parser struct {
	src    string
	tokens []token
	at     int
	depth  int
	joins  int
	now    time.Time
}

// maxDepth is how deep expressions and queries may be nested.
const maxDepth = 100

func newParser(src string, now time.Time) (*parser, error) {
	l := lexer{src: src}
	tokens, err := l.all()
	if err != nil {
		return nil, err
	}
	return &parser{src: src, tokens: tokens, now: now.UTC()}, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// is reports whether the next token is one of the marks or words, and passes it.
func (p *parser) is(texts ...string) bool {
	t := p.peek()
	if (t.kind == mark || t.kind == word) && slices.Contains(texts, t.text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) want(text string) error {
	if p.is(text) {
		return nil
	}
	return p.fail(p.peek(), ParserFailure, "%q is expected here.", text)
}

func (p *parser) fail(t token, code, format string, args ...any) error {
	return located(p.src, t, code, fmt.Sprintf(format, args...))
}

func (p *parser) unexpected() error {
	return p.fail(p.peek(), ParserFailure, "It is not expected here.")
}

func (p *parser) name() (string, error) {
	t := p.peek()
	switch {
	case t.kind == word:
		p.next()
		return t.text, nil
	case t.kind == mark && t.text == "[": // ['a name']
		p.next()
		s := p.next()
		if s.kind != text {
			return "", p.fail(s, ParserFailure, "A name in quotes is expected here.")
		}
		return s.text, p.want("]")
	}
	return "", p.fail(t, ParserFailure, "A name is expected here.")
}

// deeper keeps queries from nesting without end.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.peek(), ParserFailure, "The query is nested too deeply.")
	}
	return nil
}

// expression reads an expression: or, and, comparison, sum, product, unary,
// postfix, primary.
func (p *parser) expression() (expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.conjunction()
	for err == nil && p.is("or") {
		var right expr
		if right, err = p.conjunction(); err == nil {
			left = logical{left, right, true}
		}
	}
	return left, err
}

func (p *parser) conjunction() (expr, error) {
	left, err := p.comparison()
	for err == nil && p.is("and") {
		var right expr
		if right, err = p.comparison(); err == nil {
			left = logical{left, right, false}
		}
	}
	return left, err
}

// comparisons are the operators between two values, and textual those that are
// words, which an exclamation mark may negate.
var (
	comparisons = []string{"==", "!=", "=~", "!~", "<", ">", "<=", ">="}
	textual     = []string{"contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs", "has", "has_cs", "hasprefix", "hassuffix"}
)

func (p *parser) comparison() (expr, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	t := p.peek()
	not := false
	if t.kind == mark && t.text == "!" {
		p.next()
		not = true
		if t = p.peek(); t.kind != word {
			return nil, p.unexpected()
		}
	}
	switch {
	case t.kind == mark && slices.Contains(comparisons, t.text), t.kind == word && slices.Contains(textual, t.text):
		p.next()
		right, err := p.sum()
		return compared(t.text, left, right, not), err
	case t.kind == word && t.text == "matches" && !not:
		p.next()
		if err := p.want("regex"); err != nil {
			return nil, err
		}
		right, err := p.sum()
		return compared("matches regex", left, right, false), err
	case t.kind == mark && (t.text == "in~" || t.text == "!in~"), t.kind == word && slices.Contains([]string{"in", "has_any", "has_all"}, t.text):
		p.next()
		not = not || t.text == "!in~"
		list, err := p.list()
		return among{strings.TrimPrefix(t.text, "!"), left, list, not}, err
	case t.kind == word && t.text == "between":
		p.next()
		return p.between(left, not)
	case not:
		return nil, p.unexpected()
	}
	return left, nil
}

func (p *parser) between(left expr, not bool) (expr, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	low, err := p.sum()
	if err == nil {
		err = p.want("..")
	}
	if err != nil {
		return nil, err
	}
	high, err := p.sum()
	if err != nil {
		return nil, err
	}
	in := logical{compared(">=", left, low, false), compared("<=", left, high, false), false}
	if not {
		return negated{in}, p.want(")")
	}
	return in, p.want(")")
}

// list reads values in parentheses.
func (p *parser) list() ([]expr, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	var all []expr
	for {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if !p.is(",") {
			return all, p.want(")")
		}
	}
}

func (p *parser) sum() (expr, error) { return p.arithmetic(p.product, "+", "-") }

func (p *parser) product() (expr, error) { return p.arithmetic(p.unary, "*", "/", "%") }

func (p *parser) arithmetic(operand func() (expr, error), ops ...string) (expr, error) {
	left, err := operand()
	for err == nil {
		t := p.peek()
		if !p.is(ops...) {
			return left, nil
		}
		var right expr
		if right, err = operand(); err == nil {
			left = calculated{t.text, left, right}
		}
	}
	return nil, err
}

func (p *parser) unary() (expr, error) {
	if p.is("-") {
		e, err := p.postfix()
		return calculated{"-", literal{0.0}, e}, err
	}
	return p.postfix()
}

// postfix reads a value and what is picked out of it: .name, [3], ['name'].
func (p *parser) postfix() (expr, error) {
	e, err := p.primary()
	for err == nil {
		switch {
		case p.is("."):
			var name string
			if name, err = p.name(); err == nil {
				e = picked{e, literal{name}}
			}
		case p.is("["):
			var key expr
			if key, err = p.expression(); err == nil {
				e = picked{e, key}
				err = p.want("]")
			}
		default:
			return e, nil
		}
	}
	return nil, err
}

func (p *parser) primary() (expr, error) {
	t := p.next()
	switch {
	case t.kind == text:
		return literal{t.text}, nil
	case t.kind == number:
		return p.number(t)
	case t.kind == mark && t.text == "(":
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		return e, p.want(")")
	case t.kind == mark && t.text == "[":
		p.at--
		name, err := p.name()
		return column{name, t}, err
	case t.kind != word:
		p.at = max(p.at-1, 0)
		if t.kind == end {
			p.at = len(p.tokens) - 1
		}
		return nil, p.unexpected()
	case t.text == "true", t.text == "false":
		return literal{t.text == "true"}, nil
	}
	if p.is("(") {
		return p.call(t)
	}
	return column{t.text, t}, nil
}

// number reads 12, 1.5, and lengths of time such as 30m, in seconds.
func (p *parser) number(t token) (expr, error) {
	if v, err := strconv.ParseFloat(t.text, 64); err == nil {
		return literal{v}, nil
	}
	for unit, seconds := range map[string]float64{"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3} {
		digits, ok := strings.CutSuffix(t.text, unit)
		if v, err := strconv.ParseFloat(digits, 64); ok && err == nil {
			return literal{span(v * seconds)}, nil
		}
	}
	return nil, p.fail(t, ParserFailure, "It is no number.")
}

// call reads the arguments of a function, or the value of a literal such as
// dynamic([…]) and datetime(2026-11-12).
func (p *parser) call(name token) (expr, error) {
	switch name.text {
	case "dynamic":
		return p.dynamic(name)
	case "datetime":
		return p.datetime(name)
	}
	var args []expr
	for !p.is(")") {
		if len(args) > 0 {
			if err := p.want(","); err != nil {
				return nil, err
			}
		}
		if name.text == "count" && len(args) == 0 && p.is("*") {
			continue
		}
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	switch {
	case name.text == "now" && len(args) == 0:
		return literal{p.now}, nil
	case name.text == "ago" && len(args) == 1:
		return calculated{"-", literal{p.now}, args[0]}, nil
	}
	if isAggregate(name.text) {
		return aggregate{name.text, args, name}, nil
	}
	f, ok := functions[name.text]
	switch {
	case !ok:
		return nil, p.fail(name, UnknownFunction, "Unknown function: '%s'.", name.text)
	case len(args) < f.least || f.most >= 0 && len(args) > f.most:
		return nil, p.fail(name, SemanticError, "%s() cannot have %d arguments.", name.text, len(args))
	}
	return called{name.text, f.run, args}, nil
}

package kql

import (
	"slices"
	"strings"
)

// pipeline is a table and what is done to it.
type pipeline struct {
	source string
	at     token
	inner  *pipeline // in place of a table's name
	steps  []step
}

// step is one operator. It makes a table of another one, which it leaves as it
// is.
type step interface {
	apply(in *Table, tables Tables) (*Table, error)
}

func (q *pipeline) run(tables Tables) (*Table, error) {
	var t *Table
	if q.inner != nil {
		var err error
		if t, err = q.inner.run(tables); err != nil {
			return nil, err
		}
	} else if t = tables(q.source, q.wants()); t == nil {
		return nil, &Error{Code: SemanticError, Message: "There is no table '" + q.source + "' in this Resource Graph.", Token: q.source}
	}
	var err error
	for _, s := range q.steps {
		if t, err = s.apply(t, tables); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// wants tells by the conditions at the beginning of a query which types of
// resources it can have an answer from, so that the others need not be drawn.
func (q *pipeline) wants() func(typ string) bool {
	var all [][]string
	for _, s := range q.steps {
		w, ok := s.(where)
		if !ok {
			break
		}
		all = append(all, typesOf(w.cond)...)
	}
	return func(typ string) bool {
		for _, any := range all {
			if !slices.ContainsFunc(any, func(t string) bool { return strings.EqualFold(t, typ) }) {
				return false
			}
		}
		return true
	}
}

// typesOf are the lists of types of which a condition asks for one each.
func typesOf(e expr) [][]string {
	one := func(e, v expr) []string {
		c, isColumn := e.(column)
		l, isLiteral := v.(literal)
		if isColumn && isLiteral && c.name == "type" {
			return []string{textOf(l.v)}
		}
		return nil
	}
	switch e := e.(type) {
	case logical:
		if !e.or {
			return append(typesOf(e.left), typesOf(e.right)...)
		}
	case comparison:
		if t := one(e.left, e.right); t != nil && (e.op == "==" || e.op == "=~") {
			return [][]string{t}
		}
	case among:
		var any []string
		for _, v := range e.list {
			any = append(any, one(e.e, v)...)
		}
		if len(any) == len(e.list) && !e.not && (e.op == "in" || e.op == "in~") {
			return [][]string{any}
		}
	}
	return nil
}

// pipeline reads a table and the operators behind it. A query may begin with
// an operator: then its table is Resources.
func (p *parser) pipeline() (*pipeline, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	q := &pipeline{source: "Resources", at: p.peek()}
	first := p.operatorName()
	switch {
	case p.is("("):
		inner, err := p.pipeline()
		if err == nil {
			err = p.want(")")
		}
		if err != nil {
			return nil, err
		}
		q.inner = inner
	case served()[first] != nil || refused[first]:
		s, err := p.operator()
		if err != nil {
			return nil, err
		}
		q.steps = append(q.steps, s)
	default:
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		q.source = name
	}
	for p.is("|") {
		s, err := p.operator()
		if err != nil {
			return nil, err
		}
		q.steps = append(q.steps, s)
	}
	return q, nil
}

// refused are those that Resource Graph or Kusto has and the sandbox does not
// serve.
var refused = map[string]bool{
	"parse": true, "parse-where": true, "parse-kv": true, "lookup": true, "mv-apply": true, "render": true, "make-series": true, "let": true,
	"project-reorder": true, "sample": true, "sample-distinct": true, "search": true, "find": true, "evaluate": true, "invoke": true,
	"partition": true, "range": true, "reduce": true, "scan": true, "serialize": true, "top-nested": true, "top-hitters": true, "facet": true,
	"fork": true, "as": true, "consume": true, "externaldata": true, "datatable": true, "print": true, "getschema": true, "graph-match": true, "make-graph": true,
}

// operatorName is the operator that comes next, whose name may have hyphens.
func (p *parser) operatorName() string {
	name := ""
	for i := p.at; i < len(p.tokens); i++ {
		t := p.tokens[i]
		joined := i == p.at || t.offset == p.tokens[i-1].offset+len(p.tokens[i-1].source)
		hyphen := t.kind == mark && t.text == "-" && name != ""
		if !joined || t.kind != word && !hyphen || t.kind == word && name != "" && !strings.HasSuffix(name, "-") {
			break
		}
		name += t.text
	}
	return name
}

func (p *parser) operator() (step, error) {
	name := p.operatorName()
	at := p.peek()
	at.source = name
	read, ok := served()[name]
	switch {
	case refused[name]:
		return nil, p.fail(at, NotServed, "The sandbox's Resource Graph does not serve the operator '%s'.", name)
	case name == "":
		return nil, p.unexpected()
	case !ok:
		return nil, p.fail(at, ParserFailure, "There is no operator '%s'.", name)
	}
	for range strings.Count(name, "-")*2 + 1 {
		p.next()
	}
	return read(p)
}

// check refuses expressions over columns that a table does not have.
func check(t *Table, src *parser, all ...expr) error {
	for _, e := range all {
		err := walk(e, func(e expr) error {
			if c, ok := e.(column); ok && !slices.Contains(t.Columns, c.name) {
				return src.fail(c.at, SemanticError, "Failed to resolve column or scalar expression named '%s'", c.name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// plain refuses functions over many rows where a value in one is wanted.
func (p *parser) plain(all ...expr) error {
	for _, e := range all {
		err := walk(e, func(e expr) error {
			switch e := e.(type) {
			case aggregate:
				return p.fail(e.at, SemanticError, "%s() can be used in summarize only.", e.name)
			case comparison:
				if l, ok := e.right.(literal); ok && e.op == "matches regex" && e.pattern == nil {
					return p.fail(p.peek(), SemanticError, "%q is not a regular expression.", textOf(l.v))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

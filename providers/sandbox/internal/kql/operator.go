package kql

import (
	"fmt"
	"slices"
	"strings"
)

// served are the operators that queries may have.
func served() map[string]func(*parser) (step, error) {
	return map[string]func(*parser) (step, error){
		"where": (*parser).where, "filter": (*parser).where, "project": (*parser).project, "extend": (*parser).extend,
		"project-away": (*parser).projectAway, "project-keep": (*parser).projectKeep, "project-rename": (*parser).projectRename,
		"order": (*parser).sort, "sort": (*parser).sort, "limit": (*parser).take, "take": (*parser).take, "top": (*parser).top,
		"count": (*parser).count, "distinct": (*parser).distinct, "summarize": (*parser).summarize,
		"mv-expand": (*parser).expand, "mvexpand": (*parser).expand, "join": (*parser).join, "union": (*parser).union,
	}
}

type where struct {
	p    *parser
	cond expr
}

func (p *parser) where() (step, error) {
	e, err := p.expression()
	if err == nil {
		err = p.plain(e)
	}
	return where{p, e}, err
}

func (s where) apply(in *Table, _ Tables) (*Table, error) {
	if err := check(in, s.p, s.cond); err != nil {
		return nil, err
	}
	out := &Table{Columns: in.Columns}
	for _, r := range in.Rows {
		if s.cond.eval(r) == true {
			out.Rows = append(out.Rows, r)
		}
	}
	return out, nil
}

// item is an expression and the column that it becomes.
type item struct {
	name string // empty: none of its own
	e    expr
}

// items reads name = expression, or expression, with commas between.
func (p *parser) items() ([]item, error) {
	var all []item
	for {
		i := item{}
		if t := p.peek(); t.kind == word && p.at+1 < len(p.tokens) && p.tokens[p.at+1].kind == mark && p.tokens[p.at+1].text == "=" {
			i.name = t.text
			p.next()
			p.next()
		} else if t.kind == mark && t.text == "[" && p.at+3 < len(p.tokens) && p.tokens[p.at+3].text == "=" {
			i.name = p.tokens[p.at+1].text
			p.at += 4
		}
		var err error
		if i.e, err = p.expression(); err != nil {
			return nil, err
		}
		all = append(all, i)
		if !p.is(",") {
			return all, nil
		}
	}
}

// named gives every item a name, as Kusto does: that of a column, a path with
// underscores, or Column1 and so on.
func named(all []item) []item {
	out := slices.Clone(all)
	n := 0
	for i := range out {
		if out[i].name == "" {
			out[i].name = nameOf(out[i].e)
		}
		if out[i].name == "" {
			n++
			out[i].name = fmt.Sprint("Column", n)
		}
	}
	return out
}

func nameOf(e expr) string {
	switch e := e.(type) {
	case column:
		return e.name
	case picked:
		from := nameOf(e.from)
		if key, ok := e.key.(literal); ok && from != "" {
			return from + "_" + textOf(key.v)
		}
	case called:
		if len(e.args) == 1 && strings.HasPrefix(e.name, "to") { // a conversion keeps the name
			return nameOf(e.args[0])
		}
	}
	return ""
}

func exprs(all []item) (out []expr) {
	for _, i := range all {
		out = append(out, i.e)
	}
	return out
}

type project struct {
	p    *parser
	all  []item
	keep bool // the other columns stay: extend
}

func (p *parser) project() (step, error) { return p.projected(false) }
func (p *parser) extend() (step, error)  { return p.projected(true) }

func (p *parser) projected(keep bool) (step, error) {
	all, err := p.items()
	if err == nil {
		err = p.plain(exprs(all)...)
	}
	return project{p, named(all), keep}, err
}

func (s project) apply(in *Table, _ Tables) (*Table, error) {
	out := &Table{}
	known := *in
	if s.keep {
		out.Columns = slices.Clone(in.Columns)
	}
	for _, i := range s.all {
		if err := check(&known, s.p, i.e); err != nil {
			return nil, err
		}
		if !slices.Contains(out.Columns, i.name) {
			out.Columns = append(out.Columns, i.name)
		}
	}
	for _, r := range in.Rows {
		n := make(Row, len(out.Columns))
		if s.keep {
			for k, v := range r {
				n[k] = v
			}
		}
		for _, i := range s.all {
			if c, ok := i.e.(column); ok {
				n[i.name] = r[c.name] // as it is, not drawn yet
			} else {
				n[i.name] = i.e.eval(r)
			}
		}
		out.Rows = append(out.Rows, n)
	}
	return out, nil
}

// selection keeps columns by name; a * at the end of a name is any text.
type selection struct {
	p     *parser
	names []token
	away  bool
}

func (p *parser) projectAway() (step, error) { return p.selection(true) }
func (p *parser) projectKeep() (step, error) { return p.selection(false) }

func (p *parser) selection(away bool) (step, error) {
	s := selection{p: p, away: away}
	for {
		t := p.next()
		if t.kind != word {
			return nil, p.fail(t, ParserFailure, "The name of a column is expected here.")
		}
		if star := p.peek(); star.text == "*" && star.offset == t.offset+len(t.source) {
			p.next()
			t.text += "*"
		}
		s.names = append(s.names, t)
		if !p.is(",") {
			return s, nil
		}
	}
}

func (s selection) apply(in *Table, _ Tables) (*Table, error) {
	out := &Table{Rows: in.Rows}
	for _, t := range s.names {
		if !strings.HasSuffix(t.text, "*") && !slices.Contains(in.Columns, t.text) {
			return nil, s.p.fail(t, SemanticError, "Failed to resolve column or scalar expression named '%s'", t.text)
		}
	}
	for _, c := range in.Columns {
		hit := slices.ContainsFunc(s.names, func(t token) bool {
			prefix, any := strings.CutSuffix(t.text, "*")
			return t.text == c || any && strings.HasPrefix(c, prefix)
		})
		if hit != s.away {
			out.Columns = append(out.Columns, c)
		}
	}
	return out, nil
}

type rename struct {
	p   *parser
	all []item
}

func (p *parser) projectRename() (step, error) {
	all, err := p.items()
	for _, i := range all {
		if _, ok := i.e.(column); !ok || i.name == "" {
			return nil, p.fail(p.peek(), ParserFailure, "project-rename takes new = old.")
		}
	}
	return rename{p, all}, err
}

func (s rename) apply(in *Table, tables Tables) (*Table, error) {
	if err := check(in, s.p, exprs(s.all)...); err != nil {
		return nil, err
	}
	var all []item
	for _, c := range in.Columns {
		name := c
		for _, i := range s.all {
			if i.e.(column).name == c {
				name = i.name
			}
		}
		all = append(all, item{name, column{name: c}})
	}
	return project{s.p, all, false}.apply(in, tables)
}

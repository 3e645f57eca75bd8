package kql

import (
	"slices"
	"strings"
)

// key is what rows are ordered by.
type key struct {
	e          expr
	up         bool
	nullsFirst bool
}

type sorted struct {
	p    *parser
	keys []key
}

func (p *parser) sort() (step, error) {
	if err := p.want("by"); err != nil {
		return nil, err
	}
	keys, err := p.keys()
	return sorted{p, keys}, err
}

func (p *parser) keys() ([]key, error) {
	var all []key
	for {
		e, err := p.expression()
		if err == nil {
			err = p.plain(e)
		}
		if err != nil {
			return nil, err
		}
		k := key{e: e}
		if !p.is("desc") {
			k.up = p.is("asc")
		}
		k.nullsFirst = k.up
		if p.is("nulls") {
			k.nullsFirst = p.is("first")
			if !k.nullsFirst && !p.is("last") {
				return nil, p.unexpected()
			}
		}
		all = append(all, k)
		if !p.is(",") {
			return all, nil
		}
	}
}

func (s sorted) apply(in *Table, _ Tables) (*Table, error) {
	for _, k := range s.keys {
		if err := check(in, s.p, k.e); err != nil {
			return nil, err
		}
	}
	type keyed struct {
		row    Row
		values []any
	}
	rows := make([]keyed, len(in.Rows))
	for i, r := range in.Rows {
		rows[i].row = r
		for _, k := range s.keys {
			rows[i].values = append(rows[i].values, k.e.eval(r))
		}
	}
	slices.SortStableFunc(rows, func(a, b keyed) int {
		for i, k := range s.keys {
			if c := k.compare(a.values[i], b.values[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	out := &Table{Columns: in.Columns, Rows: make([]Row, len(rows))}
	for i, r := range rows {
		out.Rows[i] = r.row
	}
	return out, nil
}

func (k key) compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil || b == nil:
		if (a == nil) == k.nullsFirst {
			return -1
		}
		return 1
	case k.up:
		return order(a, b)
	}
	return order(b, a)
}

type take struct{ n int }

func (p *parser) take() (step, error) {
	n, err := p.howMany()
	return take{n}, err
}

func (p *parser) howMany() (int, error) {
	t := p.peek()
	e, err := p.unary()
	if err != nil {
		return 0, err
	}
	l, ok := e.(literal)
	n, isNumber := l.v.(float64)
	if !ok || !isNumber || n < 0 || n != float64(int(n)) {
		return 0, p.fail(t, ParserFailure, "A number of rows is expected here.")
	}
	return int(n), nil
}

func (s take) apply(in *Table, _ Tables) (*Table, error) {
	return &Table{in.Columns, in.Rows[:min(s.n, len(in.Rows))]}, nil
}

// both is two steps, one after the other.
type both struct{ first, second step }

func (s both) apply(in *Table, tables Tables) (*Table, error) {
	t, err := s.first.apply(in, tables)
	if err != nil {
		return nil, err
	}
	return s.second.apply(t, tables)
}

func (p *parser) top() (step, error) {
	n, err := p.howMany()
	if err != nil {
		return nil, err
	}
	by, err := p.sort()
	return both{by, take{n}}, err
}

type count struct{}

func (p *parser) count() (step, error) { return count{}, nil }

func (count) apply(in *Table, _ Tables) (*Table, error) {
	return &Table{[]string{"Count"}, []Row{{"Count": float64(len(in.Rows))}}}, nil
}

type distinct struct {
	p   *parser
	all []item // nil: *
}

func (p *parser) distinct() (step, error) {
	if p.is("*") {
		return distinct{p: p}, nil
	}
	all, err := p.items()
	return distinct{p, named(all)}, err
}

func (s distinct) apply(in *Table, tables Tables) (*Table, error) {
	if s.all != nil {
		var err error
		if in, err = (project{s.p, s.all, false}).apply(in, tables); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	out := &Table{Columns: in.Columns}
	for _, r := range in.Rows {
		var values []any
		for _, c := range in.Columns {
			values = append(values, column{name: c}.eval(r))
		}
		if k := identity(values); !seen[k] {
			seen[k] = true
			out.Rows = append(out.Rows, r)
		}
	}
	return out, nil
}

// identity is the same for equal values only.
func identity(values []any) string {
	var b strings.Builder
	for _, v := range values {
		if v == nil {
			b.WriteString("-")
		} else {
			b.WriteString("+" + textOf(v))
		}
		b.WriteByte(0)
	}
	return b.String()
}

// expanded makes a row of each element of a list.
type expanded struct {
	p    *parser
	all  []item
	text []bool // to typeof(string)
}

func (p *parser) expand() (step, error) {
	if p.is("kind", "bagexpansion") {
		if err := p.want("="); err != nil {
			return nil, err
		}
		if kind := p.next(); kind.text != "array" {
			return nil, p.fail(kind, NotServed, "The sandbox's Resource Graph serves mv-expand of arrays only.")
		}
	}
	s := expanded{p: p}
	for {
		all, err := p.oneItem()
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, all)
		asText := false
		if p.is("to") {
			t := p.next()
			if t.text != "typeof" || !p.is("(") {
				return nil, p.fail(t, ParserFailure, "typeof(…) is expected here.")
			}
			asText = p.next().text == "string"
			if err := p.want(")"); err != nil {
				return nil, err
			}
		}
		s.text = append(s.text, asText)
		if !p.is(",") {
			break
		}
	}
	if p.is("limit") {
		if _, err := p.howMany(); err != nil {
			return nil, err
		}
	}
	s.all = named(s.all)
	return s, p.plain(exprs(s.all)...)
}

// oneItem reads one of the items, up to a comma.
func (p *parser) oneItem() (item, error) {
	i := item{}
	if t := p.peek(); t.kind == word && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "=" && p.tokens[p.at+1].kind == mark {
		i.name = t.text
		p.next()
		p.next()
	}
	e, err := p.expression()
	i.e = e
	return i, err
}

func (s expanded) apply(in *Table, _ Tables) (*Table, error) {
	out := &Table{Columns: slices.Clone(in.Columns)}
	for _, i := range s.all {
		if err := check(in, s.p, i.e); err != nil {
			return nil, err
		}
		if !slices.Contains(out.Columns, i.name) {
			out.Columns = append(out.Columns, i.name)
		}
	}
	for _, r := range in.Rows {
		lists := make([][]any, len(s.all))
		n := 1 // a row without elements stays, with nothing in it
		for i, it := range s.all {
			lists[i] = elements(it.e.eval(r))
			n = max(n, len(lists[i]))
		}
		for k := range min(n, maxExpanded) {
			c := make(Row, len(r)+len(s.all))
			for name, v := range r {
				c[name] = v
			}
			for i, it := range s.all {
				c[it.name] = nil
				if k < len(lists[i]) {
					if c[it.name] = lists[i][k]; s.text[i] {
						c[it.name] = textOf(lists[i][k])
					}
				}
			}
			out.Rows = append(out.Rows, c)
		}
	}
	return out, nil
}

// elements are those of a list; an object has one for each of its members.
func elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		var all []any
		names, _ := keys(v).([]any)
		for _, name := range names {
			all = append(all, map[string]any{textOf(name): v[textOf(name)]})
		}
		return all
	case nil:
		return nil
	}
	return []any{v}
}

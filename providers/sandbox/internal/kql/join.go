package kql

import (
	"slices"
	"strings"
)

// joined puts rows of two tables together.
type joined struct {
	p     *parser
	kind  string
	right *pipeline
	on    [][2]string // columns of the left and of the right table
	at    []token
}

// kinds of joins that Resource Graph has.
var joinKinds = []string{"innerunique", "inner", "leftouter", "fullouter"}

func (p *parser) join() (step, error) {
	s := joined{p: p, kind: "innerunique"}
	for p.peek().kind == word && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "=" {
		hint := p.next()
		p.next()
		v := p.next()
		if hint.text != "kind" {
			continue
		}
		if s.kind = v.text; !slices.Contains(joinKinds, s.kind) {
			return nil, p.fail(v, ParserFailure, "Resource Graph has joins of the kinds %s only.", strings.Join(joinKinds, ", "))
		}
	}
	if p.joins++; p.joins > maxJoins {
		return nil, p.fail(p.peek(), SemanticError, "A query may have %d joins at most.", maxJoins)
	}
	if err := p.want("("); err != nil {
		return nil, err
	}
	var err error
	if s.right, err = p.pipeline(); err != nil {
		return nil, err
	}
	if err := p.want(")"); err != nil {
		return nil, err
	}
	if err := p.want("on"); err != nil {
		return nil, err
	}
	for {
		if err := s.condition(); err != nil {
			return nil, err
		}
		if !p.is(",") && !p.is("and") {
			return s, nil
		}
	}
}

// condition reads a column that both tables have, or $left.a == $right.b.
func (s *joined) condition() error {
	p := s.p
	t := p.peek()
	name, err := p.name()
	if err != nil {
		return err
	}
	s.at = append(s.at, t)
	if name != "$left" && name != "$right" {
		s.on = append(s.on, [2]string{name, name})
		return nil
	}
	one, err := p.side()
	if err == nil {
		err = p.want("==")
	}
	if err != nil {
		return err
	}
	other := p.next()
	two, err := p.side()
	if err != nil {
		return err
	}
	switch {
	case name == "$left" && other.text == "$right":
		s.on = append(s.on, [2]string{one, two})
	case name == "$right" && other.text == "$left":
		s.on = append(s.on, [2]string{two, one})
	default:
		return p.fail(other, ParserFailure, "A join compares $left.column with $right.column.")
	}
	return nil
}

func (p *parser) side() (string, error) {
	if err := p.want("."); err != nil {
		return "", err
	}
	return p.name()
}

func (s joined) apply(in *Table, tables Tables) (*Table, error) {
	right, err := s.right.run(tables)
	if err != nil {
		return nil, err
	}
	for i, on := range s.on {
		if !slices.Contains(in.Columns, on[0]) || !slices.Contains(right.Columns, on[1]) {
			return nil, s.p.fail(s.at[i], SemanticError, "Failed to resolve the columns '%s' and '%s' of a join", on[0], on[1])
		}
	}
	out := &Table{Columns: slices.Clone(in.Columns)}
	names := map[string]string{} // of the right table's columns in the result
	for _, c := range right.Columns {
		name := c
		for n := 1; slices.Contains(out.Columns, name); n++ {
			name = c + strings.Repeat("1", n)
		}
		names[c] = name
		out.Columns = append(out.Columns, name)
	}
	out.Rows = s.rows(in, right, names)
	return out, nil
}

func (s joined) rows(left, right *Table, names map[string]string) (out []Row) {
	index := map[string][]Row{}
	for _, r := range right.Rows {
		if k, ok := s.key(r, 1); ok {
			index[k] = append(index[k], r)
		}
	}
	merge := func(l, r Row) {
		row := make(Row, len(l)+len(r))
		for c, v := range l {
			row[c] = v
		}
		for c, name := range names {
			row[name] = r[c]
		}
		out = append(out, row)
	}
	seen := map[string]bool{}
	for _, l := range left.Rows {
		k, ok := s.key(l, 0)
		if s.kind == "innerunique" && seen[k] {
			continue
		}
		matches := index[k]
		if !ok {
			matches = nil
		}
		seen[k] = seen[k] || ok
		for _, r := range matches {
			merge(l, r)
		}
		if len(matches) == 0 && strings.HasSuffix(s.kind, "outer") {
			merge(l, nil)
		}
	}
	if s.kind == "fullouter" {
		for _, r := range right.Rows {
			if k, ok := s.key(r, 1); !ok || !seen[k] {
				merge(nil, r)
			}
		}
	}
	return out
}

// key is what a row is joined by; ok is false if it has nothing there.
func (s joined) key(r Row, side int) (k string, ok bool) {
	var all []any
	for _, on := range s.on {
		v := column{name: on[side]}.eval(r)
		if v == nil {
			return "", false
		}
		all = append(all, v)
	}
	return identity(all), true
}

// united puts the rows of several tables one after the other.
type united struct{ others []*pipeline }

func (p *parser) union() (step, error) {
	for p.peek().kind == word && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "=" {
		p.next()
		p.next()
		p.next()
	}
	var s united
	for {
		if p.joins++; p.joins > maxJoins {
			return nil, p.fail(p.peek(), SemanticError, "A query may have %d joins and unions at most.", maxJoins)
		}
		var q *pipeline
		var err error
		if p.is("(") {
			if q, err = p.pipeline(); err == nil {
				err = p.want(")")
			}
		} else {
			q = &pipeline{at: p.peek()}
			q.source, err = p.name()
		}
		if err != nil {
			return nil, err
		}
		s.others = append(s.others, q)
		if !p.is(",") {
			return s, nil
		}
	}
}

func (s united) apply(in *Table, tables Tables) (*Table, error) {
	out := &Table{slices.Clone(in.Columns), slices.Clone(in.Rows)}
	for _, q := range s.others {
		t, err := q.run(tables)
		if err != nil {
			return nil, err
		}
		for _, c := range t.Columns {
			if !slices.Contains(out.Columns, c) {
				out.Columns = append(out.Columns, c)
			}
		}
		out.Rows = append(out.Rows, t.Rows...)
	}
	return out, nil
}

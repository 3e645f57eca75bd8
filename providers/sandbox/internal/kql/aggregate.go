package kql

import "slices"

// aggregates are the functions of summarize: of the values of their first
// argument in the rows of a group.
var aggregates = map[string]struct {
	least, most int
	run         func(rows []Row, args []expr) any
}{
	"count":     {0, 0, func(rows []Row, _ []expr) any { return float64(len(rows)) }},
	"countif":   {1, 1, countIf},
	"dcount":    {1, 2, func(rows []Row, args []expr) any { return float64(len(set(rows, args[0]))) }},
	"sum":       {1, 1, sum},
	"avg":       {1, 1, average},
	"min":       {1, 1, func(rows []Row, args []expr) any { return extreme(rows, args[0], -1) }},
	"max":       {1, 1, func(rows []Row, args []expr) any { return extreme(rows, args[0], 1) }},
	"any":       {1, 1, first},
	"take_any":  {1, 1, first},
	"make_list": {1, 2, func(rows []Row, args []expr) any { return values(rows, args[0]) }},
	"makelist":  {1, 2, func(rows []Row, args []expr) any { return values(rows, args[0]) }},
	"make_set":  {1, 2, func(rows []Row, args []expr) any { return set(rows, args[0]) }},
	"makeset":   {1, 2, func(rows []Row, args []expr) any { return set(rows, args[0]) }},
}

func isAggregate(name string) bool {
	_, ok := aggregates[name]
	return ok
}

// values are those that are there.
func values(rows []Row, e expr) []any {
	all := []any{}
	for _, r := range rows {
		if v := e.eval(r); v != nil {
			all = append(all, v)
		}
	}
	return all
}

func set(rows []Row, e expr) []any {
	seen, all := map[string]bool{}, []any{}
	for _, v := range values(rows, e) {
		if k := textOf(v); !seen[k] {
			seen[k] = true
			all = append(all, v)
		}
	}
	return all
}

func countIf(rows []Row, args []expr) any {
	n := 0.0
	for _, r := range rows {
		if args[0].eval(r) == true {
			n++
		}
	}
	return n
}

func sum(rows []Row, args []expr) any {
	n := 0.0
	for _, v := range values(rows, args[0]) {
		x, _ := numberOf(v)
		n += x
	}
	return n
}

func average(rows []Row, args []expr) any {
	n, total := 0.0, 0.0
	for _, v := range values(rows, args[0]) {
		if x, ok := numberOf(v); ok {
			n++
			total += x
		}
	}
	if n == 0 {
		return nil
	}
	return total / n
}

func extreme(rows []Row, e expr, sign int) (best any) {
	for _, v := range values(rows, e) {
		if best == nil || order(v, best)*sign > 0 {
			best = v
		}
	}
	return best
}

func first(rows []Row, args []expr) any {
	if all := values(rows, args[0]); len(all) > 0 {
		return all[0]
	}
	return nil
}

type summarized struct {
	p   *parser
	all []item // aggregates
	by  []item
}

func (p *parser) summarize() (step, error) {
	s := summarized{p: p}
	var err error
	if t := p.peek(); t.text != "by" || t.kind != word {
		if s.all, err = p.items(); err != nil {
			return nil, err
		}
	}
	for i := range s.all {
		a, ok := s.all[i].e.(aggregate)
		if !ok {
			return nil, p.fail(p.peek(), NotServed, "The sandbox's Resource Graph serves summarize with a single function for each column, such as count().")
		}
		f := aggregates[a.name]
		if len(a.args) < f.least || len(a.args) > f.most {
			return nil, p.fail(a.at, SemanticError, "%s() cannot have %d arguments.", a.name, len(a.args))
		}
		if err := p.plain(a.args...); err != nil {
			return nil, err
		}
		if s.all[i].name == "" {
			s.all[i].name = a.name + "_"
			if len(a.args) > 0 {
				s.all[i].name += nameOf(a.args[0])
			}
		}
	}
	if p.is("by") {
		if s.by, err = p.items(); err != nil {
			return nil, err
		}
		s.by = named(s.by)
	}
	return s, p.plain(exprs(s.by)...)
}

func (s summarized) apply(in *Table, _ Tables) (*Table, error) {
	out := &Table{}
	for _, i := range slices.Concat(s.by, s.all) {
		if err := check(in, s.p, i.e); err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, i.name)
	}
	groups, firsts, order := map[string][]Row{}, map[string][]any{}, []string{}
	for _, r := range in.Rows {
		var values []any
		for _, b := range s.by {
			values = append(values, b.e.eval(r))
		}
		k := identity(values)
		if _, ok := groups[k]; !ok {
			firsts[k], order = values, append(order, k)
		}
		groups[k] = append(groups[k], r)
	}
	if len(s.by) == 0 && len(order) == 0 {
		order = []string{""} // of nothing there is one sum
	}
	for _, k := range order {
		row := Row{}
		for i, b := range s.by {
			row[b.name] = firsts[k][i]
		}
		for _, i := range s.all {
			a := i.e.(aggregate)
			row[i.name] = aggregates[a.name].run(groups[k], a.args)
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

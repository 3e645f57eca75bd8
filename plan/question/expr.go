package question

import "net/netip"

// Op is what a part of a condition does with its arguments.
type Op uint8

// The operations.
const (
	Constant Op = iota // Truth, Text, Number or List, in the fields of these names
	Value              // of Field
	And
	Or
	Not
	Choose // the second argument if the first is true, else the third
	Equal
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	OneOf      // the argument is one of Texts or Numbers
	StartsWith // the first text starts with the second
	EndsWith
	Within // the address is in one of Prefixes
	Has    // Field has a value
)

// Expr is a checked condition or a part of one. Text is compared without
// regard to case. An address is in its usual form.
type Expr struct {
	Op   Op
	Type Type
	Args []*Expr

	Field    Field
	Truth    bool
	Text     string
	Number   float64
	Texts    []string
	Numbers  []float64
	Prefixes []netip.Prefix
}

// Fields returns the names of the fields that e asks for, each once.
func (e *Expr) Fields() []string {
	if e == nil {
		return nil
	}
	seen := map[string]bool{}
	var list []string
	var walk func(e *Expr)
	walk = func(e *Expr) {
		if name := e.Field.Name; name != "" && !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
		for _, a := range e.Args {
			walk(a)
		}
	}
	walk(e)
	return list
}

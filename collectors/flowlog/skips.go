package flowlog

import (
	"strconv"

	"flowctl/collectors/flow"
)

// reason says why something was left out.
type reason struct {
	class string // constant
	text  string // with a value out of the file, escaped and cut; empty if there is none
}

var fine reason

// String is the reason as it is shown.
func (r reason) String() string {
	if r.text != "" {
		return r.text
	}
	return r.class
}

func bad(class string) reason { return reason{class: class} }

func badValue(class string, value []byte) reason {
	const most = 24
	if len(value) > most {
		return reason{class, class + " " + strconv.QuoteToASCII(string(value[:most])) + "…"}
	}
	return reason{class, class + " " + strconv.QuoteToASCII(string(value))}
}

// skips counts what was left out.
type skips struct {
	all []skip
}

type skip struct {
	reason reason
	n      uint64
	offset int64 // of the first
}

// mostReasons bounds how many reasons are told apart by a value of the file;
// past it they are counted by their constant part, so that a hostile file
// cannot fill the memory with them.
const mostReasons = 48

func (s *skips) add(r reason, n uint64, offset int64) {
	if s.count(r, n) {
		return
	}
	if len(s.all) >= mostReasons {
		r = reason{class: r.class}
		if s.count(r, n) {
			return
		}
	}
	s.all = append(s.all, skip{r, n, offset})
}

func (s *skips) count(r reason, n uint64) bool {
	for i := range s.all {
		if s.all[i].reason == r {
			s.all[i].n += n
			return true
		}
	}
	return false
}

// addAll adds what was counted in one record.
func (s *skips) addAll(o *skips) {
	for _, k := range o.all {
		s.add(k.reason, k.n, k.offset)
	}
}

// report hands over what was counted.
func (s *skips) report(in flow.Input) {
	for _, k := range s.all {
		in.Skipped.AddN(in.Source.Path, k.reason.String(), k.n, k.offset)
	}
}

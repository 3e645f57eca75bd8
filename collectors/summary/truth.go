package summary

// truth is what a condition says of a flow: Kleene's three values.
type truth uint8

const (
	no truth = iota
	yes
	undecided // the sources do not say
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case no:
		return yes
	case yes:
		return no
	}
	return undecided
}

// state says whether a field of a flow has a value.
type state uint8

const (
	present state = iota
	absent
	unknown // to the source of the flow
)

// either is the state of a comparison of two values.
func either(a, b state) state {
	switch {
	case a == unknown || b == unknown:
		return unknown
	case a == absent || b == absent:
		return absent
	}
	return present
}

// test returns what a comparison in state s says, of which equal is the
// outcome if there are values: nothing is like no value.
func (s state) test(equal bool) truth {
	switch s {
	case present:
		return truthOf(equal)
	case absent:
		return no
	}
	return undecided
}

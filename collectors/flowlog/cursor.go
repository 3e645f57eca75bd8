package flowlog

import "bytes"

// cursor goes over JSON in b[i:n]. Its methods report false, with i somewhere
// before the trouble, for what is not JSON, for what they do not know, and
// when the bytes end; then i is n. b goes on with zeros for padding bytes.
type cursor struct {
	b    []byte
	i, n int
}

// peek passes white space and returns the byte after it, 0 at the end.
func (c *cursor) peek() byte {
	for c.b[c.i] <= ' ' && space(c.b[c.i]) {
		c.i++
	}
	return c.b[c.i]
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// next passes white space and the byte want.
func (c *cursor) next(want byte) bool {
	if c.peek() != want {
		return false
	}
	c.i++
	return true
}

// key passes what comes before the next member of an object, and its key.
func (c *cursor) key(first bool) (key []byte, end, ok bool) {
	if c.next('}') {
		return nil, true, true
	}
	if !first && !c.next(',') {
		return nil, false, false
	}
	key, ok = c.text()
	return key, false, ok && c.next(':')
}

// element passes what comes before the next element of an array.
func (c *cursor) element(first bool) (end, ok bool) {
	if c.next(']') {
		return true, true
	}
	return false, first || c.next(',')
}

// text passes a string of printable ASCII without escapes.
func (c *cursor) text() ([]byte, bool) {
	s, ok := c.quoted()
	return s, ok && ascii(s)
}

// quoted passes a string and returns what stands between the quotes.
func (c *cursor) quoted() ([]byte, bool) {
	if !c.next('"') {
		return nil, false
	}
	n := bytes.IndexByte(c.b[c.i:c.n], '"')
	if n < 0 {
		c.i = c.n
		return nil, false
	}
	s := c.b[c.i : c.i+n]
	c.i += n + 1
	return s, true
}

// ascii reports whether s has printable ASCII only, and no backslash.
func ascii(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// number passes a number without sign, fraction and exponent.
func (c *cursor) number() ([]byte, bool) {
	c.peek()
	from := c.i
	for c.b[c.i]-'0' <= 9 {
		c.i++
	}
	s := c.b[from:c.i]
	ok := len(s) == 1 || len(s) > 1 && s[0] != '0'
	switch c.b[c.i] {
	case '.', 'e', 'E', '-', '+':
		ok = false
	}
	return s, ok
}

// mostNested is how deep values are that skip passes.
const mostNested = 32

// skip passes a value.
func (c *cursor) skip(depth int) bool {
	switch c.peek() {
	case '"':
		_, ok := c.text()
		return ok
	case '{':
		c.i++
		return depth < mostNested && c.skipMembers(depth)
	case '[':
		c.i++
		return depth < mostNested && c.skipElements(depth)
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	}
	_, ok := c.number()
	return ok
}

func (c *cursor) literal(s string) bool {
	if !bytes.HasPrefix(c.b[c.i:c.n], []byte(s)) {
		return false
	}
	c.i += len(s)
	return true
}

func (c *cursor) skipMembers(depth int) bool {
	for first := true; ; first = false {
		if _, end, ok := c.key(first); !ok || end {
			return ok
		}
		if !c.skip(depth + 1) {
			return false
		}
	}
}

func (c *cursor) skipElements(depth int) bool {
	for first := true; ; first = false {
		if end, ok := c.element(first); !ok || end {
			return ok
		}
		if !c.skip(depth + 1) {
			return false
		}
	}
}

package traffic

// ordered are things that know which of two comes first.
type ordered[T any] interface{ before(T) bool }

// heap keeps the item that comes before all others at index 0.
type heap[T ordered[T]] []T

func (q *heap[T]) push(v T) {
	*q = append(*q, v)
	h := *q
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// fix puts the first item where it belongs after it changed.
func (q heap[T]) fix() {
	for i := 0; ; {
		c := 2*i + 1
		if c >= len(q) {
			return
		}
		if c+1 < len(q) && q[c+1].before(q[c]) {
			c++
		}
		if !q[c].before(q[i]) {
			return
		}
		q[i], q[c] = q[c], q[i]
		i = c
	}
}

// pop removes the first item.
func (q *heap[T]) pop() T {
	h := *q
	v := h[0]
	h[0] = h[len(h)-1]
	*q = h[:len(h)-1]
	q.fix()
	return v
}

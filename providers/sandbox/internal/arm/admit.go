package arm

import (
	"net/http"

	"flowctl/providers/sandbox/internal/world"
)

// visit is what is found out about a request before it is served.
type visit struct {
	asked  call
	struck []*world.Fault
	left   http.Header // what the caller has left of its limits
	partly bool        // the caller may see a part of the list only
	mine   struct {    // see roles
		roles       []*world.Role
		open, known bool
	}
}

// admit refuses a request that comes too fast, is not permitted, or meets a
// fault of the world, in this order.
func (q *request) admit() error {
	segments, err := split(q.r.URL.EscapedPath())
	if err != nil {
		return err
	}
	q.asked = q.call(segments)
	if err := q.throttleNetwork(q.asked); err != nil {
		return err
	}
	if err := q.authorize(q.asked); err != nil {
		return err
	}
	return q.strike(q.asked)
}

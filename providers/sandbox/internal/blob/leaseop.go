package blob

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// leaseAnswer is what a lease operation answers with.
type leaseAnswer struct {
	status int
	id     string
	left   int // seconds of a break; -1: none is told
}

// leaseOperation runs the lease operation that the request asks for on l.
func (q *request) leaseOperation(l *lease) (*lease, leaseAnswer, error) {
	h := q.r.Header
	id, proposed := strings.ToLower(h.Get("X-Ms-Lease-Id")), strings.ToLower(h.Get("X-Ms-Proposed-Lease-Id"))
	a := leaseAnswer{status: http.StatusOK, id: id, left: -1}
	action := strings.ToLower(h.Get("X-Ms-Lease-Action"))
	if err := leaseHeaders(action, id, proposed); err != nil {
		return nil, a, err
	}
	var err error
	switch action {
	case "acquire":
		length, bad := seconds(h, "X-Ms-Lease-Duration", 0)
		if bad != nil || length != forever && (length < minLease || length > maxLease) {
			return nil, a, badHeader("x-ms-lease-duration", h.Get("X-Ms-Lease-Duration"))
		}
		a.status, a.id = http.StatusCreated, proposed
		if a.id == "" {
			a.id = uuid.NewString()
		}
		l, err = l.acquire(a.id, length, q.now)
	case "renew":
		l, err = l.renew(id, q.now)
	case "change":
		a.id = proposed
		l, err = l.change(id, proposed, q.now)
	case "release":
		a.id = ""
		l, err = nil, l.release(id)
	case "break":
		period, bad := seconds(h, "X-Ms-Lease-Break-Period", breakUnset)
		if bad != nil || period > maxBreak || period < breakUnset {
			return nil, a, badHeader("x-ms-lease-break-period", h.Get("X-Ms-Lease-Break-Period"))
		}
		a.status, a.id = http.StatusAccepted, ""
		l, a.left, err = l.end(period, q.now)
	}
	return l, a, err
}

// leaseHeaders refuses actions without the headers that they need.
func leaseHeaders(action, id, proposed string) error {
	for name, value := range map[string]string{"x-ms-lease-id": id, "x-ms-proposed-lease-id": proposed} {
		if _, err := uuid.Parse(value); value != "" && err != nil {
			return badHeader(name, value)
		}
	}
	needed := map[string][]string{"acquire": nil, "renew": {id}, "change": {id, proposed}, "release": {id}, "break": nil}
	values, ok := needed[action]
	if !ok {
		return badHeader("x-ms-lease-action", action)
	}
	for i, v := range values {
		if v == "" {
			return missingHeader([]string{"x-ms-lease-id", "x-ms-proposed-lease-id"}[i])
		}
	}
	return nil
}

func seconds(h http.Header, name string, unset int) (int, error) {
	text := h.Get(name)
	if text == "" {
		return unset, nil
	}
	return strconv.Atoi(text)
}

// answerLease answers a lease operation. A lease changes neither the entity
// tag nor the time of what it locks.
func (q *request) answerLease(a leaseAnswer) error {
	h := q.w.Header()
	if a.id != "" {
		h.Set("X-Ms-Lease-Id", a.id)
	}
	if a.left >= 0 {
		h.Set("X-Ms-Lease-Time", strconv.Itoa(a.left))
	}
	return q.empty(a.status)
}

func (q *request) leaseBlob() error {
	var a leaseAnswer
	b, err := q.edit(func(up *uploadBlob, b Blob) (err error) {
		up.Lease, a, err = q.leaseOperation(b.Lease)
		return err
	})
	if err != nil {
		return err
	}
	q.stamp(b.ETag, b.Modified)
	return q.answerLease(a)
}

func (q *request) leaseContainer() error {
	var a leaseAnswer
	c, err := q.editContainer(func(c *uploadedContainer) (err error) {
		c.State.Lease, a, err = q.leaseOperation(c.State.Lease)
		return err
	})
	if err != nil {
		return asContainer(err)
	}
	q.stamp(c.ETag(), c.Modified)
	return q.answerLease(a)
}

// leaseState tells how a lease stands, in headers.
func (q *request) leaseState(l *lease) {
	h := q.w.Header()
	h.Set("X-Ms-Lease-Status", l.status(q.now))
	h.Set("X-Ms-Lease-State", l.state(q.now))
	if d := l.duration(q.now); d != "" {
		h.Set("X-Ms-Lease-Duration", d)
	}
}

package blob

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// use is what a request does with a blob whose conditions it states.
type use int

const (
	reads use = iota
	changes
	creates // the blob may be missing
)

// conditions checks what the request demands of a blob: its lease first, then
// the conditions of RFC 9110, 13.1, as the service applies them.
func (q *request) conditions(b Blob, exists bool, u use) error {
	id := strings.ToLower(q.r.Header.Get("X-Ms-Lease-Id"))
	if q.comp == "lease" { // whose own operation judges the ID
		id = ""
	} else if err := b.Lease.admits(id, u != reads, q.now); exists && err != nil {
		return err
	}
	// A write with the ID of the active lease is not refused for a blob that
	// must be new: recorded in blob-lease-blob-with-duration.
	mayExist := id != ""
	if err := q.httpConditions(b, exists, u, mayExist); err != nil {
		return err
	}
	return q.tagCondition(b, exists)
}

func (q *request) httpConditions(b Blob, exists bool, u use, mayExist bool) error {
	h := q.r.Header
	ifMatch, ifNone := h.Get("If-Match"), h.Get("If-None-Match")
	if strings.Contains(ifMatch, ",") || strings.Contains(ifNone, ",") {
		return errMultipleConditions
	}
	if ifMatch != "" && (!exists || !matches(ifMatch, b.ETag)) {
		return errConditionNotMet
	}
	if !exists {
		return nil
	}
	if t, ok := condTime(h.Get("If-Unmodified-Since")); ok && after(b.Modified, t) {
		return errConditionNotMet
	}
	notNew := errConditionNotMet
	switch {
	case u == reads:
		notNew = errNotModified
	case u == creates && ifNone == "*":
		notNew = errBlobExists
	}
	if ifNone != "" {
		if matches(ifNone, b.ETag) && !(u == creates && ifNone == "*" && mayExist) {
			return notNew
		}
		return nil // which overrides If-Modified-Since
	}
	if t, ok := condTime(h.Get("If-Modified-Since")); ok && !after(b.Modified, t) {
		return notNew
	}
	return nil
}

// tagCondition is x-ms-if-tags.
func (q *request) tagCondition(b Blob, exists bool) error {
	text := q.r.Header.Get("X-Ms-If-Tags")
	if text == "" || !exists {
		return nil
	}
	c, err := parseTagQuery(text)
	if err != nil {
		return badHeader("x-ms-if-tags", text)
	}
	if !c.holds(q.container, b.Tags) {
		return errConditionNotMet
	}
	return nil
}

// containerConditions are those that operations on containers know: a lease,
// and the time of the last change.
func (q *request) containerConditions(c Container, u use) error {
	h := q.r.Header
	if q.comp != "lease" {
		// A lease on a container guards it against its deletion only.
		write := u != reads && q.r.Method == http.MethodDelete
		if err := c.Lease.admits(strings.ToLower(h.Get("X-Ms-Lease-Id")), write, q.now); err != nil {
			return asContainer(err)
		}
	}
	if t, ok := condTime(h.Get("If-Unmodified-Since")); ok && after(c.Modified, t) {
		return errConditionNotMet
	}
	if t, ok := condTime(h.Get("If-Modified-Since")); ok && !after(c.Modified, t) {
		return errConditionNotMet
	}
	return nil
}

// asContainer says of a container what err says of a blob.
func asContainer(err error) error {
	var e *Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Code, "Lease") {
		return err
	}
	return refusal(e.Status, strings.Replace(e.Code, "BlobOperation", "ContainerOperation", 1), strings.Replace(e.Message, "the blob", "the container", 1))
}

// matches reports whether tag is the one of a condition.
func matches(condition, tag string) bool {
	condition = strings.TrimPrefix(strings.TrimSpace(condition), "W/")
	return condition == "*" || strings.Trim(condition, `"`) == tag
}

func condTime(text string) (time.Time, bool) {
	t, err := http.ParseTime(text)
	return t, err == nil
}

// after compares in whole seconds, which is all that headers can say.
func after(t, u time.Time) bool { return t.Truncate(time.Second).After(u) }

package arm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"flowctl/providers/sandbox/internal/wire"
)

// request is one request and the moment at which it came.
type request struct {
	*Server
	r     *http.Request
	now   time.Time
	query url.Values
	path  map[string]string // values of the route's names

	extensions map[string][]*Extension // by what carries them; nil: not indexed
	over       struct {                // see overlay
		of  *State
		n   int
		all map[string]*Resource
	}
	visit
}

// reply is what is answered.
type reply struct {
	status int
	header http.Header
	body   any // nil: none
}

func ok(body any) (reply, error) { return reply{status: http.StatusOK, body: body}, nil }

// serve finds out what is asked for and answers it.
func (q *request) serve() (reply, error) {
	if err := q.identify(); err != nil {
		return reply{}, err
	}
	if err := q.throttle(); err != nil {
		return reply{}, err
	}
	h, err := q.find()
	if err != nil {
		return reply{}, err
	}
	if err := q.needVersion(); err != nil {
		return reply{}, err
	}
	if err := q.enter(); err != nil {
		return reply{}, err
	}
	if err := q.admit(); err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	if group, ok := q.path["group"]; ok {
		if err := q.needGroup(st, group); err != nil {
			return reply{}, err
		}
	}
	if err := q.unlocked(st); err != nil {
		return reply{}, err
	}
	rep, err := h(q)
	if err != nil {
		return reply{}, err
	}
	return q.visible(rep)
}

// param is a query parameter, whose name may be in any case.
func (q *request) param(name string) string {
	for key, values := range q.query {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// maxBody is the most that ARM reads of a request.
const maxBody = 4 << 20

// decode reads the request's body into v.
func (q *request) decode(v any) error {
	text, err := io.ReadAll(io.LimitReader(q.r.Body, maxBody+1))
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	if len(text) > maxBody {
		return &Error{Status: 413, Code: "RequestContentTooLarge", Message: "The request content size exceeds the maximum size of 4 MB."}
	}
	if err := json.Unmarshal(text, v); err != nil {
		return &Error{Status: 400, Code: "InvalidRequestContent",
			Message: fmt.Sprintf("The request content was invalid and could not be deserialized: '%v'.", err)}
	}
	return nil
}

// base is the URL of the server under the name by which the client asked.
func (q *request) base() string {
	if q.r.TLS != nil {
		return "https://" + q.r.Host
	}
	return "http://" + q.r.Host
}

// refusal is the answer that tells of an error. One that is no refusal is the
// sandbox's own and is logged.
func (q *request) refusal(err error) reply {
	var e *Error
	if !errors.As(err, &e) {
		level := slog.LevelError
		if q.r.Context().Err() != nil { // the client went away, and nobody is told
			level = slog.LevelDebug
		}
		q.log.Log(q.r.Context(), level, "the sandbox's ARM failed", "method", q.r.Method, "path", q.r.URL.Path, "error", err)
		e = &Error{Status: 500, Code: "InternalServerError", Message: err.Error()}
	}
	q.log.Debug("the sandbox's ARM refuses", "method", q.r.Method, "path", q.r.URL.Path, "status", e.Status, "code", e.Code)
	return e.reply()
}

// pages are the buffers of answers that were sent: a page of a list has some
// megabytes.
var pages = sync.Pool{New: func() any { return new([]byte) }}

// write sends the answer with the headers that every answer of ARM has.
func (q *request) write(w http.ResponseWriter, rep reply) {
	h := w.Header()
	q.commonHeaders(h)
	maps.Copy(h, rep.header)
	if rep.body == nil {
		if rep.status != http.StatusNoContent {
			h.Set("Content-Length", "0")
		}
		w.WriteHeader(rep.status)
		return
	}
	buf := pages.Get().(*[]byte)
	defer pages.Put(buf)
	text, err := wire.Append((*buf)[:0], rep.body)
	*buf = text
	if o, ok := w.(interface{ InOrder() }); ok {
		o.InOrder()
	}
	if err != nil {
		q.log.Error("the sandbox's ARM failed", "path", q.r.URL.Path, "error", err)
		rep.status, text = http.StatusInternalServerError, []byte(`{"error":{"code":"InternalServerError","message":"An error occurred."}}`)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(rep.status)
	if _, err := w.Write(text); err != nil {
		q.log.Debug("the client went away", "path", q.r.URL.Path, "error", err)
	}
}

func (q *request) commonHeaders(h http.Header) {
	id := uuid.NewString()
	correlation := q.r.Header.Get("X-Ms-Correlation-Request-Id")
	if correlation == "" || len(correlation) > 100 {
		correlation = id
	}
	h.Set("Cache-Control", "no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
	h.Set("Date", q.now.UTC().Format(http.TimeFormat))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Ms-Request-Id", id)
	h.Set("X-Ms-Arm-Service-Request-Id", uuid.NewString())
	h.Set("X-Ms-Correlation-Request-Id", correlation)
	h.Set("X-Ms-Routing-Request-Id", "SANDBOX:"+q.now.UTC().Format("20060102T150405Z")+":"+id)
	if v := q.r.Header.Get("X-Ms-Client-Request-Id"); v != "" && len(v) <= 1024 &&
		strings.EqualFold(q.r.Header.Get("X-Ms-Return-Client-Request-Id"), "true") {
		h.Set("X-Ms-Client-Request-Id", v)
	}
	q.rateHeaders(h)
}

package arm

import (
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Lock is a management lock, the world's or one that a client laid.
type Lock struct {
	ID    plan.ID `json:"id"`
	Scope plan.ID `json:"scope"`
	Level string  `json:"level"` // ReadOnly, CanNotDelete
	Notes string  `json:"notes,omitempty"`
}

const readOnly, cannotDelete = "ReadOnly", "CanNotDelete"

func seedLocks(w *world.World) []*Lock {
	var all []*Lock
	for _, l := range w.Locks {
		all = append(all, &Lock{ID: l.ID, Scope: l.Scope, Level: l.Level, Notes: l.Notes})
	}
	return all
}

type lockDoc struct {
	ID         plan.ID `json:"id"`
	Name       string  `json:"name"`
	Type       string  `json:"type"`
	Properties struct {
		Level string `json:"level"`
		Notes string `json:"notes,omitempty"`
	} `json:"properties"`
}

func (l *Lock) doc() lockDoc {
	d := lockDoc{ID: l.ID, Name: l.ID.Name(), Type: authorization + "/locks"}
	d.Properties.Level, d.Properties.Notes = l.Level, l.Notes
	return d
}

func lockRoutes() []route {
	const path = "/providers/" + authorization + "/locks"
	return append(atScopes(path, (*request).listLocks, nil, nil),
		atScopes(path+"/{lock}", (*request).getLock, (*request).putLock, (*request).deleteLock)...)
}

// listLocks lists those on the scope, on what holds it, and on what is in it;
// with the filter atScope() not the last.
func (q *request) listLocks() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	scope := q.scope()
	if err := q.needScope(st, scope); err != nil {
		return reply{}, err
	}
	filter := strings.ReplaceAll(q.param("$filter"), " ", "")
	if filter != "" && !strings.EqualFold(filter, "atScope()") {
		return reply{}, gatewayError(400, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string; the only one is atScope().", q.param("$filter"))
	}
	var kept []*Lock
	for _, l := range st.Locks {
		if covers(l.Scope, scope) || filter == "" && covers(scope, l.Scope) {
			kept = append(kept, l)
		}
	}
	return paged(q, kept, (*Lock).doc)
}

func (q *request) lockID() plan.ID {
	return q.scope() + "/providers/" + authorization + "/locks/" + plan.ID(q.path["lock"])
}

func (st *State) lock(id plan.ID) *Lock {
	for _, l := range st.Locks {
		if l.ID.Is(id) {
			return l
		}
	}
	return nil
}

func (q *request) getLock() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	if l := st.lock(q.lockID()); l != nil {
		return ok(l.doc())
	}
	return reply{}, gatewayError(404, "LockNotFound", "The lock '%s' could not be found.", q.path["lock"])
}

func (q *request) putLock() (rep reply, err error) {
	var body struct {
		Properties struct {
			Level string `json:"level"`
			Notes string `json:"notes"`
		} `json:"properties"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	want := Lock{ID: q.lockID(), Scope: q.scope(), Notes: body.Properties.Notes}
	for _, level := range []string{readOnly, cannotDelete} {
		if strings.EqualFold(level, body.Properties.Level) {
			want.Level = level
		}
	}
	if want.Level == "" {
		return reply{}, gatewayError(400, "InvalidLockLevel", "The lock level '%s' is not one of '%s', '%s'.", body.Properties.Level, cannotDelete, readOnly)
	}
	err = q.update(q.r.Context(), func(st *State) error {
		if err := q.needScope(st, want.Scope); err != nil {
			return err
		}
		rep = reply{status: http.StatusOK, body: want.doc()}
		if l := st.lock(want.ID); l != nil {
			l.Level, l.Notes = want.Level, want.Notes
			return nil
		}
		rep.status = http.StatusCreated
		st.Locks = append(st.Locks, &want)
		return nil
	})
	return rep, err
}

func (q *request) deleteLock() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		rep = reply{status: http.StatusNoContent}
		if st.lock(q.lockID()) != nil {
			rep.status = http.StatusOK
		}
		st.Locks = slices.DeleteFunc(st.Locks, func(l *Lock) bool { return l.ID.Is(q.lockID()) })
		return nil
	})
	return rep, err
}

// unlocked refuses the request if a lock stands against it. Locks concern
// resource groups and what is in them; read-only ones forbid actions too, even
// those that only read, such as listing an account's keys.
func (q *request) unlocked(st *State) error {
	if strings.Contains(strings.ToLower(q.r.URL.Path), "/providers/"+strings.ToLower(authorization)+"/") {
		return nil
	}
	id, verb := plan.ID("/"+strings.Trim(q.r.URL.Path, "/")), "write"
	switch q.r.Method {
	case http.MethodPut, http.MethodPatch:
	case http.MethodDelete:
		verb = "delete"
	case http.MethodPost:
		id = id[:strings.LastIndexByte(string(id), '/')]
	default:
		return nil
	}
	if id.ResourceGroup() == "" {
		return nil
	}
	return st.unlocked(id, verb)
}

// unlocked refuses to write or delete what a lock protects. What holds
// something that is locked cannot be deleted either.
func (st *State) unlocked(id plan.ID, verb string) error {
	var by []string
	for _, l := range st.Locks {
		above, below := covers(l.Scope, id), covers(id, l.Scope)
		if verb == "write" && above && l.Level == readOnly || verb == "delete" && (above || below) {
			by = append(by, "'"+string(l.Scope)+"'")
		}
	}
	if by == nil {
		return nil
	}
	return gatewayError(http.StatusConflict, "ScopeLocked", "The scope '%s' cannot perform %s operation because following scope(s) are locked: %s. "+
		"Please remove the lock and try again.", id, verb, strings.Join(by, ","))
}

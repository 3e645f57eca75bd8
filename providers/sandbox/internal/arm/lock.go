package arm

import (
	"net/http"
	"strings"

	"flowctl/plan"
)

const readOnly, cannotDelete = "ReadOnly", "CanNotDelete"

// checkLock spells the level of a lock as ARM does.
func (q *request) checkLock(_ *State, m *Resource) error {
	props := m.properties()
	for _, level := range []string{readOnly, cannotDelete} {
		if strings.EqualFold(level, text(props, "level")) {
			props["level"] = level
			return nil
		}
	}
	return gatewayError(400, "InvalidLockLevel", "The lock level '%s' is not one of '%s', '%s'.", text(props, "level"), cannotDelete, readOnly)
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
	return q.unlockedAt(st, id, verb)
}

// unlockedAt refuses to write or delete what a lock protects. What holds
// something that is locked cannot be deleted either.
func (q *request) unlockedAt(st *State, id plan.ID, verb string) error {
	var by []string
	for _, l := range q.ofType(st, authorization+"/locks") {
		scope := scopeOf(l.ID)
		above, below := covers(scope, id), covers(id, scope)
		if verb == "write" && above && text(l.properties(), "level") == readOnly || verb == "delete" && (above || below) {
			by = append(by, "'"+string(scope)+"'")
		}
	}
	if by == nil {
		return nil
	}
	return gatewayError(http.StatusConflict, "ScopeLocked", "The scope '%s' cannot perform %s operation because following scope(s) are locked: %s. "+
		"Please remove the lock and try again.", id, verb, strings.Join(by, ","))
}

package arm

import "strings"

// fillIdentity completes the managed identity of a resource: who it is in the
// tenant. One of the type None is not shown.
func (q *request) fillIdentity(m *Resource, doc map[string]any) {
	if doc["identity"] == nil {
		return
	}
	id := object(doc, "identity")
	kind := strings.ToLower(text(id, "type"))
	if kind == "" || kind == "none" {
		delete(doc, "identity")
		return
	}
	if strings.Contains(kind, "systemassigned") {
		id["principalId"], id["tenantId"] = q.world.GUID("identity of "+m.ID.Key()+m.GUID), q.world.TenantOf(m.ID)
	}
	users := object(id, "userAssignedIdentities")
	if len(users) == 0 {
		delete(id, "userAssignedIdentities")
	}
	for name := range users {
		users[name] = map[string]any{"principalId": q.world.GUID("principal of " + strings.ToLower(name)),
			"clientId": q.world.GUID("client of " + strings.ToLower(name))}
	}
}

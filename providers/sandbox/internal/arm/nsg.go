package arm

import (
	"maps"
	"net/http"
	"strings"

	"flowctl/providers/sandbox/internal/world"
)

func (q *request) wroteNSG(st *State, m *Resource) error {
	if m.properties()["securityRules"] == nil {
		return nil
	}
	list := objects(m.properties(), "securityRules")
	delete(m.properties(), "securityRules")
	return q.sync(st, m, kindOf(ruleType), list)
}

func (q *request) fillNSG(st *State, m *Resource, _, props map[string]any) {
	props["securityRules"] = q.shownIn(st, m.ID, ruleType)
	props["defaultSecurityRules"] = q.defaultRules(m)
	for name, kind := range map[string]string{"subnets": subnetType, "networkInterfaces": nicType} {
		var users []any
		for _, user := range q.users(st, m.ID, kind) {
			users = append(users, ref(user.ID))
		}
		if users != nil {
			props[name] = users
		}
	}
	q.fillFlowLogs(st, m, props)
}

func nsgInUse(m, user *Resource, _ string) *Error {
	return refuse(400, "InUseNetworkSecurityGroupCannotBeDeleted", "Network security group %s cannot be deleted because it is in use by the following resources: %s. "+
		"In order to delete the Network security group, remove the association with the resource(s).", m.ID, user.ID)
}

// The priorities that users' rules may have.
const (
	lowestPriority  = 100
	highestPriority = 4096
)

func (q *request) checkRule(st *State, m *Resource) error {
	props := m.properties()
	priority, _ := props["priority"].(float64)
	direction := text(props, "direction")
	switch {
	case priority < lowestPriority || priority > highestPriority:
		return refuse(400, "SecurityRuleInvalidPriority", "Security rule has invalid Priority. Value provided: %v Allowed range 100-4096.", props["priority"])
	case !strings.EqualFold(direction, "Inbound") && !strings.EqualFold(direction, "Outbound"):
		return errInvalid("direction", "'%s' is not Inbound or Outbound.", direction)
	case !strings.EqualFold(text(props, "access"), "Allow") && !strings.EqualFold(text(props, "access"), "Deny"):
		return errInvalid("access", "'%s' is not Allow or Deny.", text(props, "access"))
	}
	for _, other := range q.below(st, m.ID.Parent(), ruleType) {
		if !other.ID.Is(m.ID) && other.properties()["priority"] == props["priority"] && strings.EqualFold(text(other.properties(), "direction"), direction) {
			return refuse(http.StatusBadRequest, "SecurityRuleConflict", "Security rule %s conflicts with rule %s. Rules cannot have the same Priority and Direction.",
				m.ID.Name(), other.ID.Name())
		}
	}
	return nil
}

func (q *request) fillRule(_ *State, _ *Resource, _, props map[string]any) {
	orElse(props, map[string]any{"sourcePortRanges": []any{}, "destinationPortRanges": []any{},
		"sourceAddressPrefixes": []any{}, "destinationAddressPrefixes": []any{}})
}

// defaultRules are the six rules that every group has, each with an etag, as
// recording nsg shows.
func (q *request) defaultRules(m *Resource) []any {
	all := []any{}
	for _, r := range world.DefaultRules(m.ID) {
		props := ruleProperties(r)
		props["provisioningState"] = m.state(q.now)
		rule := map[string]any{"name": r.Name, "id": string(r.ID), "etag": q.tagOf(m), "type": nsgType + "/defaultSecurityRules", "properties": props}
		if v := q.param("api-version"); v != "" && v < "2018-01-01" { // recordings nw-effective-2017, nw-effective-nsg-400-2017
			delete(rule, "type")
			maps.DeleteFunc(props, func(name string, v any) bool { list, ok := v.([]any); return ok && len(list) == 0 })
		}
		all = append(all, rule)
	}
	return all
}

// defaultsInPath are the default rules of the group in the path.
func (q *request) defaultsInPath() ([]any, error) {
	st, err := q.State()
	if err != nil {
		return nil, err
	}
	id := q.pathID(st, nsgType)
	m := q.at(st, id)
	if m == nil {
		return nil, q.missing(id, nsgType)
	}
	return q.defaultRules(m), nil
}

func (q *request) listDefaultRules() (reply, error) {
	all, err := q.defaultsInPath()
	if err != nil {
		return reply{}, err
	}
	return paged(q, all, func(r any) any { return r })
}

func (q *request) getDefaultRule() (reply, error) {
	all, err := q.defaultsInPath()
	if err != nil {
		return reply{}, err
	}
	for _, r := range all {
		if strings.EqualFold(text(r.(map[string]any), "name"), q.path["child"]) {
			return ok(r)
		}
	}
	return reply{}, errNotFound(nsgType+"/"+q.path["name"]+"/defaultSecurityRules/"+q.path["child"], q.path["group"])
}

package arm

import (
	"net/http"

	"flowctl/providers/sandbox/internal/world"
)

type subscription struct {
	ID                  string            `json:"id"`
	AuthorizationSource string            `json:"authorizationSource"`
	ManagedByTenants    []string          `json:"managedByTenants"`
	SubscriptionID      string            `json:"subscriptionId"`
	TenantID            string            `json:"tenantId"`
	DisplayName         string            `json:"displayName"`
	State               string            `json:"state"`
	Policies            map[string]string `json:"subscriptionPolicies"`
}

func subscriptionDoc(s world.Subscription) subscription {
	return subscription{
		ID: "/subscriptions/" + s.ID, AuthorizationSource: "RoleBased", ManagedByTenants: []string{},
		SubscriptionID: s.ID, TenantID: s.Tenant, DisplayName: s.Name, State: "Enabled",
		Policies: map[string]string{"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
	}
}

func (q *request) listSubscriptions() (reply, error) {
	var all []subscription
	for _, s := range q.ours() {
		all = append(all, subscriptionDoc(s))
	}
	return whole(all)
}

func (q *request) getSubscription() (reply, error) { return ok(subscriptionDoc(q.owner())) }

type tenant struct {
	ID       string `json:"id"`
	TenantID string `json:"tenantId"`
	Category string `json:"tenantCategory"`
}

// listTenants lists the tenants in which the caller is known. Who signs in is
// known in all tenants of the world, as the sandbox's own choice.
func (q *request) listTenants() (reply, error) {
	var all []tenant
	for _, id := range q.world.Tenants() {
		category := "Home"
		if id != q.tenant() {
			category = "ManagedBy"
		}
		all = append(all, tenant{"/tenants/" + id, id, category})
	}
	return whole(all)
}

type location struct {
	ID                  string `json:"id"`
	Name                string `json:"name"`
	Type                string `json:"type"`
	DisplayName         string `json:"displayName"`
	RegionalDisplayName string `json:"regionalDisplayName"`
	Metadata            struct {
		RegionType string `json:"regionType"`
	} `json:"metadata"`
}

func (q *request) listLocations() (reply, error) {
	var all []location
	for _, name := range q.world.Regions {
		l := location{ID: "/subscriptions/" + q.sub() + "/locations/" + name, Name: name,
			Type: "Region"}
		l.DisplayName, l.RegionalDisplayName = displayName(name)
		l.Metadata.RegionType = "Physical"
		all = append(all, l)
	}
	return whole(all)
}

func (q *request) needGroup(st *State, name string) error {
	if q.at(st, q.groupID(name)) == nil {
		return errGroup(name)
	}
	return nil
}

func (q *request) listGroups() (reply, error) {
	filter, err := parseFilter(q.param("$filter"))
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var kept []any
	for _, m := range inPath(q, q.ofType(st, groupType), idOf) {
		if filter.keeps(generic{ID: m.ID, Name: m.ID.Name(), Type: groupType, Location: m.Location, Tags: m.tags()}) {
			kept = append(kept, q.draw(st, m))
		}
	}
	return paged(q, kept, func(doc any) any { return doc })
}

func (q *request) getGroup() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	if err := q.needGroup(st, q.path["name"]); err != nil {
		return reply{}, err
	}
	if q.r.Method == http.MethodHead { // the check whether it exists
		return reply{status: http.StatusNoContent}, nil
	}
	return ok(q.draw(st, q.at(st, q.groupID(q.path["name"]))))
}

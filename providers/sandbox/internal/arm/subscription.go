package arm

import (
	"net/http"
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

func (q *request) subscription() subscription {
	return subscription{
		ID: "/subscriptions/" + q.world.Subscription, AuthorizationSource: "RoleBased", ManagedByTenants: []string{},
		SubscriptionID: q.world.Subscription, TenantID: q.world.Tenant, DisplayName: q.world.Name, State: "Enabled",
		Policies: map[string]string{"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
	}
}

func (q *request) listSubscriptions() (reply, error) { return whole([]subscription{q.subscription()}) }

func (q *request) getSubscription() (reply, error) { return ok(q.subscription()) }

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
		l := location{ID: "/subscriptions/" + q.world.Subscription + "/locations/" + name, Name: name,
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
	for _, m := range q.ofType(st, groupType) {
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

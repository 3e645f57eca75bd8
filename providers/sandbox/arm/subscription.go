package arm

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/world"
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
			Type: "Region", DisplayName: name, RegionalDisplayName: name}
		l.Metadata.RegionType = "Physical"
		all = append(all, l)
	}
	return whole(all)
}

// providerTypes are the resource types of each namespace that clients ask for.
var providerTypes = map[string][]string{
	"Microsoft.Authorization":       {"permissions", "roleAssignments", "roleDefinitions"},
	"Microsoft.Compute":             {"virtualMachines", "virtualMachines/extensions", "virtualMachineScaleSets"},
	"Microsoft.Insights":            {"dataCollectionRules", "dataCollectionEndpoints"},
	"Microsoft.Network":             {"virtualNetworks", "networkInterfaces", "networkSecurityGroups", "publicIPAddresses", "networkWatchers", "networkWatchers/flowLogs", "networkWatchers/packetCaptures"},
	"Microsoft.OperationalInsights": {"workspaces"},
	"Microsoft.Resources":           {"subscriptions", "resourceGroups"},
	"Microsoft.Storage":             {"storageAccounts"},
}

// apiVersions are those that the providers' clients choose from; requests may
// name any other.
var apiVersions = []string{"2025-05-01", "2025-01-01", "2024-05-01", "2024-03-01", "2023-09-01", "2022-10-01", "2022-07-01", "2022-01-01", "2021-04-01"}

type provider struct {
	ID                string         `json:"id"`
	Namespace         string         `json:"namespace"`
	ResourceTypes     []resourceType `json:"resourceTypes"`
	RegistrationState string         `json:"registrationState"`
	Policy            string         `json:"registrationPolicy"`
}

type resourceType struct {
	ResourceType string   `json:"resourceType"`
	Locations    []string `json:"locations"`
	APIVersions  []string `json:"apiVersions"`
	Capabilities string   `json:"capabilities"`
}

func (q *request) provider(st *State, ns string) provider {
	p := provider{ID: "/subscriptions/" + q.world.Subscription + "/providers/" + ns, Namespace: ns,
		RegistrationState: st.registered(ns), Policy: "RegistrationRequired", ResourceTypes: []resourceType{}}
	for _, t := range providerTypes[ns] {
		p.ResourceTypes = append(p.ResourceTypes, resourceType{ResourceType: t, Locations: q.world.Regions,
			APIVersions: apiVersions, Capabilities: "None"})
	}
	return p
}

// registered is a namespace's registration state; a world begins with all of
// them registered.
func (st *State) registered(ns string) string {
	return cmp.Or(st.Providers[ns], "Registered")
}

func namespaces() []string {
	var all []string
	for ns := range providerTypes {
		all = append(all, ns)
	}
	slices.Sort(all)
	return all
}

// namespace is the one in the path, in its own case.
func (q *request) namespace() (string, error) {
	for _, ns := range namespaces() {
		if strings.EqualFold(ns, q.path["ns"]) {
			return ns, nil
		}
	}
	return "", gatewayError(404, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", q.path["ns"])
}

func (q *request) listProviders() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return paged(q, namespaces(), func(ns string) provider { return q.provider(st, ns) })
}

func (q *request) getProvider() (reply, error) {
	ns, err := q.namespace()
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return ok(q.provider(st, ns))
}

func (q *request) registerProvider() (reply, error)   { return q.setRegistered("Registered") }
func (q *request) unregisterProvider() (reply, error) { return q.setRegistered("NotRegistered") }

func (q *request) setRegistered(state string) (reply, error) {
	ns, err := q.namespace()
	if err != nil {
		return reply{}, err
	}
	var doc provider
	err = q.update(q.r.Context(), func(st *State) error {
		if st.Providers == nil {
			st.Providers = map[string]string{}
		}
		st.Providers[ns] = state
		doc = q.provider(st, ns)
		return nil
	})
	return reply{status: http.StatusOK, body: doc}, err
}

// needRegistered refuses what needs a namespace that is not registered.
func (q *request) needRegistered(st *State, ns string) error {
	if st.registered(ns) == "Registered" {
		return nil
	}
	return gatewayError(409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '%s'. "+
		"See https://aka.ms/rps-not-found for how to register subscriptions.", ns)
}

func (q *request) needGroup(st *State, name string) error {
	if q.groups[strings.ToLower(name)] == nil && st.made(q.groupID(name), q.now) == nil {
		return errGroup(name)
	}
	return nil
}

type resourceGroup struct {
	ID         plan.ID           `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Properties struct {
		ProvisioningState string `json:"provisioningState"`
	} `json:"properties"`
}

func groupDoc(g *world.ResourceGroup) resourceGroup {
	doc := resourceGroup{ID: g.ID, Name: g.Name, Type: groupType, Location: g.Location, Tags: g.Tags}
	doc.Properties.ProvisioningState = "Succeeded"
	return doc
}

func (q *request) listGroups() (reply, error) {
	filter, err := parseTagFilter(q.param("$filter"))
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var kept []any
	for _, g := range q.world.Groups {
		if filter.keeps(groupType, g.Name, g.Tags) {
			kept = append(kept, groupDoc(g))
		}
	}
	for _, m := range st.allMade(groupType, q.now) {
		if filter.keeps(groupType, m.ID.Name(), m.tags()) {
			kept = append(kept, q.madeDoc(st, m))
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
	if g := q.groups[strings.ToLower(q.path["name"])]; g != nil {
		return ok(groupDoc(g))
	}
	return ok(q.madeDoc(st, st.made(q.groupID(q.path["name"]), q.now)))
}

package arm

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// providerTypes are the resource types of each namespace.
func providerTypes() map[string][]string {
	all := map[string][]string{}
	for _, k := range kinds() {
		ns, typ, _ := strings.Cut(k.name, "/")
		all[ns] = append(all[ns], typ)
	}
	return all
}

// apiVersions are those that the providers' clients choose from. Which ones
// Azure has of each type the sandbox does not know: it takes any date from the
// first to the last, and that is its own choice.
var apiVersions = []string{"2025-05-01", "2025-01-01", "2024-05-01", "2024-03-01", "2023-09-01", "2022-10-01", "2022-07-01", "2022-01-01", "2021-04-01"}

const oldestVersion, newestVersion = "2014-01-01", "2027-12-31"

var versionForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(-[A-Za-z0-9]+)?$`)
})

// needVersion refuses a request without an api-version, or with one that there
// cannot be (azure.md names both codes).
func (q *request) needVersion() error {
	v := q.param("api-version")
	supported := strings.Join(apiVersions, ",")
	switch {
	case v == "":
		return errNoVersion
	case !versionForm().MatchString(v):
		return gatewayError(400, "InvalidApiVersionParameter", "The api-version '%s' is invalid. The supported versions are '%s'.", v, supported)
	case v[:10] < oldestVersion || v[:10] > newestVersion:
		typ := ""
		if id := plan.ID(q.r.URL.Path); id.Type() != "" {
			_, typ, _ = strings.Cut(id.Type(), "/")
		}
		return gatewayError(400, "NoRegisteredProviderFound", "No registered resource provider found for location '' and API version '%s' for type '%s'. "+
			"The supported api-versions are '%s'. The supported locations are '%s'.", v, typ, supported, strings.Join(q.world.Regions, ", "))
	}
	return nil
}

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
	p := provider{ID: "/subscriptions/" + q.sub() + "/providers/" + ns, Namespace: ns,
		RegistrationState: q.registered(st, ns), Policy: "RegistrationRequired", ResourceTypes: []resourceType{}}
	for _, t := range providerTypes()[ns] {
		p.ResourceTypes = append(p.ResourceTypes, resourceType{ResourceType: t, Locations: q.world.Regions,
			APIVersions: apiVersions, Capabilities: "None"})
	}
	return p
}

// Registration is whether the subscription may use a namespace.
type Registration struct {
	State string    `json:"state"`          // NotRegistered, Registered
	Ready time.Time `json:"ready,omitzero"` // end of the change to it
}

// registrationTime is how long it takes until a namespace is registered, or is
// not any more.
const registrationTime = 20 * time.Second

const registered, notRegistered = "Registered", "NotRegistered"

func seedProviders(w *world.World) map[string]*Registration {
	all := map[string]*Registration{}
	for _, ns := range w.Unregistered {
		all[canonical(ns)] = &Registration{State: notRegistered}
	}
	return all
}

// canonical is a namespace in its own case.
func canonical(ns string) string {
	for known := range providerTypes() {
		if strings.EqualFold(known, ns) {
			return known
		}
	}
	return ns
}

// registered is a namespace's registration state: registered, unless the world
// or a client says otherwise.
func (q *request) registered(st *State, ns string) string {
	r := st.Providers[q.registration(canonical(ns))]
	switch {
	case r == nil:
		return registered
	case !q.now.Before(r.Ready):
		return r.State
	case r.State == registered:
		return "Registering"
	}
	return "Unregistering"
}

// registration is where the State has a namespace's registration. Those of
// subscriptions beside the first begin with the subscription.
func (q *request) registration(ns string) string {
	if sub := q.sub(); sub != q.world.Subscription {
		return sub + " " + ns
	}
	return ns
}

// namespaces are all that a subscription has, in the order of their names.
func (st *State) namespaces() []string {
	all := slices.Collect(maps.Keys(providerTypes()))
	for key := range st.Providers {
		_, ns, other := strings.Cut(key, " ")
		if !other {
			ns = key
		}
		all = append(all, ns)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// namespace is the one in the path, in its own case.
func (q *request) namespace(st *State) (string, error) {
	for _, ns := range st.namespaces() {
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
	return paged(q, st.namespaces(), func(ns string) provider { return q.provider(st, ns) })
}

func (q *request) getProvider() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	ns, err := q.namespace(st)
	if err != nil {
		return reply{}, err
	}
	return ok(q.provider(st, ns))
}

func (q *request) registerProvider() (reply, error)   { return q.setRegistered(registered) }
func (q *request) unregisterProvider() (reply, error) { return q.setRegistered(notRegistered) }

// setRegistered begins to change a registration. What is so already stays.
func (q *request) setRegistered(want string) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		ns, err := q.namespace(st)
		if err != nil {
			return err
		}
		if st.Providers == nil {
			st.Providers = map[string]*Registration{}
		}
		key := q.registration(ns)
		if r := st.Providers[key]; r == nil && want != registered || r != nil && r.State != want {
			st.Providers[key] = &Registration{State: want, Ready: q.now.Add(registrationTime)}
		}
		rep = reply{status: http.StatusOK, body: q.provider(st, ns)}
		return nil
	})
	return rep, err
}

// needRegistered refuses what needs a namespace that is not registered.
func (q *request) needRegistered(st *State, ns string) error {
	if q.registered(st, ns) == registered {
		return nil
	}
	return gatewayError(409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '%s'. "+
		"See https://aka.ms/rps-not-found for how to register subscriptions.", ns)
}

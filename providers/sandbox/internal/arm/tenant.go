package arm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/token"
	"flowctl/providers/sandbox/internal/world"
)

// owner is the subscription that the path names, or the world's first if it
// names none.
func (q *request) owner() world.Subscription {
	if s, ok := q.world.SubscriptionOf(plan.ID("/subscriptions/" + q.path["sub"])); ok {
		return s
	}
	return q.world.Subscriptions[0]
}

func (q *request) sub() string { return q.owner().ID }

// tenant is whose the caller is: as the token says, or whose the subscription
// is if it says nothing.
func (q *request) tenant() string {
	if c, ok := token.Of(q.r); ok && c.Tenant != "" {
		return strings.ToLower(c.Tenant)
	}
	return q.owner().Tenant
}

// ours are the subscriptions of the caller's tenant.
func (q *request) ours() []world.Subscription {
	return slices.DeleteFunc(slices.Clone(q.world.Subscriptions), func(s world.Subscription) bool { return s.Tenant != q.tenant() })
}

// inTenant reports whether an id is in a subscription of the caller's tenant.
func (q *request) inTenant(id plan.ID) bool {
	s, ok := q.world.SubscriptionOf(id)
	return ok && s.Tenant == q.tenant()
}

// unauthorized is a refusal of a token, which says where to get another.
func unauthorized(tenant, code, description, format string, args ...any) *Error {
	e := gatewayError(http.StatusUnauthorized, code, format, args...)
	e.header = http.Header{"Www-Authenticate": {
		fmt.Sprintf(`Bearer authorization_uri="https://login.windows.net/%s", error="invalid_token", error_description="%s"`, tenant, description)}}
	return e
}

// managers are the audiences of Resource Manager; the host that a client
// reaches it at is one as well, and so is any of this machine: a proxy may be
// between them.
var managers = []string{"https://management.azure.com", "https://management.core.windows.net"}

// here reports whether a host is this machine.
func here(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.IsLoopback()
}

// identify refuses a token that is over or for somebody else, before anything
// else is looked at (recording ps-expired-token; the text about audiences is
// of public reports). That a token with too early a beginning is taken is the
// sandbox's own choice.
func (q *request) identify() error {
	if q.r.Header.Get("Authorization") == "" {
		return errUnauthenticated
	}
	c, ok := token.Of(q.r)
	if !ok {
		return nil
	}
	now := q.real()
	if c.Check(now, "") == token.Expired {
		const form = "1/2/2006 3:04:05 PM"
		return unauthorized(q.world.Tenant, "ExpiredAuthenticationToken", "The access token has expired.",
			"The access token expiry UTC time '%s' is earlier than current UTC time '%s'.", c.ExpiryTime().Format(form), now.UTC().Format(form))
	}
	host := func(audience string) bool {
		u, err := url.Parse(audience)
		return err == nil && (strings.EqualFold(u.Host, q.r.Host) || here(u.Hostname()))
	}
	if c.Audience != "" && !host(c.Audience) && !slices.Contains(managers, strings.TrimRight(strings.ToLower(c.Audience), "/")) {
		return unauthorized(q.world.Tenant, "InvalidAuthenticationTokenAudience", "The access token has been obtained from wrong audience or resource.",
			"The access token has been obtained for wrong audience or resource '%s'. It should exactly match with one of the allowed audiences '%s'.",
			c.Audience, strings.Join(managers, "','"))
	}
	return nil
}

// enter refuses a subscription that there is not, or of another tenant than
// the token's. The texts are those of public reports.
func (q *request) enter() error {
	sub, named := q.path["sub"]
	if !named {
		return nil
	}
	s, ok := q.world.SubscriptionOf(plan.ID("/subscriptions/" + sub))
	if !ok {
		return errSubscription(sub)
	}
	if q.tenant() == s.Tenant {
		return nil
	}
	const issuer, authority = "https://sts.windows.net/", "https://login.windows.net/"
	return unauthorized(s.Tenant, "InvalidAuthenticationTokenTenant",
		"The access token is from the wrong issuer. It must match the tenant associated with this subscription. Please use correct authority to get the token.",
		"The access token is from the wrong issuer '%s%s/'. It must match the tenant '%s%s/' associated with this subscription. "+
			"Please use the authority (URL) '%s%s' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, "+
			"but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.",
		issuer, q.tenant(), issuer, s.Tenant, authority, s.Tenant)
}

// linkedAction is what must be permitted on something that a resource refers
// to, for the types of which public reports of LinkedAuthorizationFailed name
// it. Of all others it is to read them, which is the sandbox's own choice.
func linkedAction(id plan.ID) string {
	switch typ := id.Type(); {
	case strings.EqualFold(typ, vnetType+"/subnets"), strings.EqualFold(typ, nsgType), strings.EqualFold(typ, nicType),
		strings.EqualFold(typ, publicIPType), strings.EqualFold(typ, natType), strings.EqualFold(typ, routeTableType), strings.EqualFold(typ, asgType):
		return typ + "/join/action"
	default:
		return typ + "/read"
	}
}

// linkedTenants refuses what refers to something in a subscription that there
// is not, or in one of another tenant for which the caller sent no token (header
// x-ms-authorization-auxiliary).
func (q *request) linkedTenants(c call) error {
	if q.r.Method != http.MethodPut && q.r.Method != http.MethodPatch && q.r.Method != http.MethodPost || kindOf(c.id.Type()).laid != "" || c.thing == "deployment" {
		return nil
	}
	var body map[string]any
	if json.Unmarshal(q.peek(), &body) != nil {
		return nil // which the service itself will say
	}
	for _, id := range references(body) {
		action := linkedAction(id)
		if c.thing == "peering" && strings.EqualFold(id.Type(), vnetType) {
			action = vnetType + "/peer/action"
		}
		s, ok := q.world.SubscriptionOf(id)
		switch {
		case !ok:
			return gatewayError(http.StatusForbidden, "LinkedAuthorizationFailed", "The client has permission to perform action '%s' on scope '%s', "+
				"however the linked subscription '%s' was not found. ", action, c.scope, id.Subscription())
		case s.Tenant != q.tenant() && !slices.Contains(q.auxiliary(), s.Tenant):
			return gatewayError(http.StatusForbidden, "LinkedAuthorizationFailed", "The client has permission to perform action '%s' on scope '%s', "+
				"however the current tenant '%s' is not authorized to access linked subscription '%s'.", action, c.scope, q.tenant(), s.ID)
		}
	}
	return nil
}

// auxiliary are the tenants of the further tokens that came with a request.
func (q *request) auxiliary() (all []string) {
	for one := range strings.SplitSeq(q.r.Header.Get("X-Ms-Authorization-Auxiliary"), ",") {
		r := &http.Request{Header: http.Header{"Authorization": {strings.TrimSpace(one)}}}
		if c, ok := token.Of(r); ok && c.Check(q.real(), "") != token.Expired {
			all = append(all, strings.ToLower(c.Tenant))
		}
	}
	return all
}

// peek is the body of the request, which can be read again.
func (q *request) peek() []byte {
	if q.r.Body == nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(q.r.Body, maxBody+1))
	rest := q.r.Body
	q.r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), rest}
	if err != nil {
		return nil
	}
	return text
}

// references are the ids of resources that a body refers to: what is named id,
// somethingId or target, except for the resource's own id and those of its parts.
func references(body map[string]any) (all []plan.ID) {
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(key, v[key])
			}
		case []any:
			for _, item := range v {
				walk(name, item)
			}
		case string:
			refers := strings.EqualFold(name, "target") || strings.HasSuffix(strings.ToLower(name), "id")
			if id := plan.ID(v); refers && strings.HasPrefix(strings.ToLower(v), "/subscriptions/") && id.Type() != "" {
				all = append(all, id)
			}
		}
	}
	walk("properties", body["properties"])
	walk("targetResourceId", body["targetResourceId"])
	return all
}

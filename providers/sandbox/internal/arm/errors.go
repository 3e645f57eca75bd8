package arm

import (
	"fmt"
	"net/http"
	"strings"

	"flowctl/plan"
)

// Error is a refusal in ARM's form.
type Error struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`

	Inner   string `json:"inner,omitempty"` // what it is about, as a text of JSON
	gateway bool   // ARM itself refused, not a resource provider
	header  http.Header
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// errorBody is the JSON form. Resource providers add empty details.
type errorBody struct {
	Error struct {
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Details *[]bool `json:"details,omitempty"`
	} `json:"error"`
}

func (e *Error) reply() reply {
	h := e.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	var body errorBody
	body.Error.Code, body.Error.Message = e.Code, e.Message
	if e.gateway {
		h.Set("X-Ms-Failure-Cause", "gateway")
	} else {
		body.Error.Details = &[]bool{}
	}
	return reply{status: e.Status, header: h, body: body}
}

func gatewayError(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...), gateway: true}
}

func refuse(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

var errUnauthenticated = &Error{
	Status: 401, Code: "AuthenticationFailed", gateway: true,
	Message: "Authentication failed. The 'Authorization' header is missing.",
	header: http.Header{"Www-Authenticate": {
		`Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="The authentication failed because of missing 'Authorization' header."`}},
}

var errNoVersion = gatewayError(400, "MissingApiVersionParameter",
	"The api-version query parameter (?api-version=) is required for all requests.")

func errSubscription(sub string) *Error {
	return gatewayError(404, "SubscriptionNotFound", "The subscription '%s' could not be found.", sub)
}

func errGroup(name string) *Error {
	return gatewayError(404, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
}

func errMethod(method string) *Error {
	return gatewayError(405, "MethodNotAllowed", "The requested resource does not support http method '%s'.", method)
}

// errUnserved tells of a path that is none of the sandbox's.
func errUnserved(segments []string) *Error {
	for i := len(segments) - 2; i >= 0; i-- {
		if strings.EqualFold(segments[i], "providers") {
			return gatewayError(404, "InvalidResourceType",
				"The resource type '%s' could not be found in the namespace '%s'; the sandbox does not serve it.",
				strings.Join(segments[i+2:], "/"), segments[i+1])
		}
	}
	return gatewayError(404, "NotFound", "The sandbox does not serve the path '/%s'.", strings.Join(segments, "/"))
}

// errNotFound tells of a resource that is not there; name is its type and
// names, such as Microsoft.Network/networkWatchers/nw/flowLogs/log.
func errNotFound(name, group string) *Error {
	return gatewayError(404, "ResourceNotFound", "The Resource '%s' under resource group '%s' was not found. "+
		"For more details please go to https://aka.ms/ARMResourceNotFoundFix", name, group)
}

func errParent(kind string, parent plan.ID) *Error {
	return gatewayError(404, "ParentResourceNotFound", "Failed to perform 'write' on resource(s) of type '%s', "+
		"because the parent resource '%s' could not be found.", kind, parent)
}

// errReference is what the network resource provider says of ids that lead
// nowhere, or to another region.
func errReference(to, from plan.ID) *Error {
	return refuse(400, "InvalidResourceReference", "Resource %s referenced by resource %s was not found. "+
		"Please make sure that the referenced resource exists, and that both resources are in the same region.", to, from)
}

func errInvalid(property, format string, args ...any) *Error {
	return refuse(400, "InvalidRequestFormat", "Cannot parse the request: property '%s' is invalid. %s",
		property, fmt.Sprintf(format, args...))
}

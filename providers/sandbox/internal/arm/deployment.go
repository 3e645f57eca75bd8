package arm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/template"
)

const deploymentType = "Microsoft.Resources/deployments"

func deploymentRoutes() []route {
	var all []route
	for _, scope := range []string{"/subscriptions/{sub}", "/subscriptions/{sub}/resourceGroups/{group}"} {
		list := scope + "/providers/" + deploymentType
		one := list + "/{name}"
		type q = request
		all = append(all, read(list, (*q).listDeployments), on(one, (*q).getDeployment, (*q).putDeployment, nil, (*q).deleteDeployment, nil),
			act(one+"/validate", (*q).validateDeployment), act(one+"/exportTemplate", (*q).exportTemplate),
			read(one+"/operations", (*q).listDeployed), read(one+"/operationStatuses/{op}", (*q).deploymentStatus),
			read(scope+"/deployments/{name}/operations", (*q).listDeployed)) // as az asks for them
	}
	return all
}

// deploymentBody is what a client sends to have a template deployed.
type deploymentBody struct {
	Location   string `json:"location"`
	Properties struct {
		Template   json.RawMessage `json:"template"`
		Mode       string          `json:"mode"`
		Parameters map[string]struct {
			Value any `json:"value"`
		} `json:"parameters"`
	} `json:"properties"`
	Tags map[string]any `json:"tags"`
}

// deploymentID is the id that the path names.
func (q *request) deploymentID(st *State) plan.ID {
	id := "/subscriptions/" + q.sub()
	if g, ok := q.path["group"]; ok {
		id += "/resourceGroups/" + q.groupName(st, g)
	}
	return plan.ID(id + "/providers/" + deploymentType + "/" + q.path["name"])
}

// errTemplate is what Azure says of a template that cannot be deployed.
func errTemplate(err error) error {
	if err == nil {
		return nil
	}
	return gatewayError(400, "InvalidTemplate", "Deployment template validation failed: '%s.'.", strings.TrimSuffix(capital(err.Error()), "."))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// prepare reads a template and what it is to be given.
func (q *request) prepare(st *State) (*template.Deployment, []*template.Resource, *deploymentBody, error) {
	raw, err := io.ReadAll(io.LimitReader(q.r.Body, maxBody+1))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read the request: %w", err)
	}
	q.r.Body = io.NopCloser(bytes.NewReader(template.Lenient(raw)))
	var body deploymentBody
	if err := q.decode(&body); err != nil {
		return nil, nil, nil, err
	}
	switch {
	case strings.EqualFold(body.Properties.Mode, "Complete"):
		return nil, nil, nil, gatewayError(400, "InvalidDeploymentMode", "The sandbox deploys templates in the mode 'Incremental' only.")
	case len(body.Properties.Template) == 0:
		return nil, nil, nil, gatewayError(400, "InvalidTemplate", "The sandbox deploys templates that the request holds; it follows no link to one.")
	case q.path["group"] == "" && body.Location == "":
		return nil, nil, nil, gatewayError(400, "LocationRequired", "The 'location' property must be specified for deployment '%s'.", q.path["name"])
	}
	t, err := template.Parse(body.Properties.Template)
	if err != nil {
		return nil, nil, nil, errTemplate(err)
	}
	given := map[string]any{}
	for name, p := range body.Properties.Parameters {
		given[name] = p.Value
	}
	d, err := template.New(t, given, q.deployScope(st, body.Location))
	if err != nil {
		return nil, nil, nil, errTemplate(err)
	}
	resources, err := d.Resources()
	return d, resources, &body, errTemplate(err)
}

// deployScope is what a template can ask of the place where it is deployed.
func (q *request) deployScope(st *State, location string) template.Scope {
	sub := "/subscriptions/" + q.sub()
	s := template.Scope{
		Subscription: map[string]any{"id": sub, "subscriptionId": q.sub(), "tenantId": q.owner().Tenant, "displayName": q.owner().Name},
		Deployment:   map[string]any{"name": q.path["name"]},
		Versions:     apiVersions,
	}
	at := sub
	if g := q.path["group"]; g != "" {
		m := q.at(st, q.groupID(g))
		at = string(m.ID)
		s.Group = clone(map[string]any(q.draw(st, m)))
	} else {
		s.Deployment["location"] = location
	}
	s.ID = func(typ string, names []string) string { return string(idAt(plan.ID(at), typ, names)) }
	s.Reference = func(id, version string, full bool) (any, error) {
		doc, err := q.ask(http.MethodGet, plan.ID(id), version, nil)
		if err != nil || full {
			return doc, err
		}
		return doc["properties"], nil
	}
	s.List = func(id, version, action string, _ any) (any, error) {
		return q.ask(http.MethodPost, plan.ID(id+"/"+action), version, map[string]any{})
	}
	return s
}

// idAt is the id of a resource that is of a type at a place.
func idAt(at plan.ID, typ string, names []string) plan.ID {
	if strings.EqualFold(typ, groupType) {
		return plan.ID("/subscriptions/"+at.Subscription()+"/resourceGroups/") + plan.ID(names[0])
	}
	types := strings.Split(typ, "/")
	id := string(at) + "/providers/" + types[0]
	for i, name := range names {
		if i+1 < len(types) {
			id += "/" + types[i+1]
		}
		id += "/" + name
	}
	return plan.ID(id)
}

// ask sends a request of the deployment's own, as its client would.
func (q *request) ask(method string, id plan.ID, version string, body map[string]any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(q.r.Context(), method, (&url.URL{Path: string(id)}).String(), bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the id '%s' is not valid: %w", id, err)
	}
	r.Header, r.Host, r.TLS = q.r.Header, q.r.Host, q.r.TLS
	r.URL.RawQuery = "api-version=" + url.QueryEscape(cmp.Or(version, apiVersions[0]))
	inner := &request{Server: q.Server, r: r, now: q.now, query: r.URL.Query()}
	rep, err := inner.serve()
	if err != nil {
		return nil, err
	}
	doc := map[string]any{}
	if text, err = json.Marshal(rep.body); err == nil {
		err = json.Unmarshal(text, &doc)
	}
	return doc, err
}

// putDeployment makes what a template says, in the order in which resources
// need each other. Each is written as its client would write it, so that
// locks, policies, roles and faults stand before it. The deployment ends when
// the last of them is ready.
func (q *request) putDeployment() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	d, resources, body, err := q.prepare(st)
	if err != nil {
		return reply{}, err
	}
	m := &Resource{ID: q.deploymentID(st), Type: deploymentType, GUID: uuid.NewString(), Created: q.now.UTC(), Body: map[string]any{"template": body.Properties.Template}}
	if q.path["group"] == "" {
		m.Location = region.Name(body.Location)
	}
	if body.Tags != nil {
		m.Body["tags"] = body.Tags
	}
	h := fnv.New64a()
	h.Write(body.Properties.Template)
	m.Given = map[string]any{"templateHash": strconv.FormatUint(h.Sum64(), 10), "parameters": d.Parameters(), "mode": "Incremental", "correlationId": m.GUID,
		"providers": q.deployedTypes(resources), "dependencies": []any{}}
	q.deploy(m, d, resources)
	created := http.StatusCreated
	err = q.update(q.r.Context(), func(st *State) error {
		if old := q.at(st, m.ID); old != nil {
			created = http.StatusOK
		}
		st.Resources = slices.DeleteFunc(st.Resources, func(other *Resource) bool { return other.ID.Is(m.ID) })
		st.Resources = append(st.Resources, m)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	doc := q.deployment(m, true)
	address := q.base() + string(m.ID) + "/operationStatuses/" + m.GUID + "?api-version=" + url.QueryEscape(q.param("api-version"))
	return reply{status: created, body: doc, header: http.Header{"Azure-Asyncoperation": {address}}}, nil
}

// deployed is what became of one resource of a deployment.
type deployed struct {
	ID      plan.ID `json:"id"`
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	Code    string  `json:"code,omitempty"` // of its refusal
	Message string  `json:"message,omitempty"`
	Status  int     `json:"status"`
}

// deploy writes the resources of a deployment and notes what came of them.
func (q *request) deploy(m *Resource, d *template.Deployment, resources []*template.Resource) {
	at := plan.ID("/subscriptions/" + q.sub())
	if g := m.ID.ResourceGroup(); g != "" {
		at = q.groupID(g)
	}
	m.Ready = q.now
	var done []any
	for _, r := range resources {
		if r.Existing {
			continue
		}
		one := deployed{ID: idAt(plan.ID(cmp.Or(r.Scope, string(at))), r.Type, strings.Split(r.Name, "/")), Type: r.Type, Name: r.Name, Status: http.StatusOK}
		body, err := d.Body(r)
		if err == nil {
			_, err = q.ask(http.MethodPut, one.ID, r.APIVersion, body)
		}
		if err != nil {
			one.refuse(err)
		} else if ready := q.readyAt(one.ID); ready.After(m.Ready) {
			m.Ready = ready
		}
		done = append(done, one)
		if err != nil {
			m.Given["operations"] = done
			return
		}
	}
	m.Given["operations"] = done
	outputs, err := d.Outputs()
	if err != nil {
		one := deployed{ID: m.ID, Type: deploymentType, Name: m.ID.Name()}
		one.refuse(errTemplate(err))
		m.Given["operations"] = append(done, one)
		return
	}
	if len(outputs) > 0 {
		m.Given["outputs"] = outputs
	}
}

func (d *deployed) refuse(err error) {
	var e *Error
	if !errors.As(err, &e) {
		errors.As(errTemplate(err), &e)
	}
	d.Status, d.Code, d.Message = e.Status, e.Code, e.Message
}

// readyAt is when the last write of a resource is done.
func (q *request) readyAt(id plan.ID) time.Time {
	st, err := q.State()
	if err != nil {
		return q.now
	}
	if m := q.at(st, id); m != nil {
		return m.Ready
	}
	return q.now
}

func (q *request) deployedTypes(resources []*template.Resource) []any {
	types := map[string][]any{}
	var order []string
	for _, r := range resources {
		ns, typ, _ := strings.Cut(r.Type, "/")
		if types[ns] == nil {
			order = append(order, ns)
		}
		if !slices.ContainsFunc(types[ns], func(v any) bool { return text(v.(map[string]any), "resourceType") == typ }) {
			types[ns] = append(types[ns], map[string]any{"resourceType": typ, "locations": []any{nil}})
		}
	}
	all := []any{}
	for _, ns := range order {
		all = append(all, map[string]any{"namespace": ns, "resourceTypes": types[ns]})
	}
	return all
}

package arm

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"flowctl/plan"
)

// operationsOf are what became of the resources of a deployment. They may come
// from the state's file.
func operationsOf(m *Resource) []deployed {
	text, err := json.Marshal(m.Given["operations"])
	var all []deployed
	if err != nil || json.Unmarshal(text, &all) != nil {
		return nil
	}
	return all
}

// deploymentState is how far a deployment has come, and why it failed.
func (q *request) deploymentState(m *Resource) (state string, failed *deployed) {
	all := operationsOf(m)
	for i := range all {
		if all[i].Code != "" {
			return "Failed", &all[i]
		}
	}
	if q.now.Before(m.Ready) {
		return "Running", nil
	}
	return "Succeeded", nil
}

// deployment shows one. What is just begun is Accepted (recording
// vmss-flexible).
func (q *request) deployment(m *Resource, begun bool) map[string]any {
	props := map[string]any{}
	for name, v := range m.Given {
		if name != "operations" && (name != "outputs" || !begun) {
			props[name] = v
		}
	}
	state, failed := q.deploymentState(m)
	end := m.Ready
	if q.now.Before(end) {
		end = q.now
	}
	if begun {
		state, end = "Accepted", m.Created
	}
	props["provisioningState"], props["timestamp"] = state, end.UTC().Format(sevenDigits)
	props["duration"] = "PT" + strconv.FormatFloat(end.Sub(m.Created).Seconds(), 'f', -1, 64) + "S"
	if state == "Succeeded" {
		made := []any{}
		for _, o := range operationsOf(m) {
			made = append(made, map[string]any{"id": o.ID})
		}
		props["outputResources"] = made
	}
	if failed != nil && !begun {
		delete(props, "outputs")
		props["error"] = deploymentError(failed)
	}
	doc := map[string]any{"id": m.ID, "name": m.ID.Name(), "type": deploymentType, "properties": props}
	if m.Location != "" {
		doc["location"] = m.Location
	}
	if tags, ok := m.Body["tags"]; ok {
		doc["tags"] = tags
	}
	return doc
}

func deploymentError(d *deployed) map[string]any {
	return map[string]any{"code": "DeploymentFailed", "target": d.ID,
		"message": "At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.",
		"details": []any{map[string]any{"code": d.Code, "message": d.Message}}}
}

// foundDeployment is the one that the path names.
func (q *request) foundDeployment() (*Resource, error) {
	st, err := q.State()
	if err != nil {
		return nil, err
	}
	if m := q.at(st, q.deploymentID(st)); m != nil {
		return m, nil
	}
	return nil, gatewayError(404, "DeploymentNotFound", "Deployment '%s' could not be found.", q.path["name"])
}

func (q *request) getDeployment() (reply, error) {
	m, err := q.foundDeployment()
	switch {
	case err != nil:
		return reply{}, err
	case q.r.Method == http.MethodHead:
		return reply{status: http.StatusNoContent}, nil
	}
	return ok(q.deployment(m, false))
}

func (q *request) listDeployments() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	all := slices.Clone(inPath(q, q.ofType(st, deploymentType), idOf))
	all = slices.DeleteFunc(all, func(m *Resource) bool { return !strings.EqualFold(m.ID.ResourceGroup(), q.path["group"]) })
	return paged(q, all, func(m *Resource) map[string]any { return q.deployment(m, false) })
}

func (q *request) deleteDeployment() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		id := q.deploymentID(st)
		rep = reply{status: http.StatusNoContent}
		if q.at(st, id) == nil {
			return nil
		}
		st.Resources = slices.DeleteFunc(st.Resources, func(m *Resource) bool { return m.ID.Is(id) })
		op, err := q.begin(st, id, q.world.Regions[0], quickDeleteTime, http.StatusNoContent, nil)
		if err == nil {
			rep = q.deleting(op)
		}
		return err
	})
	return rep, err
}

// validateDeployment tells whether a template can be deployed, without doing it.
func (q *request) validateDeployment() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	d, resources, _, err := q.prepare(st)
	if err != nil {
		return reply{}, err
	}
	at := plan.ID("/subscriptions/" + q.sub())
	if g := q.path["group"]; g != "" {
		at = q.groupID(g)
	}
	made := []any{}
	for _, r := range resources {
		made = append(made, map[string]any{"id": idAt(plan.ID(cmp.Or(r.Scope, string(at))), r.Type, strings.Split(r.Name, "/"))})
	}
	return ok(map[string]any{"id": q.deploymentID(st), "name": q.path["name"], "type": deploymentType, "properties": map[string]any{
		"parameters": d.Parameters(), "mode": "Incremental", "provisioningState": "Succeeded", "timestamp": q.now.UTC().Format(sevenDigits), "duration": "PT0S",
		"correlationId": uuid.NewString(), "providers": q.deployedTypes(resources), "dependencies": []any{}, "validatedResources": made}})
}

func (q *request) exportTemplate() (reply, error) {
	m, err := q.foundDeployment()
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"template": m.Body["template"]})
}

// listDeployed lists what became of the resources of a deployment.
func (q *request) listDeployed() (reply, error) {
	m, err := q.foundDeployment()
	if err != nil {
		return reply{}, err
	}
	return paged(q, operationsOf(m), func(o deployed) map[string]any {
		props := map[string]any{"provisioningOperation": "Create", "provisioningState": "Succeeded", "timestamp": m.Ready.UTC().Format(sevenDigits),
			"statusCode": http.StatusText(o.Status), "targetResource": map[string]any{"id": o.ID, "resourceType": o.Type, "resourceName": o.Name}}
		if o.Code != "" {
			props["provisioningState"] = "Failed"
			props["statusMessage"] = map[string]any{"error": map[string]any{"code": o.Code, "message": o.Message}}
		}
		name := strings.ToUpper(q.world.GUID(string(m.ID + o.ID))[:13])
		return map[string]any{"id": m.ID + plan.ID("/operations/"+name), "operationId": name, "properties": props}
	})
}

func (q *request) deploymentStatus() (reply, error) {
	m, err := q.foundDeployment()
	if err != nil {
		return reply{}, err
	}
	state, failed := q.deploymentState(m)
	doc := map[string]any{"status": state}
	if failed != nil {
		doc["error"] = deploymentError(failed)
	}
	return ok(doc)
}

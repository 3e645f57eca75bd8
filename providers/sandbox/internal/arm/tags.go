package arm

import (
	"net/http"
	"strings"
)

// The tags of a resource group or resource can be read and changed by
// themselves; what is changed is the resource, by its own provider.

func tagRoutes() []route {
	const path = "/providers/Microsoft.Resources/tags/default"
	type q = request
	all := atScopes(path, (*q).getTags, (*q).putTags, (*q).deleteTags)[1:] // the sandbox's subscription has none: its own choice
	for _, r := range all {
		r.methods[http.MethodPatch] = (*q).patchTags
	}
	return all
}

func (q *request) tagsNow() (map[string]any, error) {
	doc, err := q.ask(http.MethodGet, q.scope(), "", nil)
	return clone(object(doc, "tags")), err
}

func (q *request) getTags() (reply, error) {
	tags, err := q.tagsNow()
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"id": q.scope() + "/providers/Microsoft.Resources/tags/default", "name": "default", "type": "Microsoft.Resources/tags",
		"properties": map[string]any{"tags": tags}})
}

func (q *request) setTags(tags map[string]any) (reply, error) {
	if _, err := q.ask(http.MethodPatch, q.scope(), "", map[string]any{"tags": tags}); err != nil {
		return reply{}, err
	}
	return q.getTags()
}

func (q *request) putTags() (reply, error) {
	var body map[string]any
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	return q.setTags(object(body, "properties", "tags"))
}

// patchTags merges, replaces or deletes tags. A tag is deleted if name and
// value are those that it has.
func (q *request) patchTags() (reply, error) {
	var body map[string]any
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	sent := object(body, "properties", "tags")
	tags, err := q.tagsNow()
	if err != nil {
		return reply{}, err
	}
	switch operation := text(body, "operation"); strings.ToLower(operation) {
	case "merge":
		merge(tags, sent)
	case "replace":
		tags = sent
	case "delete":
		for name, v := range sent {
			if tags[name] == v {
				delete(tags, name)
			}
		}
	default:
		return reply{}, gatewayError(400, "InvalidTagsPatchOperation", "The operation '%s' is not one of 'Merge', 'Replace', 'Delete'.", operation)
	}
	return q.setTags(tags)
}

func (q *request) deleteTags() (reply, error) {
	if _, err := q.setTags(map[string]any{}); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK}, nil
}

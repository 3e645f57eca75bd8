package arm

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/plan/region"
)

// generic is a resource as the listing of all of them shows it.
type generic struct {
	ID       plan.ID           `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
}

func (q *request) listResources() (reply, error) {
	filter, err := parseFilter(q.param("$filter"))
	if err != nil {
		return reply{}, err
	}
	all, err := q.resources()
	if err != nil {
		return reply{}, err
	}
	all = slices.DeleteFunc(all, func(r generic) bool { return !filter.keeps(r) })
	slices.SortFunc(all, func(a, b generic) int { return cmp.Compare(a.ID.Key(), b.ID.Key()) })
	if filter.late() && q.param("$skipToken") == "" {
		return ok(list[generic]{Value: []generic{}, NextLink: q.next(0)})
	}
	return paged(q, inPath(q, all, func(r generic) plan.ID { return r.ID }), func(r generic) generic { return r })
}

// resources are all top-level resources, and flow logs, which are tracked too.
func (q *request) resources() ([]generic, error) {
	st, err := q.State()
	if err != nil {
		return nil, err
	}
	var all []generic
	add := func(id plan.ID, location string, tags map[string]string) {
		all = append(all, generic{ID: id, Name: strings.Join(names(id), "/"), Type: id.Type(), Location: location, Tags: tags})
	}
	for _, k := range kinds() {
		if !k.located || k.name == groupType {
			continue
		}
		for _, m := range q.ofType(st, k.name) {
			add(m.ID, m.Location, m.tags())
		}
	}
	for _, w := range st.Watchers {
		if there(w.Gone, q.now) {
			add(w.ID, w.Location, w.Tags)
		}
	}
	for _, l := range st.FlowLogs {
		if there(l.Gone, q.now) {
			add(l.ID, l.Location, l.Tags)
		}
	}
	for _, e := range st.Extensions { // of machines; those of scale sets are parts of their models
		if there(e.Gone, q.now) && strings.EqualFold(e.ID.Type(), vmType+"/extensions") {
			add(e.ID, e.Location, e.Tags)
		}
	}
	return all, nil
}

// names are the segments of a resource's name, such as watcher and flow log.
func names(id plan.ID) []string {
	segments := strings.Split(strings.Trim(string(id), "/"), "/")
	var all []string
	for i := 7; i < len(segments); i += 2 {
		all = append(all, segments[i])
	}
	return all
}

// filter is a $filter of a listing of resources: conditions that all hold.
type filter []condition

type condition struct{ field, value string }

var conditionExpr = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(tagname|tagvalue|resourceType|resourceGroup|name|location)\s+eq\s+'((?:[^']|'')*)'\s*(?:and\b|$)`)
})

func parseFilter(text string) (f filter, err error) {
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := conditionExpr().FindStringSubmatchIndex(rest)
		if m == nil {
			return nil, gatewayError(400, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string; "+
				"the sandbox knows tagName, tagValue, resourceType, resourceGroup, name and location, each eq '…', joined by and.", text)
		}
		f = append(f, condition{strings.ToLower(rest[m[2]:m[3]]), strings.ReplaceAll(rest[m[4]:m[5]], "''", "'")})
		rest = rest[m[1]:]
	}
	return f, nil
}

// keeps reports whether a resource matches; names of tags have no case.
func (f filter) keeps(r generic) bool {
	tag := ""
	for _, c := range f {
		if c.field == "tagname" {
			tag = c.value
		}
	}
	for _, c := range f {
		ok := false
		switch c.field {
		case "resourcetype":
			ok = strings.EqualFold(r.Type, c.value)
		case "resourcegroup":
			ok = strings.EqualFold(r.ID.ResourceGroup(), c.value)
		case "name":
			ok = strings.EqualFold(r.Name, c.value)
		case "location":
			ok = region.Same(r.Location, c.value)
		case "tagname", "tagvalue":
			for k, v := range r.Tags {
				ok = ok || (tag == "" || strings.EqualFold(k, tag)) && (c.field == "tagname" || v == c.value)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// late reports whether Azure answers first with an empty page that has a next
// one, as recording resources-filter shows for a resource sought by its group,
// name and type: who stops at an empty page misses what there is.
func (f filter) late() bool {
	has := map[string]bool{}
	for _, c := range f {
		has[c.field] = true
	}
	return has["resourcegroup"] && has["name"] && has["resourcetype"]
}

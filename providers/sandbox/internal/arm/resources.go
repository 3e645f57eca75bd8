package arm

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
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
	filter, err := parseTagFilter(q.param("$filter"))
	if err != nil {
		return reply{}, err
	}
	all, err := q.resources()
	if err != nil {
		return reply{}, err
	}
	all = slices.DeleteFunc(all, func(r generic) bool { return !filter.keeps(r.Type, r.Name, r.Tags) })
	slices.SortFunc(all, func(a, b generic) int { return cmp.Compare(a.ID.Key(), b.ID.Key()) })
	return paged(q, inGroup(q, all, func(r generic) plan.ID { return r.ID }), func(r generic) generic { return r })
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

// tagFilter is one of the $filter expressions that listings of resources take.
type tagFilter struct {
	tag, value string
	withValue  bool
	kind, name string
}

var (
	tagExpr = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*tagname\s+eq\s+'((?:[^']|'')*)'(?:\s+and\s+tagvalue\s+eq\s+'((?:[^']|'')*)')?\s*$`)
	})
	kindExpr = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*resourceType\s+eq\s+'((?:[^']|'')*)'(?:\s+and\s+name\s+eq\s+'((?:[^']|'')*)')?\s*$`)
	})
)

func parseTagFilter(text string) (tagFilter, error) {
	unquote := func(s string) string { return strings.ReplaceAll(s, "''", "'") }
	if strings.TrimSpace(text) == "" {
		return tagFilter{}, nil
	}
	if m := tagExpr().FindStringSubmatchIndex(text); m != nil {
		f := tagFilter{tag: unquote(text[m[2]:m[3]]), withValue: m[4] >= 0}
		if f.withValue {
			f.value = unquote(text[m[4]:m[5]])
		}
		return f, nil
	}
	if m := kindExpr().FindStringSubmatch(text); m != nil {
		return tagFilter{kind: unquote(m[1]), name: unquote(m[2])}, nil
	}
	return tagFilter{}, gatewayError(400, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string; "+
		"the sandbox knows tagName eq '…' [and tagValue eq '…'] and resourceType eq '…' [and name eq '…'].", text)
}

// keeps reports whether a resource matches; names of tags have no case.
func (f tagFilter) keeps(kind, name string, tags map[string]string) bool {
	if f.kind != "" {
		return strings.EqualFold(f.kind, kind) && (f.name == "" || strings.EqualFold(f.name, name))
	}
	if f.tag == "" {
		return true
	}
	for k, v := range tags {
		if strings.EqualFold(k, f.tag) {
			return !f.withValue || v == f.value
		}
	}
	return false
}

package config

import (
	"regexp"
	"strings"
	"sync"
)

// maxQuery is the most characters of a query: far more than people write.
const maxQuery = 16 << 10

// idColumn matches a stage of a query that names the columns of its result
// without an id among them, at its end.
var idColumn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)\|\s*project\s+([^|]*)$`) })

// query reads a Resource Graph query. Its text is Azure's to check, but for
// what would be wrong in every one: flowctl needs the id of each row.
func (b block) query() string {
	s, ok := b.text("query")
	if !ok {
		return ""
	}
	q := strings.TrimSpace(s)
	switch m := idColumn().FindStringSubmatch(q); {
	case q == "":
		b.scope.add("Invalid query", b.at("query"), "query is empty. Write one in the language of Azure Resource Graph, such as \"Resources | where type =~ 'microsoft.compute/virtualmachines' | project id\".")
	case len(q) > maxQuery:
		b.scope.add("Invalid query", b.at("query"), "The query is %d characters long; flowctl sends at most %d.", len(q), maxQuery)
	case strings.ContainsFunc(q, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }):
		b.scope.add("Invalid query", b.at("query"), "The query holds a control character. Write it as plain text.")
	case m != nil && !projectsID(m[1]):
		b.scope.add("Invalid query", b.at("query"), "The query ends with a project that leaves out the id, by which flowctl knows what is meant. Add id to it: | project id.")
	default:
		return q
	}
	return ""
}

// projectsID reports whether one of the columns of a project is called id.
func projectsID(columns string) bool {
	for c := range strings.SplitSeq(columns, ",") {
		name, _, _ := strings.Cut(c, "=")
		if strings.EqualFold(strings.TrimSpace(name), "id") {
			return true
		}
	}
	return false
}

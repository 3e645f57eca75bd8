package blob

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// tagQuery is a condition on tags as x-ms-if-tags and Find Blobs by Tags write
// it: comparisons of names in double quotes with values in single ones,
// joined by AND.
type tagQuery []tagCondition

type tagCondition struct{ name, operator, value string }

var tagComparison = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*("[^"]*"|@container|[A-Za-z_][A-Za-z0-9_]*)\s*(=|<>|>=|<=|>|<)\s*'([^']*)'\s*`)
})

func parseTagQuery(text string) (tagQuery, error) {
	var c tagQuery
	for rest := text; ; {
		m := tagComparison().FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("a comparison is expected at %q", rest)
		}
		c = append(c, tagCondition{strings.Trim(m[1], `"`), m[2], m[3]})
		rest = rest[len(m[0]):]
		if rest == "" {
			return c, nil
		}
		and := "and "
		if len(rest) < len(and) || !strings.EqualFold(rest[:len(and)], and) {
			return nil, fmt.Errorf("AND is expected at %q", rest)
		}
		rest = rest[len(and):]
	}
}

// holds reports whether a blob with these tags is wanted.
func (c tagQuery) holds(container string, tags map[string]string) bool {
	for _, k := range c {
		value, ok := tags[k.name]
		if k.name == "@container" {
			value, ok = container, true
		}
		if !ok || !k.holds(strings.Compare(value, k.value)) {
			return false
		}
	}
	return true
}

func (k tagCondition) holds(order int) bool {
	switch k.operator {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

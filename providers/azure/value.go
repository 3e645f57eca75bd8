package azure

import (
	"slices"
	"strings"

	"flowctl/plan"
	regions "flowctl/plan/region"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
)

// val is what p points at, or the zero value of a field that Azure left out.
func val[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// optional leaves an empty field out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func values(ps []*string) []string {
	var out []string
	for _, p := range ps {
		if p != nil {
			out = append(out, *p)
		}
	}
	return out
}

func stringMap(m map[string]*string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = val(v)
	}
	return out
}

func stringPtrs(m map[string]string) map[string]*string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = to.Ptr(v)
	}
	return out
}

// region is a location in the form in which locations that mean the same are
// equal: Azure shows westeurope in one place and West Europe in another.
func region(location *string) string {
	return regions.Name(val(location))
}

// recordTypes is a list such as "D, B" in the order and form of "B,C,E,D", and
// empty if it has all.
func recordTypes(s string) string {
	var out []string
	given := strings.FieldsFunc(strings.ToUpper(s), func(r rune) bool { return r == ',' || r == ' ' })
	for _, t := range []string{"B", "C", "E", "D"} {
		if slices.Contains(given, t) {
			out = append(out, t)
		}
	}
	if len(out) == 4 {
		return ""
	}
	return strings.Join(out, ",")
}

// byID puts resources in the order of their ids.
func byID[T any](s []T, id func(T) plan.ID) {
	slices.SortFunc(s, func(a, b T) int { return strings.Compare(id(a).Key(), id(b).Key()) })
}

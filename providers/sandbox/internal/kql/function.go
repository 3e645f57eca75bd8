package kql

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// function is a scalar function: how many arguments it takes (most below 0:
// any number), and its value.
type function struct {
	least, most int
	run         func(args []any) any
}

// functions are those that queries may call.
var functions = map[string]function{
	"tostring":       one(func(v any) any { return textOf(v) }),
	"tolower":        one(func(v any) any { return lower(v) }),
	"toupper":        one(func(v any) any { return strings.ToUpper(textOf(v)) }),
	"toint":          one(whole),
	"tolong":         one(whole),
	"todouble":       one(toNumber),
	"toreal":         one(toNumber),
	"tobool":         one(toBool),
	"todatetime":     one(toTime),
	"parse_json":     one(parseJSON),
	"todynamic":      one(parseJSON),
	"strlen":         one(func(v any) any { return float64(len([]rune(textOf(v)))) }),
	"isempty":        one(func(v any) any { return isEmpty(v) }),
	"isnotempty":     one(func(v any) any { return !isEmpty(v) }),
	"notempty":       one(func(v any) any { return !isEmpty(v) }),
	"isnull":         one(func(v any) any { return v == nil }),
	"isnotnull":      one(func(v any) any { return v != nil }),
	"notnull":        one(func(v any) any { return v != nil }),
	"not":            one(func(v any) any { return v != true }),
	"array_length":   one(func(v any) any { return length(v) }),
	"bag_keys":       one(keys),
	"strcat":         {1, -1, func(a []any) any { return join(a, "") }},
	"strcat_delim":   {2, -1, func(a []any) any { return join(a[1:], textOf(a[0])) }},
	"coalesce":       {1, -1, coalesce},
	"iff":            {3, 3, iff},
	"iif":            {3, 3, iff},
	"case":           {3, -1, choose},
	"bin":            {2, 2, bin},
	"hash":           {1, 2, hash},
	"split":          {2, 3, split},
	"substring":      {2, 3, substring},
	"extract":        {3, 3, extract},
	"replace_string": {3, 3, func(a []any) any { return strings.ReplaceAll(textOf(a[0]), textOf(a[1]), textOf(a[2])) }},
	"replace":        {3, 3, replace},
	"trim":           {2, 2, trim},
	"indexof":        {2, 2, func(a []any) any { return float64(strings.Index(textOf(a[0]), textOf(a[1]))) }},
	"pack":           {2, -1, pack},
	"bag_pack":       {2, -1, pack},
	"pack_array":     {1, -1, func(a []any) any { return slices.Clone(a) }},
	"set_has_element": {2, 2, func(a []any) any {
		list, _ := a[0].([]any)
		return slices.ContainsFunc(list, func(v any) bool { return equal(v, a[1]) })
	}},
	"ipv4_is_in_range": {2, 2, inRange},
	"ipv4_is_match":    {2, 2, func(a []any) any { return addressOf(a[0]).IsValid() && addressOf(a[0]) == addressOf(a[1]) }},
}

func one(f func(any) any) function { return function{1, 1, func(a []any) any { return f(a[0]) }} }

func toNumber(v any) any {
	if b, ok := v.(bool); ok {
		if b {
			return 1.0
		}
		return 0.0
	}
	if n, err := strconv.ParseFloat(strings.TrimSpace(textOf(v)), 64); err == nil {
		return n
	}
	return nil
}

func whole(v any) any {
	n, ok := toNumber(v).(float64)
	if !ok {
		return nil
	}
	return float64(int64(n))
}

func toBool(v any) any {
	switch lower(v) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	return nil
}

func toTime(v any) any {
	if t, ok := timeOf(v); ok {
		return t
	}
	return nil
}

func parseJSON(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	var out any
	if json.Unmarshal([]byte(s), &out) != nil {
		return s
	}
	return out
}

func length(v any) any {
	if list, ok := v.([]any); ok {
		return float64(len(list))
	}
	return nil
}

func keys(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	all := []any{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		all = append(all, name)
	}
	return all
}

func join(values []any, delimiter string) any {
	var all []string
	for _, v := range values {
		all = append(all, textOf(v))
	}
	return strings.Join(all, delimiter)
}

func coalesce(a []any) any {
	for _, v := range a {
		if v != nil && v != "" {
			return v
		}
	}
	return nil
}

func iff(a []any) any {
	if a[0] == true {
		return a[1]
	}
	return a[2]
}

// choose is case(): the value after the first condition that holds, or the last.
func choose(a []any) any {
	for i := 0; i+1 < len(a); i += 2 {
		if a[i] == true {
			return a[i+1]
		}
	}
	return a[len(a)-1]
}

func split(a []any) any {
	parts := []any{}
	for _, s := range strings.Split(textOf(a[0]), textOf(a[1])) {
		parts = append(parts, s)
	}
	if len(a) == 3 {
		if n, ok := a[2].(float64); ok && int(n) >= 0 && int(n) < len(parts) {
			return parts[int(n) : int(n)+1]
		}
		return []any{}
	}
	return parts
}

// bin is a value rounded down to a multiple of another one.
func bin(a []any) any {
	n, ok := numberOf(a[1])
	if !ok || n <= 0 {
		return nil
	}
	if t, ok := timeOf(a[0]); ok {
		return t.Truncate(time.Duration(n * float64(time.Second)))
	}
	if v, ok := numberOf(a[0]); ok {
		return math.Floor(v/n) * n
	}
	return nil
}

// hash is a number that a value always has, below a second one if there is one. Which one it is
// differs from Kusto's, which documents that it may change.
func hash(a []any) any {
	h := fnv.New32a()
	h.Write([]byte(textOf(a[0])))
	if len(a) == 2 {
		n, _ := numberOf(a[1])
		return float64(h.Sum32() % uint32(max(1, n)))
	}
	return float64(h.Sum32())
}

func substring(a []any) any {
	s := []rune(textOf(a[0]))
	from, _ := numberOf(a[1])
	i := min(max(int(from), 0), len(s))
	end := len(s)
	if len(a) == 3 {
		n, _ := numberOf(a[2])
		end = min(i+max(int(n), 0), len(s))
	}
	return string(s[i:end])
}

func extract(a []any) any {
	re, err := regexp.Compile(textOf(a[0]))
	n, ok := numberOf(a[1])
	if err != nil || !ok {
		return nil
	}
	if m := re.FindStringSubmatch(textOf(a[2])); int(n) >= 0 && int(n) < len(m) {
		return m[int(n)]
	}
	return nil
}

func replace(a []any) any {
	re, err := regexp.Compile(textOf(a[0]))
	if err != nil {
		return nil
	}
	return re.ReplaceAllString(textOf(a[2]), regexp.MustCompile(`\\(\d)`).ReplaceAllString(textOf(a[1]), "$${$1}"))
}

// trim takes what a pattern matches off both ends.
func trim(a []any) any {
	re, err := regexp.Compile("^(?:" + textOf(a[0]) + ")|(?:" + textOf(a[0]) + ")$")
	if err != nil {
		return nil
	}
	return re.ReplaceAllString(textOf(a[1]), "")
}

func pack(a []any) any {
	object := map[string]any{}
	for i := 0; i+1 < len(a); i += 2 {
		object[textOf(a[i])] = a[i+1]
	}
	return object
}

func addressOf(v any) netip.Addr {
	a, _ := netip.ParseAddr(textOf(v))
	return a
}

func inRange(a []any) any {
	p, err := netip.ParsePrefix(textOf(a[1]))
	if err != nil {
		return addressOf(a[0]).IsValid() && addressOf(a[0]) == addressOf(a[1])
	}
	return p.Contains(addressOf(a[0]))
}

package view

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// schema checks values by the part of JSON Schema 2020-12 that the summary's
// schema uses. It knows no more, and says so; members that the schema does
// not name are problems, so that it cannot lag behind.
type schema struct{ root map[string]any }

func (s schema) check(rule map[string]any, v any, at string) []string {
	var out []string
	for _, word := range slices.Sorted(maps.Keys(rule)) {
		switch arg := rule[word]; word {
		case "$ref":
			def := s.root["$defs"].(map[string]any)[strings.TrimPrefix(arg.(string), "#/$defs/")]
			out = append(out, s.check(def.(map[string]any), v, at)...)
		case "anyOf":
			out = append(out, s.anyOf(arg.([]any), v, at)...)
		case "type":
			out = append(out, checkType(arg, v, at)...)
		case "const":
			if !reflect.DeepEqual(arg, v) {
				out = append(out, fmt.Sprintf("%s is %v, not %v", at, v, arg))
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				out = append(out, fmt.Sprintf("%s is %v, none of %v", at, v, arg))
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
				out = append(out, fmt.Sprintf("%s is %q, which does not match %s", at, text, arg))
			}
		case "minimum", "maximum":
			out = append(out, checkBound(word, arg.(float64), v, at)...)
		case "maxItems":
			if list, ok := v.([]any); ok && float64(len(list)) > arg.(float64) {
				out = append(out, fmt.Sprintf("%s has %d items", at, len(list)))
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				out = append(out, s.check(arg.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "properties":
			out = append(out, s.members(arg.(map[string]any), v, at)...)
		case "required":
			out = append(out, required(arg.([]any), v, at)...)
		case "$schema", "$defs", "title", "description", "format":
		default:
			out = append(out, fmt.Sprintf("%s: the schema uses %q, which this test does not know", at, word))
		}
	}
	return out
}

func (s schema) anyOf(rules []any, v any, at string) []string {
	var out []string
	for _, r := range rules {
		problems := s.check(r.(map[string]any), v, at)
		if len(problems) == 0 {
			return nil
		}
		out = append(out, problems...)
	}
	return out
}

func (s schema) members(rules map[string]any, v any, at string) []string {
	var out []string
	object, _ := v.(map[string]any)
	for name, member := range object {
		rule, ok := rules[name]
		if !ok {
			out = append(out, fmt.Sprintf("%s.%s is not in the schema", at, name))
			continue
		}
		out = append(out, s.check(rule.(map[string]any), member, at+"."+name)...)
	}
	return out
}

func required(names []any, v any, at string) []string {
	var out []string
	object, ok := v.(map[string]any)
	for _, n := range names {
		if _, there := object[n.(string)]; ok && !there {
			out = append(out, fmt.Sprintf("%s.%s is missing", at, n))
		}
	}
	return out
}

func checkType(arg, v any, at string) []string {
	types, ok := arg.([]any)
	if !ok {
		types = []any{arg}
	}
	is := map[string]bool{}
	switch v := v.(type) {
	case nil:
		is["null"] = true
	case string:
		is["string"] = true
	case bool:
		is["boolean"] = true
	case []any:
		is["array"] = true
	case map[string]any:
		is["object"] = true
	case json.Number:
		is["number"] = true
		is["integer"] = !strings.ContainsAny(v.String(), ".eE")
	}
	for _, t := range types {
		if is[t.(string)] {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s is %v, not %v", at, v, arg)}
}

func checkBound(word string, bound float64, v any, at string) []string {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	f, err := n.Float64()
	if err != nil || word == "minimum" && f < bound || word == "maximum" && f > bound {
		return []string{fmt.Sprintf("%s is %s, beyond the %s of %v", at, n, word, bound)}
	}
	return nil
}

package kql

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// textOf is a value as a string, which is empty if there is none.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case span:
		return time.Duration(float64(v) * float64(time.Second)).String()
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.0000000Z")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

func lower(v any) string { return strings.ToLower(textOf(v)) }

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case span:
		return float64(v), true
	}
	return 0, false
}

// timeOf is a time, or a string that is one.
func timeOf(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case string:
		if len(v) >= len("2006-01-02") && v[4:5] == "-" {
			return parseTime(v)
		}
	}
	return time.Time{}, false
}

func equal(a, b any) bool {
	if x, ok := numberOf(a); ok {
		if y, ok := numberOf(b); ok {
			return x == y
		}
	}
	if _, ok := a.(time.Time); !ok {
		_, ok = b.(time.Time)
		if !ok {
			switch a.(type) {
			case []any, map[string]any:
				return reflect.DeepEqual(a, b)
			}
			return textOf(a) == textOf(b)
		}
	}
	return order(a, b) == 0
}

// order compares numbers, times and all else as text.
func order(a, b any) int {
	if x, ok := numberOf(a); ok {
		if y, ok := numberOf(b); ok {
			return cmp.Compare(x, y)
		}
	}
	_, isTime := a.(time.Time)
	if _, other := b.(time.Time); isTime || other {
		x, okX := timeOf(a)
		y, okY := timeOf(b)
		if okX && okY {
			return x.Compare(y)
		}
	}
	return cmp.Compare(textOf(a), textOf(b))
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return textOf(v) == ""
}

// JSON is a value as it goes over the wire: what is drawn later, drawn, times
// and lengths of time as text.
func JSON(v any) any {
	switch v := v.(type) {
	case *Later:
		return JSON(v.value())
	case time.Time, span:
		return textOf(v)
	}
	return v
}

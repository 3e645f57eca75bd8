package template

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

func textFunctions() map[string]function {
	two := func(f func(a, b string) any) function {
		return function{2, 2, func(_ *Deployment, a []any) (any, error) { return f(fmt.Sprint(a[0]), fmt.Sprint(a[1])), nil }}
	}
	return map[string]function{
		"tolower":    textOf(func(s string) any { return strings.ToLower(s) }),
		"toupper":    textOf(func(s string) any { return strings.ToUpper(s) }),
		"trim":       textOf(func(s string) any { return strings.TrimSpace(s) }),
		"base64":     textOf(func(s string) any { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		"startswith": two(func(a, b string) any { return strings.HasPrefix(strings.ToLower(a), strings.ToLower(b)) }),
		"endswith":   two(func(a, b string) any { return strings.HasSuffix(strings.ToLower(a), strings.ToLower(b)) }),
		"indexof":    two(func(a, b string) any { return float64(strings.Index(strings.ToLower(a), strings.ToLower(b))) }),
		"split": two(func(a, b string) any {
			list := []any{}
			for s := range strings.SplitSeq(a, b) {
				list = append(list, s)
			}
			return list
		}),
		"replace": {3, 3, func(_ *Deployment, a []any) (any, error) {
			return strings.ReplaceAll(fmt.Sprint(a[0]), fmt.Sprint(a[1]), fmt.Sprint(a[2])), nil
		}},
		"format": {1, -1, func(_ *Deployment, a []any) (any, error) {
			var wrong error
			out := formatItem().ReplaceAllStringFunc(fmt.Sprint(a[0]), func(m string) string {
				i, err := strconv.Atoi(formatItem().FindStringSubmatch(m)[1])
				if err != nil || i+1 >= len(a) {
					wrong = fmt.Errorf("there is no argument for %s", m)
					return m
				}
				return show(a[i+1])
			})
			return out, wrong
		}},
		"padleft": {2, 3, func(_ *Deployment, a []any) (any, error) {
			pad, s := " ", show(a[0])
			if len(a) == 3 {
				pad = fmt.Sprint(a[2])
			}
			n, ok := a[1].(float64)
			if !ok || n > 256 || len(pad) != 1 {
				return nil, errors.New("it wants a length up to 256 and one character")
			}
			return strings.Repeat(pad, max(0, int(n)-len(s))) + s, nil
		}},
		"substring": {2, 3, func(_ *Deployment, a []any) (any, error) {
			s := fmt.Sprint(a[0])
			begin, ok := a[1].(float64)
			length := float64(len(s)) - begin
			if len(a) == 3 {
				var has bool
				length, has = a[2].(float64)
				ok = ok && has
			}
			if !ok || begin < 0 || length < 0 || int(begin+length) > len(s) {
				return nil, errors.New("the part is not within the text")
			}
			return s[int(begin):int(begin+length)], nil
		}},
		"string": {1, 1, func(_ *Deployment, a []any) (any, error) { return show(a[0]), nil }},
		"join": {2, 2, func(_ *Deployment, a []any) (any, error) {
			list, ok := a[0].([]any)
			if !ok {
				return nil, errors.New("it wants an array")
			}
			return strings.Join(texts(list), fmt.Sprint(a[1])), nil
		}},
		// Which letters Azure makes of which texts no source states: the
		// sandbox's own choice.
		"uniquestring": {1, -1, func(_ *Deployment, a []any) (any, error) {
			h := sha256.Sum256([]byte(strings.Join(texts(a), "\x00")))
			return strings.ToLower(base32.StdEncoding.EncodeToString(h[:]))[:13], nil
		}},
		"guid": {1, -1, func(_ *Deployment, a []any) (any, error) {
			return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.Join(texts(a), "-"))).String(), nil
		}},
		"json": {1, 1, func(_ *Deployment, a []any) (v any, err error) {
			err = json.Unmarshal([]byte(fmt.Sprint(a[0])), &v)
			return v, err
		}},
	}
}

// show writes a value as text.
func show(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

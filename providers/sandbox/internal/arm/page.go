package arm

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"flowctl/plan"
)

// list is the document of a listing.
type list[T any] struct {
	Value    []T    `json:"value"`
	NextLink string `json:"nextLink,omitempty"`
}

// Members are those of the document in their order.
func (l list[T]) Members() (names []string, values []any) {
	items := make([]any, len(l.Value))
	for i, item := range l.Value {
		items[i] = item
	}
	names, values = []string{"value"}, []any{items}
	if l.NextLink != "" {
		names, values = append(names, "nextLink"), append(values, l.NextLink)
	}
	return names, values
}

// whole answers with a listing that has no pages.
func whole[T any](items []T) (reply, error) {
	if items == nil {
		items = []T{}
	}
	return ok(list[T]{Value: items})
}

// paged answers with one page of items, each drawn by draw. The link to the
// next is the address asked for, with a token in it.
func paged[T, D any](q *request, items []T, draw func(T) D) (reply, error) {
	from, err := skipped(q.param("$skipToken"))
	if err != nil {
		return reply{}, err
	}
	size := q.page
	if text := q.param("$top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return reply{}, gatewayError(400, "InvalidTopParameter", "The value '%s' of the query parameter '$top' is not a positive number.", text)
		}
		size = min(size, n)
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	doc := list[D]{Value: []D{}}
	for _, item := range items[from:to] {
		doc.Value = append(doc.Value, draw(item))
	}
	if to < len(items) {
		doc.NextLink = q.next(to)
	}
	return ok(doc)
}

func (q *request) next(from int) string {
	query := url.Values{}
	for name, values := range q.query {
		if !strings.EqualFold(name, "$skipToken") {
			query[name] = values
		}
	}
	query.Set("$skipToken", base64.URLEncoding.EncodeToString([]byte(strconv.Itoa(from))))
	return q.base() + q.r.URL.EscapedPath() + "?" + query.Encode()
}

func skipped(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	text, err := base64.URLEncoding.DecodeString(token)
	n, err2 := strconv.Atoi(string(text))
	if err != nil || err2 != nil || n < 0 {
		return 0, gatewayError(400, "InvalidSkipToken", "The provided skip token '%s' is invalid.", token)
	}
	return n, nil
}

// inPath keeps what is in the subscription and the group that the path names.
func inPath[T any](q *request, items []T, id func(T) plan.ID) []T {
	if len(q.world.Subscriptions) == 1 && q.path["group"] == "" {
		return items
	}
	at := plan.ID("/subscriptions/" + q.sub())
	if group := q.path["group"]; group != "" {
		at = q.groupID(group)
	}
	var kept []T
	for _, item := range items {
		if covers(at, id(item)) {
			kept = append(kept, item)
		}
	}
	return kept
}

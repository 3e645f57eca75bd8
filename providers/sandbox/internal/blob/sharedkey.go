package blob

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// checkSharedKey checks a signature in the Authorization header, as the page
// "Authorize with Shared Key" has it.
func (q *request) checkSharedKey(a Account) error {
	scheme, rest, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	name, signature, ok := strings.Cut(rest, ":")
	if !ok || !strings.EqualFold(name, a.Name) {
		return errAuthentication.with("AuthenticationErrorDetail", "The account of the signature is not "+a.Name+".")
	}
	text := q.sharedKeyText(a)
	if scheme == "SharedKeyLite" {
		text = q.sharedKeyLiteText(a)
	}
	if !signedBy(a.Keys, signature, text) {
		return errAuthentication.with("AuthenticationErrorDetail", fmt.Sprintf(
			"The MAC signature found in the HTTP request '%s' is not the same as any computed signature. Server used following string to sign: '%s'.", signature, text))
	}
	return nil
}

func (q *request) sharedKeyText(a Account) string {
	h := q.r.Header
	length := ""
	if q.r.ContentLength > 0 {
		length = fmt.Sprint(q.r.ContentLength)
	}
	date := h.Get("Date")
	if h.Get("X-Ms-Date") != "" {
		date = ""
	}
	lines := []string{q.r.Method, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-Md5"), h.Get("Content-Type"), date,
		h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range")}
	return strings.Join(slices.Concat(lines, q.canonicalHeaders(), []string{q.canonicalResource(a)}), "\n")
}

func (q *request) sharedKeyLiteText(a Account) string {
	h := q.r.Header
	date := h.Get("Date")
	if h.Get("X-Ms-Date") != "" {
		date = ""
	}
	resource := "/" + a.Name + q.r.URL.EscapedPath()
	if q.comp != "" {
		resource += "?comp=" + q.comp
	}
	return strings.Join(slices.Concat([]string{q.r.Method, h.Get("Content-Md5"), h.Get("Content-Type"), date}, q.canonicalHeaders(), []string{resource}), "\n")
}

func (q *request) canonicalHeaders() (lines []string) {
	for name, values := range q.r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			lines = append(lines, name+":"+strings.TrimSpace(strings.Join(values, ",")))
		}
	}
	slices.SortFunc(lines, func(a, b string) int {
		x, _, _ := strings.Cut(a, ":")
		y, _, _ := strings.Cut(b, ":")
		return cmp.Compare(sortable(x), sortable(y))
	})
	return lines
}

// sortable makes names sort as the service sorts them: a hyphen counts only
// between names that are the same without it.
func sortable(name string) string { return strings.ReplaceAll(name, "-", "") + "\x00" + name }

func (q *request) canonicalResource(a Account) string {
	var b strings.Builder
	b.WriteString("/" + a.Name + cmp.Or(q.r.URL.EscapedPath(), "/"))
	values := url.Values{}
	for name, list := range q.query {
		values[strings.ToLower(name)] = append(values[strings.ToLower(name)], list...)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list := slices.Sorted(slices.Values(values[name]))
		b.WriteString("\n" + name + ":" + strings.Join(list, ","))
	}
	return b.String()
}

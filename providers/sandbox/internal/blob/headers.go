package blob

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// contentNames are the headers of a blob's content beside its type.
var contentNames = []string{"Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control", "Content-Md5"}

func contentType(h http.Header) string {
	for _, name := range []string{"X-Ms-Blob-Content-Type", "Content-Type"} {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return "application/octet-stream"
}

// contentHeaders are those that the request sets.
func contentHeaders(h http.Header) map[string]string {
	m := map[string]string{}
	for _, name := range contentNames {
		if v := h.Get("X-Ms-Blob-" + name); v != "" {
			m[name] = v
		}
	}
	if v := h.Get("X-Ms-Blob-Cache-Control"); v != "" {
		m["Cache-Control"] = v
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// metadataOf reads the metadata that a request sets. Names keep the case that
// the client wrote as far as HTTP lets it through.
func metadataOf(h http.Header) map[string]string {
	m := map[string]string{}
	for name := range h {
		if key, ok := strings.CutPrefix(strings.ToLower(name), "x-ms-meta-"); ok {
			m[key] = strings.Join(h.Values(name), ",")
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// metadataName is the documented form of a name: a C# identifier.
var metadataName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\p{L}_][\p{L}\p{Nd}_]*$`) })

const maxMetadata = 8 << 10 // bytes of names and values

// setable refuses metadata, tags and tiers that the request cannot set.
func (q *request) setable() error {
	n := 0
	for name, value := range metadataOf(q.r.Header) {
		if name == "" {
			return refusal(400, "EmptyMetadataKey", "The key for one of the metadata key-value pairs is empty.")
		}
		if !metadataName().MatchString(name) {
			return refusal(400, "InvalidMetadata", "The specified metadata is invalid. It contains characters that are not permitted.")
		}
		n += len(name) + len(value)
	}
	if n > maxMetadata {
		return refusal(400, "MetadataTooLarge", "The specified metadata exceeds the maximum size permitted.")
	}
	if err := checkTags(tagsOf(q.r.Header)); err != nil {
		return err
	}
	if t := q.r.Header.Get("X-Ms-Access-Tier"); t != "" && !knownTier(t) {
		return badHeader("x-ms-access-tier", t)
	}
	return nil
}

func (q *request) metadataHeaders(m map[string]string) {
	for name, value := range m {
		q.w.Header().Set("X-Ms-Meta-"+name, value)
	}
}

func (q *request) setMetadata() error {
	if err := q.setable(); err != nil {
		return err
	}
	b, err := q.rewrite(func(v *version) { v.Metadata = metadataOf(q.r.Header) })
	if err != nil {
		return err
	}
	q.stamp(b.ETag, b.Modified)
	q.w.Header().Set("X-Ms-Request-Server-Encrypted", "true")
	return q.empty(http.StatusOK)
}

// setHeaders is Set Blob Properties: what the request does not name is
// cleared, unless it names nothing at all.
func (q *request) setHeaders() error {
	b, err := q.rewrite(func(v *version) {
		v.Headers, v.ContentType = contentHeaders(q.r.Header), q.r.Header.Get("X-Ms-Blob-Content-Type")
	})
	if err != nil {
		return err
	}
	q.stamp(b.ETag, b.Modified)
	return q.empty(http.StatusOK)
}

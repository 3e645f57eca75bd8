package blob

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// tagsOf reads the tags that a request sets, which are written as a query.
func tagsOf(h http.Header) map[string]string {
	text := h.Get("X-Ms-Tags")
	if text == "" {
		return nil
	}
	m := map[string]string{}
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		m[unescaped(name)] = unescaped(value)
	}
	return m
}

func unescaped(text string) string {
	if s, err := url.QueryUnescape(text); err == nil {
		return s
	}
	return text
}

const maxTags = 10

// tagText is what names and values of tags may hold.
var tagText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9 +\-./:=_]*$`) })

func checkTags(m map[string]string) error {
	if len(m) > maxTags {
		return errTagCount
	}
	for name, value := range m {
		if name == "" || len(name) > 128 || len(value) > 256 || !tagText().MatchString(name) || !tagText().MatchString(value) {
			return errTags
		}
	}
	return nil
}

// tagDoc is the document of a blob's tags.
type tagDoc struct {
	XMLName xml.Name `xml:"Tags"`
	Set     tagSet   `xml:"TagSet"`
}

type tagSet struct {
	Tag []tagEntry
}

type tagEntry struct{ Key, Value string }

func newTagSet(m map[string]string) (s tagSet) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		s.Tag = append(s.Tag, tagEntry{name, m[name]})
	}
	return s
}

func (q *request) getTags() error {
	b, err := q.find()
	if err != nil {
		return err
	}
	return q.writeXML(http.StatusOK, tagDoc{Set: newTagSet(b.Tags)})
}

func (q *request) setTags() error {
	var doc tagDoc
	if err := q.readXML(&doc); err != nil {
		return err
	}
	m := map[string]string{}
	for _, t := range doc.Set.Tag {
		if _, twice := m[t.Key]; twice {
			return errTags
		}
		m[t.Key] = t.Value
	}
	if err := checkTags(m); err != nil {
		return err
	}
	_, err := q.edit(func(up *uploadBlob, b Blob) error {
		up.editable(b).Tags = m
		return nil
	})
	if err != nil {
		return err
	}
	return q.empty(http.StatusNoContent)
}

const maxDocument = 1 << 20 // bytes of a document that sets properties

func (q *request) readXML(doc any) error {
	text, err := io.ReadAll(io.LimitReader(q.r.Body, maxDocument+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the request's document: %w", err)
	case len(text) > maxDocument:
		return errTooLarge
	case xml.Unmarshal(text, doc) != nil:
		return errXML
	}
	return nil
}

// found is a blob whose tags answer a query.
type found struct {
	Name          string
	ContainerName string
	Tags          struct{ TagSet tagSet }
}

type foundPage struct {
	XMLName         xml.Name `xml:"EnumerationResults"`
	ServiceEndpoint string   `xml:",attr"`
	Where           string
	Blobs           struct{ Blob []found }
	NextMarker      string
}

// findByTags is Find Blobs by Tags, of an account or of a container.
func (q *request) findByTags() error {
	where := q.query.Get("where")
	c, err := parseTagQuery(where)
	if err != nil {
		return refusal(400, "InvalidQueryParameterValue", errUnsupportedQuery.Message+" where: "+err.Error())
	}
	page, from, limit, err := q.page()
	if err != nil {
		return err
	}
	all, err := q.tagged(c)
	if err != nil {
		return err
	}
	doc := foundPage{ServiceEndpoint: page.ServiceEndpoint, Where: where}
	for _, f := range all {
		if f.ContainerName+"/"+f.Name < from {
			continue
		}
		if len(doc.Blobs.Blob) == limit {
			doc.NextMarker = marker(f.ContainerName + "/" + f.Name)
			break
		}
		doc.Blobs.Blob = append(doc.Blobs.Blob, f)
	}
	return q.writeXML(http.StatusOK, doc)
}

// tagged lists the blobs whose tags c wants. Only clients set tags, so only
// what is remembered of their doings needs to be looked at.
func (q *request) tagged(c tagQuery) (all []found, err error) {
	x, err := q.s.uploads.read()
	if err != nil {
		return nil, err
	}
	for _, container := range slices.Sorted(maps.Keys(x.Accounts[q.account])) {
		if q.container != "" && q.container != container {
			continue
		}
		in := &request{s: q.s, now: q.now, account: q.account, container: container}
		for _, name := range slices.Sorted(maps.Keys(x.Accounts[q.account][container].Blobs)) {
			b, ok, err := in.lookUpIn(x, name)
			if err != nil {
				return nil, err
			}
			if !ok || len(b.Tags) == 0 || !c.holds(container, b.Tags) {
				continue
			}
			f := found{Name: name, ContainerName: container}
			f.Tags.TagSet = newTagSet(b.Tags).only(c)
			all = append(all, f)
		}
	}
	return all, nil
}

// only are the tags that a query names, which the answer shows.
func (s tagSet) only(c tagQuery) (named tagSet) {
	for _, t := range s.Tag {
		if slices.ContainsFunc(c, func(k tagCondition) bool { return k.name == t.Key }) {
			named.Tag = append(named.Tag, t)
		}
	}
	return named
}

package blob

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxResults is the most that one page of a listing holds.
const maxResults = 5000

// enumeration is the EnumerationResults document of both listings.
type enumeration struct {
	XMLName         xml.Name    `xml:"EnumerationResults"`
	ServiceEndpoint string      `xml:",attr"`
	ContainerName   string      `xml:",attr,omitempty"`
	Prefix          string      `xml:",omitempty"`
	Marker          string      `xml:",omitempty"`
	MaxResults      int         `xml:",omitempty"`
	Delimiter       string      `xml:",omitempty"`
	Containers      *containers `xml:",omitempty"`
	Blobs           *blobs      `xml:",omitempty"`
	NextMarker      string
}

type containers struct {
	Container []container
}

type container struct {
	Name       string
	Properties struct {
		LastModified string `xml:"Last-Modified"`
		Etag         string
		LeaseStatus  string
		LeaseState   string
	}
}

// blobs holds blobs and prefixes in the order of their names.
type blobs struct {
	Entries []entry
}

// entry is a blob or a prefix; XMLName says which.
type entry struct {
	XMLName    xml.Name
	Name       string
	Properties *properties
	Metadata   metadata `xml:",omitempty"`
}

type properties struct {
	CreationTime  string `xml:"Creation-Time"`
	LastModified  string `xml:"Last-Modified"`
	Etag          string
	ContentLength int64  `xml:"Content-Length"`
	ContentType   string `xml:"Content-Type"`
	BlobType      string
	AccessTier    string
	TierInferred  bool `xml:"AccessTierInferred"`
	LeaseStatus   string
	LeaseState    string
	Encrypted     bool `xml:"ServerEncrypted"`
}

// metadata is written as one element per name.
type metadata map[string]string

// MarshalXML writes m as <Metadata><name>value</name>…</Metadata>.
func (m metadata) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if err := e.EncodeElement(m[name], xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// page reads the parameters that both listings have.
func (q *request) page() (doc enumeration, from string, limit int, err error) {
	doc = enumeration{ServiceEndpoint: q.endpoint, Prefix: q.query.Get("prefix"), Marker: q.query.Get("marker")}
	limit = q.s.page
	if text := q.query.Get("maxresults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return doc, "", 0, errUnsupportedQuery
		}
		if n <= 0 {
			return doc, "", 0, errOutOfRange
		}
		doc.MaxResults = n
		limit = min(limit, n)
	}
	from, err = parseMarker(doc.Marker)
	return doc, from, limit, err
}

// marker and parseMarker turn the name at which a page begins into the opaque
// text that clients hand back.
func marker(name string) string {
	text := base64.URLEncoding.EncodeToString([]byte(name))
	return fmt.Sprintf("2!%d!%s", len(text), text)
}

func parseMarker(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	part := strings.SplitN(text, "!", 3)
	if len(part) != 3 || part[0] != "2" {
		return "", errUnsupportedQuery
	}
	name, err := base64.URLEncoding.DecodeString(part[2])
	if err != nil {
		return "", errUnsupportedQuery
	}
	return string(name), nil
}

func (q *request) listContainers() error {
	doc, from, limit, err := q.page()
	if err != nil {
		return err
	}
	all, err := q.s.Containers(q.account)
	if err != nil {
		return err
	}
	doc.Containers = &containers{}
	for _, c := range all {
		if c.Name < from || !strings.HasPrefix(c.Name, doc.Prefix) {
			continue
		}
		if len(doc.Containers.Container) == limit {
			doc.NextMarker = marker(c.Name)
			break
		}
		item := container{Name: c.Name}
		item.Properties.LastModified = httpTime(c.Modified)
		item.Properties.Etag = strings.Trim(containerETag(c), `"`)
		item.Properties.LeaseStatus, item.Properties.LeaseState = "unlocked", "available"
		doc.Containers.Container = append(doc.Containers.Container, item)
	}
	return q.writeXML(http.StatusOK, doc)
}

func (q *request) listBlobs() error {
	doc, from, limit, err := q.page()
	if err != nil {
		return err
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	doc.ContainerName, doc.Delimiter, doc.Blobs = q.container, q.query.Get("delimiter"), &blobs{}
	withMetadata := slices.Contains(strings.Split(q.query.Get("include"), ","), "metadata")
	for e, err := range q.entries(doc.Prefix, doc.Delimiter, from) {
		if err != nil {
			return err
		}
		if len(doc.Blobs.Entries) == limit {
			doc.NextMarker = marker(e.Name)
			break
		}
		if !withMetadata {
			e.Metadata = nil
		}
		doc.Blobs.Entries = append(doc.Blobs.Entries, e)
	}
	return q.writeXML(http.StatusOK, doc)
}

// entries yields blobs, and prefixes in the place of those that share one.
func (q *request) entries(prefix, delimiter, from string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for more := true; more; {
			more = false
			for name, err := range q.names(prefix, from) {
				if err != nil {
					yield(entry{}, err)
					return
				}
				b, ok, err := q.lookUp(name)
				if err != nil {
					yield(entry{}, err)
					return
				}
				if !ok {
					continue
				}
				e := blobEntry(name, b)
				common, isPrefix := cutAfter(name, prefix, delimiter)
				if isPrefix {
					e = entry{XMLName: xml.Name{Local: "BlobPrefix"}, Name: common}
				}
				if !yield(e, nil) {
					return
				}
				if isPrefix { // go on behind all names that share it
					from, more = behind(common)
					break
				}
			}
		}
	}
}

// cutAfter returns the part of name up to the first delimiter after prefix.
func cutAfter(name, prefix, delimiter string) (string, bool) {
	if delimiter == "" {
		return "", false
	}
	i := strings.Index(name[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return name[:len(prefix)+i+len(delimiter)], true
}

// behind is the first text in byte order that does not begin with prefix and
// comes after all that do; there may be none.
func behind(prefix string) (string, bool) {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1]), true
		}
	}
	return "", false
}

func blobEntry(name string, b Blob) entry {
	return entry{XMLName: xml.Name{Local: "Blob"}, Name: name, Metadata: b.Metadata, Properties: &properties{
		CreationTime: httpTime(b.Created), LastModified: httpTime(b.Modified), Etag: b.ETag,
		ContentLength: b.Size(), ContentType: b.ContentType, BlobType: "BlockBlob",
		AccessTier: "Hot", TierInferred: true, LeaseStatus: "unlocked", LeaseState: "available", Encrypted: true,
	}}
}

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

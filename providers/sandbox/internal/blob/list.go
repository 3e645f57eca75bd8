package blob

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
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
	Properties containerEntry
	Metadata   metadata `xml:",omitempty"`
}

type containerEntry struct {
	LastModified    string `xml:"Last-Modified"`
	Etag            string
	LeaseStatus     string
	LeaseState      string
	LeaseDuration   string `xml:",omitempty"`
	PublicAccess    string `xml:",omitempty"`
	EncryptionScope string `xml:"DefaultEncryptionScope"`
	DenyOverride    bool   `xml:"DenyEncryptionScopeOverride"`
	Immutability    bool   `xml:"HasImmutabilityPolicy"`
	LegalHold       bool   `xml:"HasLegalHold"`
	VersionWorm     bool   `xml:"ImmutableStorageWithVersioningEnabled"`
}

// blobs holds blobs and prefixes in the order of their names.
type blobs struct {
	Entries []entry
}

// entry is a blob or a prefix; XMLName says which.
type entry struct {
	XMLName    xml.Name
	Name       string
	Snapshot   string `xml:",omitempty"`
	Deleted    bool   `xml:",omitempty"`
	Properties *properties
	Metadata   metadata `xml:",omitempty"`
	Tags       *tagDoc
}

// properties are written in the order of the recording
// blob-list-blobs-leased-blob.
type properties struct {
	CreationTime       string `xml:"Creation-Time"`
	LastModified       string `xml:"Last-Modified"`
	Etag               string
	ContentLength      int64  `xml:"Content-Length"`
	ContentType        string `xml:"Content-Type"`
	ContentEncoding    string `xml:"Content-Encoding"`
	ContentLanguage    string `xml:"Content-Language"`
	ContentCRC64       string `xml:"Content-CRC64"`
	ContentMD5         string `xml:"Content-MD5"`
	CacheControl       string `xml:"Cache-Control"`
	ContentDisposition string `xml:"Content-Disposition"`
	BlobType           string
	AccessTier         string `xml:",omitempty"`
	TierInferred       bool   `xml:"AccessTierInferred,omitempty"`
	TierChanged        string `xml:"AccessTierChangeTime,omitempty"`
	ArchiveStatus      string `xml:",omitempty"`
	RehydratePriority  string `xml:",omitempty"`
	LeaseStatus        *string
	LeaseState         string `xml:",omitempty"`
	LeaseDuration      string `xml:",omitempty"`
	copying
	Encrypted   bool   `xml:"ServerEncrypted"`
	Sealed      bool   `xml:",omitempty"`
	DeletedTime string `xml:",omitempty"`
	DaysLeft    *int   `xml:"RemainingRetentionDays"`
	TagCount    int    `xml:",omitempty"`
}

// copying is what a listing that includes copies tells.
type copying struct {
	CopyID         string `xml:"CopyId,omitempty"`
	CopySource     string `xml:",omitempty"`
	CopyStatus     string `xml:",omitempty"`
	CopyProgress   string `xml:",omitempty"`
	CopyCompletion string `xml:"CopyCompletionTime,omitempty"`
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
		item := container{Name: c.Name, Properties: containerEntry{
			LastModified: httpTime(c.Modified), Etag: `"` + c.ETag() + `"`, PublicAccess: c.Public, EncryptionScope: "$account-encryption-key",
			LeaseStatus: c.Lease.status(q.now), LeaseState: c.Lease.state(q.now), LeaseDuration: c.Lease.duration(q.now)}}
		if q.includes("metadata") {
			item.Metadata = c.Metadata
		}
		doc.Containers.Container = append(doc.Containers.Container, item)
	}
	return q.writeXML(http.StatusOK, doc)
}

func (q *request) includes(what string) bool {
	return slices.Contains(strings.Split(q.query.Get("include"), ","), what)
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

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

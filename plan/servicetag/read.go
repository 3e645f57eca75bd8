package servicetag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"flowctl/plan/region"
)

// document is a list as Azure writes it: the weekly file, or what Resource Manager
// lists for a location. That has texts for numbers and more members.
type document struct {
	ChangeNumber json.RawMessage   `json:"changeNumber"`
	Cloud        string            `json:"cloud"`
	ID           string            `json:"id"` // of Resource Manager's list
	NextLink     string            `json:"nextLink"`
	Values       *[]documentTag    `json:"values"`
	Value        []json.RawMessage `json:"value"` // of the list of details
}

type documentTag struct {
	Name       string `json:"name"`
	Properties struct {
		Region   string   `json:"region"`
		Prefixes []string `json:"addressPrefixes"`
	} `json:"properties"`
}

const wayOut = "Give the weekly file of Azure, ServiceTags_Public_….json, or what az network list-service-tags prints"

// Read reads a list from data. The name is that of its file: the date is in it.
func Read(name string, data []byte) (*List, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	doc, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("service tags of %s: %w", name, err)
	}
	l := &List{File: path.Base(strings.ReplaceAll(name, `\`, "/")), Cloud: doc.Cloud, ChangeNumber: strings.Trim(string(doc.ChangeNumber), `" `), API: doc.ID != ""}
	l.Date = dateIn(l.File)
	tags, err := tagsOf(*doc.Values)
	if err != nil {
		return nil, fmt.Errorf("service tags of %s: %w", name, err)
	}
	for i := range tags {
		l.Prefixes += len(tags[i].prefixes)
	}
	l.Tags = len(tags)
	l.index(tags)
	return l, nil
}

// parse reads the document, or says what it is instead.
func parse(data []byte) (doc document, err error) {
	switch start := bytes.TrimSpace(data); {
	case len(start) == 0:
		return doc, errors.New("the file is empty. " + wayOut)
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}) || bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return doc, errors.New("the file is compressed. Unpack it first")
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return doc, errors.New("the file is UTF-16, as PowerShell redirects output. Write it as UTF-8, with Out-File -Encoding utf8")
	case start[0] == '<':
		return doc, errors.New("the file is a web page or XML, such as the page from which the list is downloaded. " + wayOut)
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return doc, notParsed(data, err)
	}
	switch {
	case doc.Values == nil && len(doc.Value) > 0:
		return doc, errors.New("it has no addresses: it looks like a list of details or of another kind. " + wayOut)
	case doc.Values == nil:
		return doc, errors.New(`it is JSON, but no list of service tags: it has no "values". ` + wayOut)
	case len(*doc.Values) == 0:
		return doc, errors.New("it has no tag at all. " + wayOut)
	case doc.NextLink != "":
		return doc, errors.New("it is one page of a list, of which more follows at its nextLink. Give the whole list, as az network list-service-tags prints it")
	}
	return doc, nil
}

// notParsed says why data is no list.
func notParsed(data []byte, err error) error {
	var syntax *json.SyntaxError
	var other *json.UnmarshalTypeError
	switch {
	case errors.As(err, &other):
		return fmt.Errorf("it is JSON, but no list of service tags: %s is a JSON %s. %s", orWhole(other.Field), other.Value, wayOut)
	case !errors.As(err, &syntax):
		return err
	case syntax.Offset >= int64(len(data)) && (data[0] == '{' || data[0] == '['):
		return fmt.Errorf("it ends in the middle, after %d bytes. Download it again", len(data))
	}
	line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
	return fmt.Errorf("it is no JSON, line %d: %w. %s", line, err, wayOut)
}

func orWhole(field string) string {
	if field == "" {
		return "the whole"
	}
	return field
}

// tagsOf are the tags with their prefixes; one that is there twice is one.
func tagsOf(values []documentTag) ([]tag, error) {
	var tags []tag
	known := map[string]int{}
	prefixes := 0
	for i, v := range values {
		if v.Name == "" {
			return nil, fmt.Errorf(`entry %d of "values" has no name, so it is no service tag. %s`, i+1, wayOut)
		}
		at, ok := known[strings.ToLower(v.Name)]
		if !ok {
			at = len(tags)
			known[strings.ToLower(v.Name)] = at
			tags = append(tags, newTag(v.Name, v.Properties.Region))
		}
		for _, text := range v.Properties.Prefixes {
			p, err := prefix(text)
			if err != nil {
				return nil, fmt.Errorf("tag %s has the prefix %q, which is none", v.Name, text)
			}
			tags[at].prefixes = append(tags[at].prefixes, p)
			tags[at].size += size(p)
		}
		prefixes += len(v.Properties.Prefixes)
	}
	if prefixes == 0 {
		return nil, errors.New("no tag has a prefix. " + wayOut)
	}
	return tags, nil
}

// newTag is a tag without prefixes. Its service is its name without the suffix
// that stands for its region.
func newTag(name, where string) tag {
	t := tag{Place: Place{Tag: name, Service: name, Region: region.Name(where)}}
	if service, _, ok := strings.Cut(name, "."); ok && where != "" {
		t.Service = service
	}
	return t
}

// prefix reads a prefix, or an address as the prefix of it alone.
func prefix(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, err
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// size is how many IPv4 addresses a prefix has.
func size(p netip.Prefix) uint64 {
	if !p.Addr().Is4() {
		return 0
	}
	return 1 << (32 - p.Bits())
}

var dated = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:^|[^0-9])(20[0-9]{6})(?:[^0-9]|$)`) })

// dateIn is the date in the name of a file, as in ServiceTags_Public_20251028.json;
// empty if there is none.
func dateIn(name string) string {
	for _, m := range dated().FindAllStringSubmatch(name, -1) {
		if t, err := time.Parse("20060102", m[1]); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return ""
}

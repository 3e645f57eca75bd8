package blob

import (
	"encoding/xml"
	"net/http"
	"time"
)

// accessPolicy is a stored access policy of a container, by whose ID
// signatures refer to it.
type accessPolicy struct {
	ID     string `xml:"Id" json:"id"`
	Policy struct {
		Start      string `xml:",omitempty" json:"start,omitempty"`
		Expiry     string `xml:",omitempty" json:"expiry,omitempty"`
		Permission string `xml:",omitempty" json:"permission,omitempty"`
	} `xml:"AccessPolicy" json:"policy"`
}

// policyDoc is the document of a container's stored access policies.
type policyDoc struct {
	XMLName  xml.Name       `xml:"SignedIdentifiers"`
	Policies []accessPolicy `xml:"SignedIdentifier"`
}

const maxPolicies = 5

// errPublicAccess: accounts of the sandbox let nobody read without a name, as
// is the default since 2023.
var errPublicAccess = refusal(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")

func publicAccess(level string) error {
	switch level {
	case "":
		return nil
	case "blob", "container":
		return errPublicAccess
	}
	return badHeader("x-ms-blob-public-access", level)
}

func (q *request) getAccess() error {
	c, err := q.findContainer()
	if err != nil {
		return err
	}
	if err := q.containerConditions(c, reads); err != nil {
		return err
	}
	q.stamp(c.ETag(), c.Modified)
	return q.writeXML(http.StatusOK, policyDoc{Policies: c.Policies})
}

func (q *request) setAccess() error {
	if err := publicAccess(q.r.Header.Get("X-Ms-Blob-Public-Access")); err != nil {
		return err
	}
	var doc policyDoc
	if q.r.ContentLength != 0 {
		if err := q.readXML(&doc); err != nil {
			return err
		}
	}
	if err := doc.check(); err != nil {
		return err
	}
	c, err := q.editContainer(func(c *uploadedContainer) error {
		c.State.Policies = doc.Policies
		return nil
	})
	if err != nil {
		return err
	}
	q.stamp(c.ETag(), c.Modified)
	return q.empty(http.StatusOK)
}

func (d policyDoc) check() error {
	if len(d.Policies) > maxPolicies {
		return errXML
	}
	for _, p := range d.Policies {
		for _, t := range []string{p.Policy.Start, p.Policy.Expiry} {
			if _, ok := sasTime(t); t != "" && !ok {
				return refusal(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format. "+t)
			}
		}
		if p.ID == "" || len(p.ID) > 64 {
			return refusal(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format. Id")
		}
	}
	return nil
}

// sasTime reads the forms of time that signatures and policies have.
func sasTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

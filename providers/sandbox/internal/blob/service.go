package blob

import (
	"encoding/xml"
	"net/http"
	"time"
)

// serviceState is what clients set on an account's Blob service.
type serviceState struct {
	Properties serviceProperties `json:"properties"`
}

// serviceProperties are those of the service, as its document has them.
type serviceProperties struct {
	XMLName               xml.Name         `xml:"StorageServiceProperties" json:"-"`
	Logging               *serviceLogging  `json:"logging,omitempty"`
	HourMetrics           *serviceMetrics  `json:"hour_metrics,omitempty"`
	MinuteMetrics         *serviceMetrics  `json:"minute_metrics,omitempty"`
	Cors                  *serviceCors     `json:"cors,omitempty"`
	DefaultServiceVersion string           `xml:",omitempty" json:"default_service_version,omitempty"`
	DeleteRetentionPolicy *retentionPolicy `json:"delete_retention_policy,omitempty"`
	StaticWebsite         *staticWebsite   `json:"static_website,omitempty"`
}

type serviceLogging struct {
	Version             string          `json:"version"`
	Delete, Read, Write bool            `json:",omitempty"`
	RetentionPolicy     retentionPolicy `json:"retention_policy"`
}

type serviceMetrics struct {
	Version         string          `json:"version"`
	Enabled         bool            `json:"enabled"`
	IncludeAPIs     *bool           `json:"include_apis,omitempty"`
	RetentionPolicy retentionPolicy `json:"retention_policy"`
}

type serviceCors struct {
	CorsRule []struct {
		AllowedOrigins, AllowedMethods string
		MaxAgeInSeconds                int
		ExposedHeaders, AllowedHeaders string
	}
}

type retentionPolicy struct {
	Enabled bool `json:"enabled"`
	Days    int  `xml:",omitempty" json:"days,omitempty"`
}

type staticWebsite struct {
	Enabled                  bool
	IndexDocument            string `xml:",omitempty"`
	DefaultIndexDocumentPath string `xml:",omitempty"`
	ErrorDocument404Path     string `xml:",omitempty"`
}

const maxKept = 365 // days

func (q *request) getProperties() error {
	x, err := q.s.uploads.read()
	if err != nil {
		return err
	}
	doc := serviceProperties{Logging: &serviceLogging{Version: "1.0"}, HourMetrics: &serviceMetrics{Version: "1.0"},
		MinuteMetrics: &serviceMetrics{Version: "1.0"}, Cors: &serviceCors{}, DeleteRetentionPolicy: &retentionPolicy{}, StaticWebsite: &staticWebsite{}}
	if s := x.Services[q.account]; s != nil {
		doc.merge(s.Properties)
	}
	return q.writeXML(http.StatusOK, doc)
}

// merge takes over what is set: what a request leaves out stays as it is.
func (p *serviceProperties) merge(set serviceProperties) {
	keep(&p.Logging, set.Logging)
	keep(&p.HourMetrics, set.HourMetrics)
	keep(&p.MinuteMetrics, set.MinuteMetrics)
	keep(&p.Cors, set.Cors)
	keep(&p.DeleteRetentionPolicy, set.DeleteRetentionPolicy)
	keep(&p.StaticWebsite, set.StaticWebsite)
	if set.DefaultServiceVersion != "" {
		p.DefaultServiceVersion = set.DefaultServiceVersion
	}
}

func keep[T any](at **T, set *T) {
	if set != nil {
		*at = set
	}
}

func (q *request) setProperties() error {
	var doc serviceProperties
	if err := q.readXML(&doc); err != nil {
		return err
	}
	if p := doc.DeleteRetentionPolicy; p != nil && p.Enabled && (p.Days < 1 || p.Days > maxKept) {
		return refusal(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format. Days")
	}
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		if x.Services == nil {
			x.Services = map[string]*serviceState{}
		}
		if x.Services[q.account] == nil {
			x.Services[q.account] = &serviceState{}
		}
		x.Services[q.account].Properties.merge(doc)
		return nil
	})
	if err != nil {
		return err
	}
	return q.empty(http.StatusAccepted)
}

// retention is what a blob that is deleted now is kept for; nil: it is gone.
func (x *index) retention(account string, now time.Time) *removed {
	s := x.Services[account]
	if s == nil || s.Properties.DeleteRetentionPolicy == nil || !s.Properties.DeleteRetentionPolicy.Enabled {
		return nil
	}
	return &removed{At: now, Days: s.Properties.DeleteRetentionPolicy.Days}
}

// getStatistics is Get Blob Service Stats, which the secondary location alone
// answers. No account of the sandbox has one.
func (q *request) getStatistics() error {
	return refusal(400, "InvalidQueryParameterValue", errUnsupportedQuery.Message+" comp: the account is not read-access geo-redundant.")
}

func (q *request) accountInformation() error {
	h := q.w.Header()
	h.Set("X-Ms-Sku-Name", "Standard_LRS")
	h.Set("X-Ms-Account-Kind", "StorageV2")
	h.Set("X-Ms-Is-Hns-Enabled", "false")
	return q.empty(http.StatusOK)
}

package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// The document of a cloud's endpoints, and how long and how much to wait for.
const (
	metadataPath    = "/metadata/endpoints?api-version=2022-09-01"
	metadataTimeout = 30 * time.Second
	maxMetadata     = 1 << 20
)

// endpoints is the part of the document that flowctl goes by. Blobs are found
// by what each storage account says of itself, not by the cloud's suffix.
type endpoints struct {
	ResourceManager string `json:"resourceManager"`
	Authentication  struct {
		LoginEndpoint    string   `json:"loginEndpoint"`
		Audiences        []string `json:"audiences"`
		IdentityProvider string   `json:"identityProvider"`
	} `json:"authentication"`
}

// discover asks MetadataHost where its cloud's services are, and sets what
// follows from the answer unless it was given.
func (o Options) discover() (Options, error) {
	if o.MetadataHost == "" {
		return o, nil
	}
	doc, err := o.metadata()
	if err != nil {
		return o, fmt.Errorf("ask metadata_host %s for its endpoints: %w", o.MetadataHost, err)
	}
	if o.Endpoint == "" {
		o.Endpoint = doc.ResourceManager
	}
	if o.Audience == "" && len(doc.Authentication.Audiences) > 0 {
		o.Audience = doc.Authentication.Audiences[0]
	}
	if o.Authority == "" {
		o.Authority = doc.Authentication.LoginEndpoint
	}
	return o, nil
}

func (o Options) metadata() (doc endpoints, err error) {
	// What is asked for once, before there is a provider, has no other context.
	ctx, cancel := context.WithTimeout(context.Background(), metadataTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+o.MetadataHost+metadataPath, nil)
	if err != nil {
		return doc, err
	}
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultClient
	}
	resp, err := transport.Do(req)
	if err != nil {
		return doc, metadataError(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return doc, fmt.Errorf("it answered %s: metadata_host is the host of a cloud's Resource Manager", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxMetadata)).Decode(&doc); err != nil {
		return doc, fmt.Errorf("it did not answer with a cloud's endpoints: %w", err)
	}
	return doc, doc.check()
}

// metadataError leaves out the address, which the error names already.
func metadataError(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("%w: the host must be reachable, and its certificate trusted (SSL_CERT_FILE names a file of authorities)", err)
}

// check refuses clouds that flowctl could not sign in to.
func (d endpoints) check() error {
	for name, address := range map[string]string{"resourceManager": d.ResourceManager, "loginEndpoint": d.Authentication.LoginEndpoint} {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("its %s is %q, which is no https address", name, oneLine(address))
		}
	}
	if p := d.Authentication.IdentityProvider; p != "" && p != "AAD" {
		return fmt.Errorf("its identity provider is %s: flowctl signs in with Entra ID (AAD) only", oneLine(p))
	}
	return nil
}

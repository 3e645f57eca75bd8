package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// document is an answer of Resource Manager to one request.
type document struct {
	body   []byte
	header http.Header
}

// address is the URL of what is at path in a version of its API.
func (p *Provider) address(path, version string) string {
	return runtime.JoinPaths(p.generic.Endpoint(), path) + "?" + url.Values{"api-version": {version}}.Encode()
}

// get reads a document of which the SDK's packages are not here, or of which
// they would decode far more than flowctl needs.
func (p *Provider) get(ctx context.Context, address string) (document, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, address)
	if err != nil {
		return document{}, err
	}
	resp, err := p.generic.Pipeline().Do(req)
	return read(resp, err)
}

// ask sends a question as JSON. It changes nothing, and is sent again as reads
// are.
func (p *Provider) ask(ctx context.Context, address string, question any) (document, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return document{}, err
	}
	req, err := runtime.NewRequest(asRead(ctx), http.MethodPost, address)
	if err != nil {
		return document{}, err
	}
	if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
		return document{}, err
	}
	resp, err := p.generic.Pipeline().Do(req)
	return read(resp, err)
}

func read(resp *http.Response, err error) (document, error) {
	if err != nil {
		return document{}, plain(err)
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return document{header: resp.Header}, plain(runtime.NewResponseError(resp))
	}
	body, err := runtime.Payload(resp)
	return document{body, resp.Header}, plain(err)
}

// getInto reads and decodes one document.
func (p *Provider) getInto(ctx context.Context, path, version string, into any) error {
	doc, err := p.get(ctx, p.address(path, version))
	if err != nil {
		return err
	}
	return decode(doc.body, into)
}

// lenient reads as encoding/json does, which takes twice as long: names in any
// case, of the same name the last, and text that is not UTF-8 in part.
var lenient = jsonv2.JoinOptions(jsonv2.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

func decode(body []byte, into any) error {
	if err := jsonv2.Unmarshal(body, into, lenient); err != nil {
		return fmt.Errorf("answer is not what the API says: %w", err)
	}
	return nil
}

// pageOf is one page of a list.
type pageOf[A any] struct {
	Value []*A   `json:"value"`
	Next  string `json:"nextLink"`
}

// listOf reads all pages of a list and keeps of each element what convert
// makes of it, so that no more than a page is held in Azure's own form.
func listOf[A, T any](ctx context.Context, p *Provider, what, address string, convert func(*A) T) ([]T, error) {
	var out []T
	for ctx := aList(ctx); address != ""; {
		doc, err := p.get(ctx, address)
		if err != nil {
			return out, &notListed{what, err}
		}
		var page pageOf[A]
		if err := decode(doc.body, &page); err != nil {
			return out, &notListed{what, err}
		}
		for _, a := range page.Value {
			if a != nil {
				out = append(out, convert(a))
			}
		}
		address = page.Next
	}
	return out, nil
}

// inSubscription is a path below the provider's subscription.
func (p *Provider) inSubscription(rest string) string {
	return "/subscriptions/" + p.subscription + rest
}

// same returns what it is given.
func same[T any](v *T) T { return *v }

// idOf is an element of which only the id counts.
type idOf struct {
	ID plan.ID `json:"id"`
}

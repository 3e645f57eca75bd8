package azure

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// mostPages bounds a list: pages of Resource Manager have up to a thousand
// elements, and no subscription has so many.
const mostPages = 5000

// pagesKey marks the requests of one list.
type pagesKey struct{}

// turned are the pages that a list has asked for.
type turned map[string]bool

// aList marks a context as that of one list, so that it is noticed when its
// pages do not come to an end.
func aList(ctx context.Context) context.Context { return context.WithValue(ctx, pagesKey{}, turned{}) }

// home keeps requests with the host that their token is for: links to next
// pages and to operations come from answers, and an answer may be wrong. It
// stands before what tries again.
type home struct{ host string }

// Do sends one request.
func (h home) Do(req *policy.Request) (*http.Response, error) {
	to := req.Raw().URL
	if !atHome(to, h.host) {
		return nil, final{fmt.Errorf("an answer of %s refers to %s: not followed, since the request carries a token for %s alone", h.host, oneLine(to.Host), h.host)}
	}
	if all, ok := req.Raw().Context().Value(pagesKey{}).(turned); ok && req.Raw().Method == http.MethodGet {
		if err := all.turn(to.String()); err != nil {
			return nil, err
		}
	}
	return req.Next()
}

// turn notes a page, and refuses one that was there before.
func (p turned) turn(address string) error {
	switch {
	case p[address]:
		return final{fmt.Errorf("a page says that it is followed by one that was read before")}
	case len(p) == mostPages:
		return final{fmt.Errorf("it has more than %d pages, which no list of Azure has", mostPages)}
	}
	p[address] = true
	return nil
}

// atHome reports whether an address is at a host or at one of its regions, such
// as westeurope.management.azure.com.
func atHome(to *url.URL, host string) bool {
	name, ours := strings.ToLower(to.Host), strings.ToLower(host)
	return name == ours || strings.HasSuffix(name, "."+ours) || name == ours+":443"
}

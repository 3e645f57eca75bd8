package azure

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Environments returns the names that Options.Environment takes.
func Environments() []string { return []string{"public", "usgovernment", "china"} }

// cloud returns where tokens are issued and where Resource Manager is.
func (o Options) cloud() (cloud.Configuration, error) {
	c, ok := map[string]cloud.Configuration{
		"": cloud.AzurePublic, "public": cloud.AzurePublic,
		"usgovernment": cloud.AzureGovernment, "china": cloud.AzureChina,
	}[o.Environment]
	if !ok {
		return c, fmt.Errorf("no environment %q: there are %s", o.Environment, strings.Join(Environments(), ", "))
	}
	if o.Authority != "" {
		c.ActiveDirectoryAuthorityHost = o.Authority
	}
	if o.Endpoint == "" {
		return c, nil
	}
	if u, err := url.Parse(o.Endpoint); err != nil || u.Host == "" {
		return c, fmt.Errorf("endpoint %q is no URL: give one such as https://management.azure.com", o.Endpoint)
	}
	audience := o.Audience
	if audience == "" {
		audience = strings.TrimSuffix(o.Endpoint, "/")
	}
	c.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{
		cloud.ResourceManager: {Endpoint: o.Endpoint, Audience: audience},
	}
	return c, nil
}

// armOptions are the options of all clients of Resource Manager. Providers
// are not registered on the way: that is a change nobody reviewed.
func (o Options) armOptions(c cloud.Configuration, p *Provider) *arm.ClientOptions {
	endpoint := c.Services[cloud.ResourceManager].Endpoint
	opts := o.clientOptions(c, endpoint)
	opts.Retry.TryTimeout = o.Timeout
	opts.PerCallPolicies = []policy.Policy{home{hostOf(endpoint)}, readPolicy{p.retry}, newPace(o.Clock, p.log)}
	opts.PerRetryPolicies = []policy.Policy{trace{&p.calls.arm, p.calls.note, p.log}}
	return &arm.ClientOptions{ClientOptions: opts, DisableRPRegistration: true}
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

// blobOptions are the options of the blob service at blobURL. There is no
// time limit to a request, since the body of a blob is read at the reader's
// pace.
func (o Options) blobOptions(c cloud.Configuration, p *Provider, blobURL string) policy.ClientOptions {
	opts := o.clientOptions(c, blobURL)
	opts.PerCallPolicies = []policy.Policy{readPolicy{p.retry}}
	opts.PerRetryPolicies = []policy.Policy{trace{&p.calls.blob, nil, p.log}}
	return opts
}

func (o Options) clientOptions(c cloud.Configuration, endpoint string) policy.ClientOptions {
	return policy.ClientOptions{
		Cloud:                           c,
		Transport:                       o.Transport,
		Retry:                           policy.RetryOptions{MaxRetries: -1},
		Telemetry:                       policy.TelemetryOptions{ApplicationID: "flowctl"},
		InsecureAllowCredentialWithHTTP: o.InProcess || loopback(endpoint),
	}
}

// loopback reports whether endpoint is on this machine, where a token that
// goes over plain http is seen by nobody else.
func loopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

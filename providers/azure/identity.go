package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// credential is a way to get tokens, and what helps if it does not work.
type credential struct {
	open   func(Options, policy.ClientOptions) (azcore.TokenCredential, error)
	remedy string
}

// credentials are the ways by the names that configuration gives them.
var credentials = map[string]credential{
	"default": {openDefault,
		"run az login{tenant}, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or choose one way with credential"},
	"cli": {openCLI,
		"run az login{tenant}, in the tenant of the subscription"},
	"developer_cli": {openDeveloperCLI,
		"run azd auth login"},
	"powershell": {openPowerShell,
		"run Connect-AzAccount{tenant}"},
	"environment": {openEnvironment,
		"set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH"},
	"client_secret": {openClientSecret,
		"check that the secret in AZURE_CLIENT_SECRET is of the client, and has not expired"},
	"client_certificate": {openClientCertificate,
		"check that the certificate is one of the client's, has not expired, and comes with its private key"},
	"managed_identity": {openManagedIdentity,
		"run flowctl on an Azure machine that has an identity, and set client_id if it has several"},
	"workload_identity": {openWorkloadIdentity,
		"set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE, or label the pod azure.workload.identity/use"},
	"github_oidc": {openGitHub,
		"give the job the permission id-token: write, and the client a federated credential for its repository and branch or environment"},
	"azure_pipelines": {openPipelines,
		"check the service connection, and that the client has its federated credential"},
}

// remedyFor is what helps in the tenant that was asked for.
func (c credential) remedyFor(o Options) string {
	tenant := ""
	if o.Tenant != "" {
		tenant = " --tenant " + o.Tenant
	}
	return strings.ReplaceAll(c.remedy, "{tenant}", tenant)
}

// CredentialNames returns the names that Options.CredentialName takes.
func CredentialNames() []string { return slices.Sorted(maps.Keys(credentials)) }

// credential returns the one that is given or named.
func (o Options) credential(c cloud.Configuration) (azcore.TokenCredential, error) {
	if o.Credential != nil {
		return identity{o.Credential, "the given credential", ""}, nil
	}
	name := o.CredentialName
	if name == "" {
		name = "default"
	}
	way, ok := credentials[name]
	if !ok {
		return nil, fmt.Errorf("no credential %q: there are %s", name, strings.Join(CredentialNames(), ", "))
	}
	opened, err := way.open(o, policy.ClientOptions{Cloud: c, Transport: o.Transport})
	if err != nil {
		return nil, &identityError{"credential " + name, way.remedyFor(o), err}
	}
	return identity{opened, "credential " + name, way.remedyFor(o)}, nil
}

func openDefault(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: c, TenantID: o.Tenant, DisableInstanceDiscovery: o.Authority != "",
	})
}

func openCLI(o Options, _ policy.ClientOptions) (azcore.TokenCredential, error) {
	return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{
		TenantID: o.Tenant, Subscription: cliSubscription(o),
	})
}

// cliSubscription lets az choose the account of the subscription, unless the
// tenant chooses it: az takes one of both.
func cliSubscription(o Options) string {
	if o.Tenant != "" {
		return ""
	}
	return o.Subscription
}

func openDeveloperCLI(o Options, _ policy.ClientOptions) (azcore.TokenCredential, error) {
	return azidentity.NewAzureDeveloperCLICredential(&azidentity.AzureDeveloperCLICredentialOptions{TenantID: o.Tenant})
}

func openPowerShell(o Options, _ policy.ClientOptions) (azcore.TokenCredential, error) {
	return azidentity.NewAzurePowerShellCredential(&azidentity.AzurePowerShellCredentialOptions{TenantID: o.Tenant})
}

func openEnvironment(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	return azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{
		ClientOptions: c, DisableInstanceDiscovery: o.Authority != "",
	})
}

func openManagedIdentity(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	opts := azidentity.ManagedIdentityCredentialOptions{ClientOptions: c}
	if o.ClientID != "" {
		opts.ID = azidentity.ClientID(o.ClientID)
	}
	return azidentity.NewManagedIdentityCredential(&opts)
}

func openWorkloadIdentity(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions: c, TenantID: o.Tenant, ClientID: o.ClientID, DisableInstanceDiscovery: o.Authority != "",
	})
}

// identity is a credential whose errors say which it is and what helps.
type identity struct {
	inner        azcore.TokenCredential
	name, remedy string
}

// GetToken asks the credential for a token.
func (i identity) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := i.inner.GetToken(ctx, o)
	if err != nil && ctx.Err() == nil {
		err = &identityError{i.name, i.remedy, err}
	}
	return token, err
}

// identityError says that there is no token to be had.
type identityError struct {
	name, remedy string
	cause        error
}

func (e *identityError) Error() string {
	s := fmt.Sprintf("sign in with %s: %s", e.name, signInSentence(e.cause))
	if e.remedy != "" {
		s += ": " + e.remedy
	}
	return s
}

func (e *identityError) Unwrap() error { return e.cause }

// NonRetriable tells the SDK and flowctl's own retry that trying again does
// not help.
func (e *identityError) NonRetriable() {}

// signInSentence is what the identity service or the SDK said, in a line. The
// SDK would print the whole answer of the service.
func signInSentence(err error) string {
	var failed *azidentity.AuthenticationFailedError
	text := err.Error()
	if tried := attempts(text); tried != "" {
		return tried
	}
	if errors.As(err, &failed) && failed.RawResponse != nil && failed.RawResponse.Body != nil {
		body, _ := runtime.Payload(failed.RawResponse)
		var answer struct {
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &answer) == nil && answer.Description != "" {
			return firstSentence(answer.Description)
		}
		return fmt.Sprintf("the identity service answered %s", failed.RawResponse.Status)
	}
	text, _, _ = strings.Cut(text, " To troubleshoot, visit")
	return oneLine(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

// attempts is what each credential of a chain said: the SDK gives each a line
// that begins with a tab, and what else it said lines with two.
func attempts(text string) string {
	_, lines, ok := strings.Cut(text, "\nAttempted credentials:\n")
	if !ok {
		return ""
	}
	var tried []string
	for line := range strings.SplitSeq(lines, "\n") {
		if said, ok := strings.CutPrefix(line, "\t"); ok && !strings.HasPrefix(said, "\t") {
			tried = append(tried, strings.TrimSuffix(firstSentence(said), "."))
		}
	}
	return "tried " + strings.Join(tried, "; ")
}

// firstSentence ends before a new line or a further sentence.
func firstSentence(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '.' && s[i+1] == ' ' && 'A' <= s[i+2] && s[i+2] <= 'Z' {
			s = s[:i+1]
		}
	}
	return oneLine(s)
}

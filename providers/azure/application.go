package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// The variables of the environment that say who an application is: those of
// Azure's SDKs, Terraform's, and those that tasks of Azure Pipelines set.
var (
	tenantVariables      = []string{"AZURE_TENANT_ID", "ARM_TENANT_ID", "AZURESUBSCRIPTION_TENANT_ID"}
	clientVariables      = []string{"AZURE_CLIENT_ID", "ARM_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID"}
	secretVariables      = []string{"AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET"}
	certificateVariables = []string{"AZURE_CLIENT_CERTIFICATE_PATH", "ARM_CLIENT_CERTIFICATE_PATH"}
	passwordVariables    = []string{"AZURE_CLIENT_CERTIFICATE_PASSWORD", "ARM_CLIENT_CERTIFICATE_PASSWORD"}
	connectionVariables  = []string{"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID"}
)

// settings collects what a credential needs, and what of it is missing.
type settings struct{ missing []string }

// take returns what the file gives, or else the first variable that is set.
func (s *settings) take(given, attribute string, variables ...string) string {
	if given != "" {
		return given
	}
	for _, name := range variables {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	where := variables[0]
	if attribute != "" {
		where = attribute + " or " + where
	}
	s.missing = append(s.missing, where)
	return ""
}

func (s *settings) err() error {
	if len(s.missing) == 0 {
		return nil
	}
	return fmt.Errorf("not set: %s", strings.Join(s.missing, ", "))
}

// application takes the tenant and client that all credentials here need.
func (s *settings) application(o Options) (tenant, client string) {
	return s.take(o.Tenant, "tenant_id", tenantVariables...), s.take(o.ClientID, "client_id", clientVariables...)
}

func openClientSecret(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	var s settings
	tenant, client := s.application(o)
	secret := s.take("", "", secretVariables...) // the file has no place for it
	if err := s.err(); err != nil {
		return nil, err
	}
	return azidentity.NewClientSecretCredential(tenant, client, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: c, DisableInstanceDiscovery: o.Authority != "",
	})
}

func openClientCertificate(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	var s, optional settings
	tenant, client := s.application(o)
	path := s.take(o.CertificatePath, "client_certificate_path", certificateVariables...)
	if err := s.err(); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	certificates, key, err := azidentity.ParseCertificates(file, []byte(optional.take("", "", passwordVariables...)))
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s, in PEM or PKCS #12, with the password in %s if it has one: %w", path, passwordVariables[0], err)
	}
	return azidentity.NewClientCertificateCredential(tenant, client, certificates, key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions: c, DisableInstanceDiscovery: o.Authority != "",
		SendCertificateChain: strings.EqualFold(os.Getenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"), "true"),
	})
}

// openPipelines signs in as the service connection of a job in Azure
// Pipelines.
func openPipelines(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	var s settings
	tenant, client := s.application(o)
	connection := s.take(o.ServiceConnection, "service_connection_id", connectionVariables...)
	token := s.take("", "", "SYSTEM_ACCESSTOKEN")
	s.take("", "", "SYSTEM_OIDCREQUESTURI") // which the SDK reads
	if err := s.err(); err != nil {
		return nil, fmt.Errorf("%w; a step gets SYSTEM_ACCESSTOKEN by env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)", err)
	}
	return azidentity.NewAzurePipelinesCredential(tenant, client, connection, token, &azidentity.AzurePipelinesCredentialOptions{
		ClientOptions: c, DisableInstanceDiscovery: o.Authority != "",
	})
}

// openGitHub signs in with the token that GitHub Actions gives to a job.
func openGitHub(o Options, c policy.ClientOptions) (azcore.TokenCredential, error) {
	var s settings
	tenant, client := s.application(o)
	job := gitHubJob{
		url: s.take("", "", "ACTIONS_ID_TOKEN_REQUEST_URL"), token: s.take("", "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
		audience: exchangeAudience(o.Environment), transport: o.Transport,
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	if job.transport == nil {
		job.transport = http.DefaultClient
	}
	return azidentity.NewClientAssertionCredential(tenant, client, job.assertion, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: c, DisableInstanceDiscovery: o.Authority != "",
	})
}

// exchangeAudience is whom a token to be exchanged must be for, in a cloud.
func exchangeAudience(environment string) string {
	return "api://AzureADTokenExchange" + map[string]string{"usgovernment": "USGov", "china": "China"}[environment]
}

// gitHubJob asks for the identity token of a job
// (GitHub's "OpenID Connect reference", methods for requesting the token).
type gitHubJob struct {
	url, token, audience string
	transport            policy.Transporter
}

const maxToken = 1 << 20

func (j gitHubJob) assertion(ctx context.Context) (string, error) {
	u, err := url.Parse(j.url)
	if err != nil || u.Host == "" {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is no URL")
	}
	q := u.Query()
	q.Set("audience", j.audience)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+j.token)
	req.Header.Set("Accept", "application/json")
	resp, err := j.transport.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask GitHub for the job's token: %w", plain(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask GitHub for the job's token: it answered %s", resp.Status)
	}
	var answer struct {
		Value string `json:"value"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxToken)).Decode(&answer); err != nil || answer.Value == "" {
		return "", errors.New("ask GitHub for the job's token: there is none in the answer")
	}
	return answer.Value, nil
}

package blob

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	azservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// realNow is what time it is outside of the world, whose time is epoch.
var realNow = epoch.AddDate(0, 0, 17)

// keyed is a service whose account keyed has keys.
func keyed(t *testing.T) *Service {
	t.Helper()
	up, err := OpenUploads("")
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Source: fixed{"b": "0123456789", "c/d": "xyz"}, Uploads: up, Clock: still(epoch), Real: func() time.Time { return realNow }})
}

func sharedKey(t *testing.T, key string) *azservice.SharedKeyCredential {
	t.Helper()
	c, err := azservice.NewSharedKeyCredential("keyed", base64.StdEncoding.EncodeToString([]byte(key)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serviceSAS signs the values of a container, or of a blob.
func serviceSAS(t *testing.T, blob, permissions string, set func(*sas.BlobSignatureValues)) string {
	t.Helper()
	v := sas.BlobSignatureValues{ContainerName: "made", BlobName: blob, Permissions: permissions, ExpiryTime: epoch.Add(time.Hour)}
	if set != nil {
		set(&v)
	}
	p, err := v.SignWithSharedKey(sharedKey(t, "first key"))
	if err != nil {
		t.Fatal(err)
	}
	return p.Encode()
}

func accountSAS(t *testing.T, permissions, types string) string {
	t.Helper()
	p, err := sas.AccountSignatureValues{Permissions: permissions, ResourceTypes: types, ExpiryTime: epoch.Add(time.Hour)}.SignWithSharedKey(sharedKey(t, "second key"))
	if err != nil {
		t.Fatal(err)
	}
	return p.Encode()
}

const list = "/made?restype=container&comp=list&"

func TestSignatures(t *testing.T) {
	s := keyed(t)
	const ip = "192.0.2.7"
	at := func(t time.Time) func(*sas.BlobSignatureValues) {
		return func(v *sas.BlobSignatureValues) { v.StartTime = t }
	}
	from := func(first, last string) func(*sas.BlobSignatureValues) {
		return func(v *sas.BlobSignatureValues) { v.IPRange, _ = parseIPRange(first, last) }
	}
	until := func(t time.Time) func(*sas.BlobSignatureValues) {
		return func(v *sas.BlobSignatureValues) { v.ExpiryTime = t }
	}
	tests := []struct {
		name, method, url, sas string
		status                 int
		code                   string
	}{
		{"read a blob", "GET", "/made/b?", serviceSAS(t, "b", "r", nil), 200, ""},
		{"of another blob", "GET", "/made/c/d?", serviceSAS(t, "b", "r", nil), 403, "AuthenticationFailed"},
		{"of the container", "GET", "/made/c/d?", serviceSAS(t, "", "r", nil), 200, ""},
		{"list", "GET", list, serviceSAS(t, "", "rl", nil), 200, ""},
		{"list without the permission", "GET", list, serviceSAS(t, "", "r", nil), 403, "AuthorizationPermissionMismatch"},
		{"list with one of a blob", "GET", list, serviceSAS(t, "b", "r", nil), 403, "AuthenticationFailed"},
		{"read without the permission", "GET", "/made/b?", serviceSAS(t, "", "l", nil), 403, "AuthorizationPermissionMismatch"},
		{"read what is gone without the permission", "GET", "/made/none?", serviceSAS(t, "none", "d", nil), 403, "AuthorizationPermissionMismatch"},
		{"write with create", "PUT", "/made/n?", serviceSAS(t, "n", "c", nil), 201, ""},
		{"overwrite with create", "PUT", "/made/n?", serviceSAS(t, "n", "c", nil), 403, "UnauthorizedBlobOverwrite"},
		{"overwrite with write", "PUT", "/made/n?", serviceSAS(t, "n", "w", nil), 201, ""},
		{"delete", "DELETE", "/made/n?", serviceSAS(t, "n", "d", nil), 202, ""},
		{"delete with write", "DELETE", "/made/b?", serviceSAS(t, "b", "w", nil), 403, "AuthorizationPermissionMismatch"},
		{"the container's properties", "GET", "/made?restype=container&", serviceSAS(t, "", "rl", nil), 403, "AuthorizationPermissionMismatch"},
		{"expired in both times", "GET", "/made/b?", serviceSAS(t, "b", "r", until(epoch)), 403, "AuthenticationFailed"},
		{"good in real time alone", "GET", "/made/b?", serviceSAS(t, "b", "r", func(v *sas.BlobSignatureValues) {
			v.StartTime, v.ExpiryTime = realNow.Add(-time.Minute), realNow.Add(time.Minute)
		}), 200, ""},
		{"not yet", "GET", "/made/b?", serviceSAS(t, "b", "r", func(v *sas.BlobSignatureValues) {
			v.StartTime, v.ExpiryTime = realNow.Add(time.Hour), realNow.Add(2*time.Hour)
		}), 403, "AuthenticationFailed"},
		{"from now", "GET", "/made/b?", serviceSAS(t, "b", "r", at(epoch)), 200, ""},
		{"from here", "GET", "/made/b?", serviceSAS(t, "b", "r", from(ip, "")), 200, ""},
		{"from around here", "GET", "/made/b?", serviceSAS(t, "b", "r", from("192.0.2.0", "192.0.2.255")), 200, ""},
		{"from elsewhere", "GET", "/made/b?", serviceSAS(t, "b", "r", from("198.51.100.1", "198.51.100.9")), 403, "AuthorizationSourceIPMismatch"},
		{"https", "GET", "/made/b?", serviceSAS(t, "b", "r", func(v *sas.BlobSignatureValues) { v.Protocol = sas.ProtocolHTTPS }), 200, ""},
		{"another permission than signed", "GET", "/made/b?", strings.Replace(serviceSAS(t, "b", "d", nil), "sp=d", "sp=r", 1), 403, "AuthenticationFailed"},
		{"a later end than signed", "GET", "/made/b?", strings.Replace(serviceSAS(t, "b", "r", nil), "2026", "2027", 1), 403, "AuthenticationFailed"},
		{"cut", "GET", "/made/b?", strings.Split(serviceSAS(t, "b", "r", nil), "&")[0] + "&sig=x", 403, "AuthenticationFailed"},
		{"account: list containers", "GET", "/?comp=list&", accountSAS(t, "l", "s"), 200, ""},
		{"account: list containers, of objects", "GET", "/?comp=list&", accountSAS(t, "l", "o"), 403, "AuthorizationResourceTypeMismatch"},
		{"account: read a blob", "GET", "/made/b?", accountSAS(t, "r", "o"), 200, ""},
		{"account: read a blob, of containers", "GET", "/made/b?", accountSAS(t, "r", "c"), 403, "AuthorizationResourceTypeMismatch"},
		{"account: make a container", "PUT", "/new?restype=container&", accountSAS(t, "c", "c"), 201, ""},
		{"account: make a container without", "PUT", "/newer?restype=container&", accountSAS(t, "r", "c"), 403, "AuthorizationPermissionMismatch"},
		{"account: a user's key", "POST", "/?restype=service&comp=userdelegationkey&", accountSAS(t, "rwdlac", "sco"), 403, "AuthorizationPermissionMismatch"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "https://keyed.blob.core.windows.net"+tt.url+tt.sas, strings.NewReader("x"))
		r.RemoteAddr = ip + ":4711"
		r.Header.Set("x-ms-blob-type", "BlockBlob")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if code := w.Header().Get("x-ms-error-code"); w.Code != tt.status || code != tt.code {
			t.Errorf("%s: %d %s, want %d %s\n%s", tt.name, w.Code, code, tt.status, tt.code, w.Body)
		}
		// The same in the clear, where the signature is for https alone.
		if tt.name == "https" {
			w := ask(s, tt.method, "http://keyed.blob.core.windows.net"+tt.url+tt.sas, "", "Authorization: ")
			if w.Header().Get("x-ms-error-code") != "AuthorizationProtocolMismatch" {
				t.Errorf("http: %d %s", w.Code, w.Body)
			}
		}
	}
}

func parseIPRange(first, last string) (sas.IPRange, error) {
	p, err := sas.ParseURL("https://a.blob.core.windows.net/c?sip=" + strings.TrimSuffix(first+"-"+last, "-"))
	if err != nil {
		return sas.IPRange{}, err
	}
	return p.SAS.IPRange(), nil
}

// TestUserDelegation: a key is asked for with a token, signs for as long as
// it is good, and no account key is needed.
func TestUserDelegation(t *testing.T) {
	s := keyed(t)
	for _, account := range []string{"keyed", "locked"} {
		client, err := azservice.NewClient("https://"+account+".blob.core.windows.net/", signedIn{}, &azservice.ClientOptions{ClientOptions: azcore.ClientOptions{
			Transport: within{s}, Retry: policy.RetryOptions{MaxRetries: -1}}})
		if err != nil {
			t.Fatal(err)
		}
		key, err := client.GetUserDelegationCredential(t.Context(), azservice.KeyInfo{
			Start: to.Ptr(epoch.Format(sas.TimeFormat)), Expiry: to.Ptr(epoch.Add(time.Hour).Format(sas.TimeFormat))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := sas.BlobSignatureValues{ContainerName: "made", Permissions: "rl", ExpiryTime: epoch.Add(30 * time.Minute)}.SignWithUserDelegation(key)
		if err != nil {
			t.Fatal(err)
		}
		base := "https://" + account + ".blob.core.windows.net"
		changed := func(name, value string) string {
			v, err := url.ParseQuery(p.Encode())
			if err != nil {
				t.Fatal(err)
			}
			v.Set(name, value)
			return v.Encode()
		}
		for query, want := range map[string]int{p.Encode(): 200, changed("skoid", "another"): 403, changed("sp", "rwl"): 403, changed("ske", "2027-01-01T00:00:00Z"): 403} {
			if w := ask(s, "GET", base+list+query, "", "Authorization: "); w.Code != want {
				t.Errorf("%s: %d, want %d\n%s\n%s", account, w.Code, want, query, w.Body)
			}
		}
		if w := ask(s, "PUT", base+"/made/n?"+p.Encode(), "x", "Authorization: ", "x-ms-blob-type: BlockBlob"); w.Code != 403 {
			t.Errorf("%s: write: %d", account, w.Code)
		}
	}
	for what, h := range map[string]string{"a key of the account": "SharedKey acct:x", "eight days": "Bearer x"} {
		body := fmt.Sprintf("<KeyInfo><Start>%s</Start><Expiry>%s</Expiry></KeyInfo>", epoch.Format(time.RFC3339), realNow.Add(8*24*time.Hour).Format(time.RFC3339))
		if w := ask(s, "POST", "/?restype=service&comp=userdelegationkey", body, "Authorization: "+h); w.Code < 400 {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
}

// TestTokens: what is in a token counts, if anything is.
func TestTokens(t *testing.T) {
	s := keyed(t)
	good := func() map[string]any {
		return map[string]any{"aud": "https://storage.azure.com", "tid": "tenant", "exp": realNow.Add(time.Hour).Unix()}
	}
	with := func(name string, value any) string {
		c := good()
		c[name] = value
		return jwt(c)
	}
	for what, tt := range map[string]struct {
		token  string
		detail string
	}{
		"good":                {jwt(good()), ""},
		"of the account":      {with("aud", "https://acct.blob.core.windows.net"), ""},
		"of Resource Manager": {with("aud", "https://management.core.windows.net/"), "Audience validation failed"},
		"of another tenant":   {with("tid", "other"), "Issuer validation failed"},
		"expired":             {with("exp", realNow.Add(-time.Hour).Unix()), "Lifetime validation failed"},
		"any word":            {"x", ""},
	} {
		w := ask(s, "GET", "/made/b", "", "Authorization: Bearer "+tt.token)
		if tt.detail == "" && w.Code != 200 || tt.detail != "" && (w.Code != 401 || w.Header().Get("x-ms-error-code") != "InvalidAuthenticationInfo" ||
			!strings.Contains(w.Body.String(), tt.detail) || w.Header().Get("WWW-Authenticate") == "") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
}

// TestSharedKey: the SDK's own signature is the one that the service computes,
// whatever the request has in it.
func TestSharedKey(t *testing.T) {
	s := keyed(t)
	for key, want := range map[string]int{"first key": 200, "second key": 200, "another key": 403} {
		client, err := azservice.NewClientWithSharedKeyCredential("https://keyed.blob.core.windows.net/", sharedKey(t, key), &azservice.ClientOptions{ClientOptions: azcore.ClientOptions{
			Transport: within{s}, Retry: policy.RetryOptions{MaxRetries: -1}}})
		if err != nil {
			t.Fatal(err)
		}
		c := client.NewContainerClient("made")
		var got int
		if _, err := client.NewListContainersPager(&azservice.ListContainersOptions{Prefix: to.Ptr("a b/ü&="), Include: azservice.ListContainersInclude{Metadata: true, Deleted: true}}).NextPage(t.Context()); err == nil {
			got = 200
		} else if refusedWith(err, 403, "AuthenticationFailed") == nil {
			got = 403
		} else {
			t.Error(err)
		}
		_, err = upload(c, "a b/ü+&=%25", "content")
		if got != want || (err == nil) != (want == 200) {
			t.Errorf("%s: %d, want %d; upload: %v", key, got, want, err)
		}
	}
	if w := ask(s, "GET", "https://keyed.blob.core.windows.net/made/b", "", "Authorization: SharedKey other:x"); w.Code != http.StatusForbidden {
		t.Errorf("the signature of another account: %d", w.Code)
	}
}

// TestStoredPolicy: a signature that names a policy is as good as the policy.
func TestStoredPolicy(t *testing.T) {
	s := keyed(t)
	const own = "Authorization: Bearer x"
	base := "https://keyed.blob.core.windows.net"
	policy := func(permission string, expiry time.Time) string {
		return "<SignedIdentifiers><SignedIdentifier><Id>p1</Id><AccessPolicy><Expiry>" + expiry.Format(time.RFC3339) + "</Expiry><Permission>" + permission +
			"</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"
	}
	p, err := sas.BlobSignatureValues{ContainerName: "made", Identifier: "p1"}.SignWithSharedKey(sharedKey(t, "first key"))
	if err != nil {
		t.Fatal(err)
	}
	read := func() int { return ask(s, "GET", base+"/made/b?"+p.Encode(), "", "Authorization: ").Code }
	put := func(doc string) {
		if w := ask(s, "PUT", base+"/made?restype=container&comp=acl", doc, own); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if got := read(); got != 403 {
		t.Errorf("without the policy: %d", got)
	}
	put(policy("r", epoch.Add(time.Hour)))
	if got := read(); got != 200 {
		t.Errorf("with the policy: %d", got)
	}
	if w := ask(s, "GET", base+"/made?restype=container&comp=acl", "", own); !strings.Contains(w.Body.String(), "<Id>p1</Id><AccessPolicy><Expiry>2026-11-12T09:00:00Z</Expiry><Permission>r</Permission>") {
		t.Errorf("policies: %s", w.Body)
	}
	put(policy("l", epoch.Add(time.Hour)))
	if got := read(); got != 403 {
		t.Errorf("the policy permits less now: %d", got)
	}
	put(policy("r", epoch))
	if got := read(); got != 403 {
		t.Errorf("the policy has ended: %d", got)
	}
}

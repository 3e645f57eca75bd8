package azure

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
)

func TestTheDebugLogHasTheAnswerAndNoSecret(t *testing.T) {
	a := newARM()
	a.fail = nth("PUT", 1, fault{status: 500, code: "InternalServerError"})
	log, out := debugLog()
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Transport: a, Clock: newStepClock(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Start(context.Background(), testSession(plan.FlowLog)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"InternalServerError", "It did not work.", "status=201", "method=PUT", "/flowLogs/one", "call=1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the log", want)
		}
	}
	for _, secret := range []string{"secret-signature", "Bearer", "fake_token"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// What Azure refuses is one line for people, with status, code and sentence,
// and the whole answer in the debug log with the ids of the request.
func TestARefusalIsALineAndItsAnswerIsLogged(t *testing.T) {
	const answer = `{"error":{"code":"AuthorizationFailed","message":"The client may not.\nAsk.","details":[{"code":"x","message":"only in the log"}],"additionalInfo":[{"type":"PolicyViolation"}]}}`
	a := &refusing{body: answer, header: http.Header{
		"X-Ms-Request-Id": {"request-1"}, "X-Ms-Correlation-Request-Id": {"correlation-1"}, "Set-Cookie": {"cookie-1"},
	}}
	log, out := debugLog()
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Transport: a, Clock: newStepClock(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Permissions(t.Context(), "/subscriptions/"+sub)
	if want := "read what the caller may do at /subscriptions/" + sub + ": list permissions: 403 AuthorizationFailed: The client may not. Ask."; err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	for _, want := range []string{"request-1", "correlation-1", "only in the log", "PolicyViolation", "status=403", "Microsoft.Authorization/permissions"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the log", want)
		}
	}
	for _, secret := range []string{"Bearer", "fake_token", "cookie-1"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// refusing answers everything with 403.
type refusing struct {
	body   string
	header http.Header
}

func (r *refusing) Do(req *http.Request) (*http.Response, error) {
	w := &answer{status: http.StatusForbidden, header: r.header.Clone(), body: r.body}
	return w.response(req), nil
}

package azure

import (
	"context"
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

package azure

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// refusal is an answer of Azure that says no. It prints as one line: status,
// code and sentence. The whole answer is in the debug log.
type refusal struct {
	status  int // below 400: of an operation that was accepted and then failed
	code    string
	message string
	after   time.Duration // Azure asks to wait so long before the next attempt
	hint    string        // what helps, if more is known than the code; empty: that of hints
	cause   error
}

func (e *refusal) Error() string {
	what := fmt.Sprint(e.status)
	if e.operation() {
		what = "operation failed"
	}
	if e.code != "" {
		what += " " + e.code
	}
	if e.message != "" {
		what += ": " + e.message
	}
	if hint := firstOf(e.hint, hints[e.code]); hint != "" {
		what = strings.TrimSuffix(what, ".") + "; " + hint
	}
	return what
}

// hints say what helps where Azure's own sentence does not.
var hints = map[string]string{
	"AuthorizationPermissionMismatch":  "give the identity that flowctl signs in with the role Storage Blob Data Reader on the account",
	"AuthorizationFailure":             "the account's network rules may keep this machine out, or its roles this identity",
	"InvalidAuthenticationTokenTenant": "set tenant_id to the tenant of the subscription",
	"SubscriptionNotFound":             "check subscription_id, and sign in to the tenant that has it",
	"MissingSubscriptionRegistration":  "run az provider register --wait --namespace with the provider's name",
}

func (e *refusal) Unwrap() error { return e.cause }

// Is makes a 404 plan.ErrNotFound, a 412 plan.ErrChanged, and the code for a
// missing agent plan.ErrNoAgent. That a whole
// subscription is not found says nothing about the thing in it.
func (e *refusal) Is(target error) bool {
	switch target {
	case plan.ErrNotFound:
		return e.status == http.StatusNotFound && !strings.Contains(e.code, "Subscription")
	case plan.ErrNoAgent:
		return e.code == "NetworkWatcherAgentNotInstalled"
	case plan.ErrChanged:
		return e.status == http.StatusPreconditionFailed
	}
	return false
}

// operation reports whether an accepted operation failed later.
func (e *refusal) operation() bool { return e.status < 400 }

// plain returns err as users and the log may see it: an answer of Azure in
// one line, an error of the network without the query of its URL, which may
// be signed.
func plain(err error) error {
	var done *refusal
	var answer *azcore.ResponseError
	var network *url.Error
	switch {
	case err == nil || errors.As(err, &done):
		return err
	case errors.As(err, &answer):
		return refusalOf(answer)
	case errors.As(err, &network):
		return fmt.Errorf("%s %s: %w", strings.ToUpper(network.Op), withoutQuery(network.URL), network.Err)
	}
	return err
}

func refusalOf(answer *azcore.ResponseError) *refusal {
	r := &refusal{status: answer.StatusCode, code: oneLine(answer.ErrorCode), cause: answer}
	if answer.RawResponse == nil {
		return r
	}
	r.after = retryAfter(answer.RawResponse)
	if answer.RawResponse.Body != nil {
		body, _ := runtime.Payload(answer.RawResponse)
		r.message = sentence(body)
	}
	if r.message == "" && r.code == "" {
		r.message = strings.ToLower(http.StatusText(r.status))
	}
	return r
}

// sentence finds what an error document of Resource Manager (JSON) or of the
// blob service (XML) says to people.
func sentence(body []byte) string {
	var arm struct {
		Error struct {
			Message string
			Details []struct{ Message string }
		}
		Message string
	}
	if json.Unmarshal(body, &arm) == nil {
		for _, d := range arm.Error.Details {
			arm.Message = firstOf(arm.Message, d.Message)
		}
		return oneLine(firstOf(arm.Error.Message, arm.Message))
	}
	var blob struct{ Message string }
	if xml.Unmarshal(body, &blob) == nil {
		first, _, _ := strings.Cut(blob.Message, "\n") // then come ids and the time
		return oneLine(first)
	}
	return ""
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

const longestLine = 600

// oneLine keeps what others wrote on one line and free of control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longestLine {
		s = string(runes[:longestLine]) + " …"
	}
	return s
}

func withoutQuery(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// outcome is what an error says about the write that it came from.
type outcome int

const (
	done    outcome = iota
	busy            // not done, since something else is under way: do it again later
	unclear         // may have been done or not: look before doing it again
	refused         // will not be done
)

// Codes that Azure has used for "later", whatever the status (section 6 of
// the throttling documentation, and what users of other clients reported).
var busyCodes = []string{
	"AnotherOperationInProgress", "RetryableErrorDueToAnotherOperation", "RetryableError",
	"TooManyRequests", "OperationPreempted", "CanceledAndSupersededDueToAnotherOperation",
}

// Codes with which operations fail on Azure's side.
var unclearCodes = []string{
	"InternalServerError", "InternalError", "InternalOperationError", "ServiceUnavailable",
	"ServerTimeout", "GatewayTimeout", "OperationTimedOut", "Timeout",
}

func outcomeOf(err error) outcome {
	var no *refusal
	var final interface{ NonRetriable() }
	switch {
	case err == nil:
		return done
	case errors.As(err, &final):
		return refused
	case !errors.As(err, &no):
		return unclear
	case no.status == http.StatusTooManyRequests || slices.Contains(busyCodes, no.code):
		return busy
	case no.status == http.StatusRequestTimeout || no.status >= 500:
		return unclear
	case no.operation() && (no.code == "" || slices.Contains(unclearCodes, no.code)):
		return unclear
	}
	return refused
}

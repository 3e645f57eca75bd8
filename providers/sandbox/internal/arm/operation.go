package arm

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"flowctl/plan"
)

// Operation is a write that takes its time. What came of it is settled when
// it begins; clients see it when its time has passed.
type Operation struct {
	ID       string          `json:"id"`
	Provider string          `json:"provider"` // namespace
	Location string          `json:"location"`
	Resource plan.ID         `json:"resource"`
	Begin    time.Time       `json:"begin"`
	End      time.Time       `json:"end"`
	Failed   *Error          `json:"failed,omitempty"`
	Result   int             `json:"result"`          // status of the result: 200 or 204
	Body     json.RawMessage `json:"body,omitempty"`  // of a result with status 200
	Quiet    bool            `json:"quiet,omitempty"` // known by its result only: no Azure-AsyncOperation
	Stop     bool            `json:"stop,omitempty"`  // of a capture
}

// How long operations take, in the world's time.
const (
	captureStartTime   = 2 * time.Second
	captureStopTime    = 13 * time.Second
	flowLogWriteTime   = 5 * time.Second
	deleteTime         = 10 * time.Second
	quickDeleteTime    = time.Second // of a capture that never ran
	diagnoseTime       = 10 * time.Second
	extensionWriteTime = 90 * time.Second
	extensionGoneTime  = 30 * time.Second
)

// begin adds an operation on a resource to the state.
func (q *request) begin(st *State, resource plan.ID, location string, takes time.Duration, result int, body any) (*Operation, error) {
	op := &Operation{ID: uuid.NewString(), Location: location, Resource: resource,
		Begin: q.now, End: q.now.Add(takes), Result: result}
	op.Provider, _, _ = strings.Cut(resource.Type(), "/")
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		op.Body = text
	}
	st.Operations = append(st.Operations, op)
	return op, nil
}

// free refuses a write to a watcher's child while another one is on its way:
// the network resource provider does one at a time.
func (q *request) free(st *State, watcher, resource plan.ID) error {
	for _, op := range st.Operations {
		if !q.now.Before(op.End) || !strings.HasPrefix(op.Resource.Key()+"/", watcher.Key()+"/") {
			continue
		}
		if op.Resource.Is(resource) {
			return refuse(http.StatusConflict, "AnotherOperationInProgress",
				"Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: %s.",
				q.operationURL(op, "operations"))
		}
		return refuse(http.StatusTooManyRequests, "RetryableErrorDueToAnotherOperation",
			"Operation on %s needs to retry because operation %s on %s is updating a dependent resource.",
			resource.Name(), op.ID, op.Resource.Name())
	}
	return nil
}

// operationURL is the address of an operation or of its result. Azure's carry
// a signature in the query, which clients must send back as it is.
func (q *request) operationURL(op *Operation, kind string) string {
	if op.compute() {
		monitor := ""
		if kind == operationResults {
			monitor = "&monitor=true" // recorded in vm-states
		}
		return q.base() + "/subscriptions/" + q.sub() + "/providers/" + op.Provider + "/locations/" + op.Location +
			"/operations/" + op.ID + "?p=" + q.world.GUID("partition") + monitor + "&api-version=" + url.QueryEscape(q.param("api-version"))
	}
	return q.base() + "/subscriptions/" + q.sub() + "/providers/" + op.Provider + "/locations/" + op.Location +
		"/" + kind + "/" + op.ID + "?api-version=" + url.QueryEscape(q.param("api-version")) +
		"&t=" + op.Begin.UTC().Format("060102150405") + "&c=sandbox&s=" + op.ID[:8] + "&h=" + op.ID[24:]
}

const operationResults = "operationResults"

// compute reports whether an operation is one of the compute provider, whose
// operations have times and one address for their state and their result.
func (op *Operation) compute() bool { return strings.EqualFold(op.Provider, "Microsoft.Compute") }

// started answers the PUT of a child: the operation's address and no other.
func (q *request) started(op *Operation, status int, body any) reply {
	h := http.Header{
		"Azure-Asyncoperation":      {q.operationURL(op, "operations")},
		"Azure-Asyncnotification":   {"Enabled"},
		"X-Ms-Operation-Identifier": {"tenantId=" + q.owner().Tenant + ",objectId=sandbox/" + op.Location + "/" + op.ID},
	}
	op.pace(h)
	return reply{status: status, body: body, header: h}
}

// pace says when to ask again, as recordings show it: net-packet-capture-2017
// and nw-effective-2017; Compute says nothing.
func (op *Operation) pace(h http.Header) {
	after := ""
	switch {
	case op.Provider == "Microsoft.Storage":
		after = "17"
	case op.Provider == "Microsoft.Resources":
		after = "15"
	case strings.EqualFold(op.Resource.Type(), vnetType):
		after = "3"
	case op.Provider == "Microsoft.Network":
		after = "10"
	}
	if after != "" {
		h.Set("Retry-After", after)
	}
}

// located answers a POST of the network resource provider that takes its time:
// the word null, and where the result will be.
func (q *request) located(op *Operation) reply {
	h := http.Header{"Location": {q.operationURL(op, "operationResults")}, "Azure-Asyncnotification": {"Enabled"}} // recording cli-diagnostics-vm
	op.pace(h)
	return reply{status: http.StatusAccepted, header: h, body: json.RawMessage("null")}
}

// accepted answers DELETE and POST: no body, two addresses.
func (q *request) accepted(op *Operation) reply {
	rep := q.started(op, http.StatusAccepted, nil)
	rep.header.Set("Location", q.operationURL(op, operationResults))
	return rep
}

// elsewhere answers the PUT that makes a storage account: no body, and where
// the account will be (recording storage-account-network-rules).
func (q *request) elsewhere(op *Operation) reply {
	return reply{status: http.StatusAccepted, header: http.Header{"Retry-After": {"17"}, "Content-Type": {"text/plain; charset=utf-8"},
		"Location": {q.base() + "/subscriptions/" + q.sub() + "/providers/" + op.Provider + "/locations/" + op.Location +
			"/asyncoperations/" + op.ID + "?monitor=true&api-version=" + url.QueryEscape(q.param("api-version"))}}}
}

// getAsync answers for the operations of storage accounts.
func (q *request) getAsync() (reply, error) {
	op, err := q.findOperation()
	if err != nil {
		return reply{}, err
	}
	if q.now.Before(op.End) {
		return q.elsewhere(op), nil
	}
	if op.Failed != nil {
		return reply{}, op.Failed
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	if m := q.at(st, op.Resource); m != nil {
		return ok(q.draw(st, m))
	}
	return reply{status: http.StatusOK}, nil
}

func (q *request) findOperation() (*Operation, error) {
	st, err := q.State()
	if err != nil {
		return nil, err
	}
	for _, op := range st.Operations {
		if strings.EqualFold(op.ID, q.path["op"]) && strings.EqualFold(op.Provider, q.path["ns"]) {
			return op, nil
		}
	}
	return nil, gatewayError(404, "OperationNotFound", "Operation '%s' was not found.", q.path["op"])
}

// operationStatus is the document of an operation. Compute adds its times.
type operationStatus struct {
	StartTime string `json:"startTime,omitempty"`
	EndTime   string `json:"endTime,omitempty"`
	Status    string `json:"status"`
	Error     any    `json:"error,omitempty"`
	Name      string `json:"name,omitempty"`
	Result    *doc   `json:"properties,omitempty"`
}

func (q *request) getOperation() (reply, error) {
	op, err := q.findOperation()
	if err != nil {
		return reply{}, err
	}
	if op.compute() && q.param("monitor") == "true" {
		return q.monitored(op)
	}
	doc := operationStatus{Status: "Succeeded"}
	if op.compute() {
		doc.Name, doc.StartTime = op.ID, computeTime(op.Begin)
	}
	switch {
	case q.now.Before(op.End):
		doc.Status = "InProgress"
		rep := reply{status: http.StatusOK, body: doc, header: http.Header{}}
		if op.Provider == "Microsoft.Network" {
			op.pace(rep.header)
		}
		return rep, nil
	case op.Failed != nil:
		doc.Status = "Failed"
		doc.Error = op.Failed.reply().body.(errorBody).Error
	}
	if doc.StartTime != "" {
		doc.EndTime = computeTime(op.End)
	}
	if op.Stop && op.Failed == nil && q.param("api-version") >= "2019-01-01" { // recordings cli-packet-capture-vm, net-packet-capture-2017
		doc.Result = &map[string]any{}
	}
	return ok(doc)
}

// computeTime is how the compute provider writes times (recording
// extension-create-delete).
func computeTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999") + "+00:00" }

// monitored is what the result of a compute operation is at its own address:
// nothing, while it runs and when it is done (recording vm-states).
func (q *request) monitored(op *Operation) (reply, error) {
	switch {
	case q.now.Before(op.End):
		return q.accepted(op), nil
	case op.Failed != nil:
		return reply{}, op.Failed
	case op.Body != nil:
		return ok(op.Body)
	}
	return reply{status: http.StatusOK}, nil
}

func (q *request) getOperationResult() (reply, error) {
	op, err := q.findOperation()
	switch {
	case err != nil:
		return reply{}, err
	case q.now.Before(op.End) && op.Quiet:
		return q.located(op), nil
	case q.now.Before(op.End):
		return q.accepted(op), nil
	case op.Failed != nil:
		return reply{}, op.Failed
	}
	rep := reply{status: op.Result, header: http.Header{}}
	if strings.EqualFold(op.Provider, "Microsoft.Network") { // it says again where it was: recording cli-vnet-flow-log-delete
		rep = q.accepted(op)
		rep.status = op.Result
		rep.header.Del("Retry-After")
		if op.Quiet {
			rep.header.Del("Azure-Asyncoperation")
		}
		rep.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	switch {
	case op.Result == http.StatusNoContent:
	case op.Body == nil:
		rep.body = json.RawMessage("null")
	default:
		rep.body = op.Body
	}
	return rep, nil
}

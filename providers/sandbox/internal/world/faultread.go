package world

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// answers are the errors that a fault's code stands for: their status, and
// what they say unless the fault has words of its own.
var answers = map[string]struct {
	status  int
	message string
}{
	"AnotherOperationInProgress":          {409, "Another operation on this or dependent resource is in progress."},
	"RetryableErrorDueToAnotherOperation": {429, "The operation needs to be tried again because another operation is updating a dependent resource."},
	"InternalServerError":                 {500, "An error occurred."},
	"InternalError":                       {500, "The server encountered an internal error. Please retry the request."},
	"TooManyRequests":                     {429, "The request is being throttled as the limit has been reached. Try again later."},
	"ServiceUnavailable":                  {503, "The service is unavailable."},
	"ServerBusy":                          {503, "The server is busy."},
	"GatewayTimeout":                      {504, "The gateway did not receive a response within the specified time period."},
	"OperationTimedOut":                   {500, "The operation could not be completed within the permitted time."},
	"AuthorizationFailed":                 {403, "The client does not have authorization to perform this action."},
	"AuthorizationFailure":                {403, "This request is not authorized to perform this operation."},
	"AccountIsDisabled":                   {403, "The specified account is disabled."},
	"ScopeLocked":                         {409, "The scope cannot perform the operation because it is locked."},
}

// faults reads what goes wrong in the world.
func (b *builder) faults() {
	taken := register[*Fault]{}
	for _, s := range b.spec.Faults {
		f := &Fault{Name: s.Name, Operation: s.Operation, Target: s.Target, Region: s.Region, Nth: s.Nth, Probability: 1,
			Effect: cmp.Or(s.Effect, Refuse), body: s.Body, Code: s.Code, Message: s.Message,
			RetryAfter: b.duration(s.Body, "retry_after", s.RetryAfter, 0), Delay: b.duration(s.Body, "delay", s.Delay, 0),
			Bytes: b.size(s.Body, "bytes", s.Bytes), After: b.moment(s, "after", s.After), Until: b.moment(s, "until", s.Until)}
		add(b, s.Body, "fault", taken, s.Name, "", f)
		b.faultTimes(s, f)
		if _, ok := effects[f.Effect]; !ok {
			b.unknown(s.Body, "effect", "effect", f.Effect, slices.Sorted(maps.Keys(effects)))
			continue
		}
		b.faultCounted(s, f)
		b.faultAnswer(s, f)
		b.faultExtent(s, f)
		b.w.Faults = append(b.w.Faults, f)
	}
}

// moment reads a time of the calendar or a duration since the world began.
func (b *builder) moment(s faultSpec, attr, text string) Moment {
	if text == "" {
		return Moment{}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return Moment{Since: d}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		b.errorf(s.Body, attr, "Invalid time", "%q is neither a time since the world began, such as \"10m\", nor one such as 2026-11-12T08:00:00Z (RFC 3339).", text)
	}
	return Moment{At: t.UTC()}
}

// faultTimes reads which calls are struck.
func (b *builder) faultTimes(s faultSpec, f *Fault) {
	if s.Region != "" {
		b.region(s.Body, "region", s.Region)
	}
	for _, n := range s.Nth {
		if n < 1 {
			b.errorf(s.Body, "nth", "Invalid call", "%d: calls are counted from 1 on.", n)
		}
	}
	if s.Probability != nil {
		f.Probability = *s.Probability
		if f.Probability < 0 || f.Probability > 1 {
			b.errorf(s.Body, "probability", "Invalid probability", "%g is not between 0 and 1.", f.Probability)
		}
		if len(s.Nth) > 0 {
			b.errorf(s.Body, "nth", "Two conditions", "A fault strikes calls by their number or by probability, not both. Leave one of them out.")
		}
	}
	if s.Times != nil {
		if f.Times = *s.Times; f.Times < 1 {
			b.errorf(s.Body, "times", "Invalid times", "%d is not above zero. Leave it out for a fault without limit.", f.Times)
		}
	}
	// Times of different kinds can be compared when the world begins only.
	from, to := f.After, f.Until
	if sameKind := from.At.IsZero() == to.At.IsZero(); !from.IsZero() && !to.IsZero() && sameKind && !from.In(b.w.Epoch).Before(to.In(b.w.Epoch)) {
		b.errorf(s.Body, "until", "Invalid time", "The fault would end before it begins.")
	}
}

// CheckFaults refuses faults that strike none of the operations that a sandbox
// serves.
func (w *World) CheckFaults(served []string) error {
	b := newBuilder(&fileSpec{})
	known := append([]string{Record, Upload}, served...)
	slices.Sort(known)
	for _, f := range w.Faults {
		switch {
		case !slices.ContainsFunc(known, func(op string) bool { return Matches(f.Operation, op) }):
			b.unknown(f.body, "operation", "operation", f.Operation, known)
		case slices.ContainsFunc(known, f.Hits):
		case effects[f.Effect] == nil:
			b.errorf(f.body, "operation", "Nothing to strike", "%s is done by Azure itself; its effects are %s, %s and %s.", f.Operation, Late, Short, Never)
		default:
			b.errorf(f.body, "operation", "Nothing to strike", "The effect %q is for %s.", f.Effect, strings.Join(effects[f.Effect], ", "))
		}
	}
	if b.diags.HasErrors() {
		return b.diags
	}
	return nil
}

// faultCounted refuses to count what is no call.
func (b *builder) faultCounted(s faultSpec, f *Fault) {
	if !f.Calls() && (len(s.Nth) > 0 || s.Times != nil) {
		b.errorf(s.Body, "", "Not a call", "What Azure writes by itself is not counted. Choose it by target, probability or time.")
	}
}

// faultAnswer completes the error that clients see.
func (b *builder) faultAnswer(s faultSpec, f *Fault) {
	answered := f.Effect == Refuse || f.Effect == Fail
	if !answered {
		for attr, given := range map[string]bool{"status": s.Status != nil, "code": s.Code != "", "message": s.Message != ""} {
			if given {
				b.errorf(s.Body, attr, "Not used", "The effect %q is no answer with a %s. Leave it out.", f.Effect, attr)
			}
		}
	}
	if f.Effect != Refuse && s.RetryAfter != "" {
		b.errorf(s.Body, "retry_after", "Not used", "Only the effect %q has a retry_after.", Refuse)
	}
	if !answered {
		return
	}
	known := answers[f.Code]
	if s.Status != nil {
		f.Status = *s.Status
		if f.Status < 400 || f.Status > 599 {
			b.errorf(s.Body, "status", "Invalid status", "%d is no status of an error, which are 400 to 599.", f.Status)
		}
	}
	f.Status, f.Message = cmp.Or(f.Status, known.status), cmp.Or(f.Message, known.message, "The sandbox's fault "+f.Name+" struck.")
	switch {
	case f.Code == "" && f.Effect == Fail:
		f.Code, f.Message = "InternalServerError", cmp.Or(s.Message, answers["InternalServerError"].message)
	case f.Code == "":
		b.errorf(s.Body, "", "No code", "A fault that refuses needs the code of its error, such as \"InternalServerError\".")
	case f.Status == 0 && f.Effect == Refuse:
		b.errorf(s.Body, "code", "No status", "No status goes with %q by itself. Add one, such as status = 400.", f.Code)
	}
}

// faultExtent reads how much and how long.
func (b *builder) faultExtent(s faultSpec, f *Fault) {
	needs := slices.Contains([]string{Slow, Stale, AgentStopped, SizeReached, Late}, f.Effect)
	if needs && s.Delay == "" {
		b.errorf(s.Body, "", "No delay", "The effect %q needs a delay, such as \"90s\".", f.Effect)
	}
	if !needs && f.Effect != Short && s.Delay != "" {
		b.errorf(s.Body, "delay", "Not used", "The effect %q has no delay.", f.Effect)
	}
	if s.Blocks != nil {
		f.Blocks = *s.Blocks
	}
	switch {
	case f.Effect != Short && f.Effect != ResetAfter && s.Bytes != "":
		b.errorf(s.Body, "bytes", "Not used", "The effect %q has no bytes.", f.Effect)
	case f.Effect != Short && s.Blocks != nil:
		b.errorf(s.Body, "blocks", "Not used", "The effect %q has no blocks.", f.Effect)
	case f.Effect == Short && (f.Blocks > 0) == (f.Bytes > 0):
		b.errorf(s.Body, "", "No extent", "The effect %q needs either blocks (of an hour blob) or bytes (of a capture).", Short)
	case f.Effect == Short && f.Blocks > 0 && !Matches(f.Operation, Record):
		b.errorf(s.Body, "blocks", "Not used", "A capture's file is cut by bytes.")
	case f.Effect == Short && f.Bytes > 0 && !Matches(f.Operation, Upload):
		b.errorf(s.Body, "bytes", "Not used", "An hour blob is cut by blocks.")
	}
	if f.Effect == KeepTarget {
		f.OtherTarget = b.otherTarget(s)
	} else if s.OtherTarget != "" {
		b.errorf(s.Body, "other_target", "Not used", "Only the effect %q has one.", KeepTarget)
	}
}

// otherTarget is what a flow log gets instead: on an update what it had, if
// the fault does not say.
func (b *builder) otherTarget(s faultSpec) plan.ID {
	if s.OtherTarget == "" {
		if Matches(s.Operation, "flow_log.create") {
			b.errorf(s.Body, "", "No other target", "Say with other_target which VNet, subnet or network interface a new flow log gets instead.")
		}
		return ""
	}
	if id, _ := b.network(s.Body, "other_target", s.OtherTarget); id != "" {
		return id
	}
	b.unknown(s.Body, "other_target", "vnet, subnet or network interface", s.OtherTarget, b.places())
	return ""
}

package plan

import (
	"fmt"
	"strings"
)

// Warn says what the flow logs that are there mean for changes: one that is
// read and holds only a part, and one that is switched off and in the way.
func Warn(changes []Change, have []Recording) []Finding {
	var out []Finding
	for _, c := range changes {
		if c.Action == Reuse {
			out = append(out, c.onReading()...)
		}
		switch {
		case c.Action == Reuse && partial(*c.Recording):
			out = append(out, c.finding(FlowLogPartial, Warning, "Flow log records only a part",
				fmt.Sprintf("%s is read through flow log %s, which is somebody else's and %s. What it leaves out is missing in the answers.", c.Target().Name(), c.Recording.ID.Name(), leavesOut(*c.Recording))))
		case c.Action == Create && c.Mechanism() == FlowLog:
			if r := disabled(c.Target(), have); r != nil {
				out = append(out, c.finding(FlowLogDisabled, Error, "Flow log is switched off",
					fmt.Sprintf("%s has flow log %s, which is switched off, and Azure has one flow log a target. Switch it on, and it is read; or delete it.", c.Target().Name(), r.ID.Name())))
			}
		}
	}
	return out
}

// onReading says which settings of the file a log that is somebody else's does
// not have, and what becomes of them.
func (c Change) onReading() []Finding {
	want, log := c.Session.FlowLog, c.Recording
	if want == nil || log.FlowLog == nil {
		return nil
	}
	var more []string
	if want.Filter != "" && want.Filter != log.FlowLog.Filter {
		more = append(more, fmt.Sprintf("the filter %q", want.Filter))
	}
	if want.RecordTypes != "" && want.RecordTypes != log.FlowLog.RecordTypes {
		more = append(more, "record types "+want.RecordTypes)
	}
	var out []Finding
	if len(more) > 0 {
		out = append(out, c.finding(FlowLogFiltered, Info, "Filter is applied on reading",
			fmt.Sprintf("Flow log %s is somebody else's and is not changed. Of what it records, only what the file asks for counts: %s.", log.ID.Name(), strings.Join(more, " and "))))
	}
	if d := want.RetentionDays; d > 0 && d != log.FlowLog.RetentionDays {
		out = append(out, c.finding(FlowLogFiltered, Info, "Retention is not set",
			fmt.Sprintf("How long Azure keeps the blobs of flow log %s is up to whoever made it: retention_days = %d has no effect. What is collected stays in the results.", log.ID.Name(), d)))
	}
	return out
}

func (c Change) finding(code string, s Severity, summary, detail string) Finding {
	return Finding{Code: code, Severity: s, Summary: summary, Detail: detail, Watch: c.Session.Watches[0], Target: c.Target()}
}

func partial(r Recording) bool {
	return r.FlowLog != nil && (r.FlowLog.Filter != "" || r.FlowLog.RecordTypes != "")
}

func leavesOut(r Recording) string {
	if r.FlowLog.Filter != "" {
		return fmt.Sprintf("has the filter %q", r.FlowLog.Filter)
	}
	return fmt.Sprintf("has only records of the types %s", r.FlowLog.RecordTypes)
}

// disabled returns somebody's flow log on the very target that does not write.
func disabled(target ID, have []Recording) *Recording {
	for _, r := range have {
		if _, ours := ParseName(r.ID.Name()); !ours && r.Mechanism == FlowLog && !r.Enabled && r.Target.Is(target) {
			return &r
		}
	}
	return nil
}

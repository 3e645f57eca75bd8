package plan

import "fmt"

// Warn says what the flow logs that are there mean for changes: one that is
// read and holds only a part, and one that is switched off and in the way.
func Warn(changes []Change, have []Recording) []Finding {
	var out []Finding
	for _, c := range changes {
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

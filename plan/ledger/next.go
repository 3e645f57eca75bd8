package ledger

import (
	"errors"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// Step is what is to be done about a session now.
type Step string

// The steps.
const (
	Await  Step = "await"  // nothing can be done yet; look again
	Adopt  Step = "adopt"  // it is there: note it as created
	Start  Step = "start"  // create it
	Follow Step = "follow" // it records: look again
	Mend   Step = "mend"   // set it back as the file says, or create it again
	Stop   Step = "stop"   // switch it off, or end the capture
	Fetch  Step = "fetch"  // bring what it recorded
	Remove Step = "remove" // delete it
	Report Step = "report" // note and tell what was seen; nothing is to be done about it
)

// Kind is what sort of session it is.
type Kind string

// The kinds.
const (
	Log       Kind = "flow log"
	Capture   Kind = "packet capture"
	Reused    Kind = "reused flow log"   // somebody else's: read, never changed
	Permanent Kind = "standing flow log" // of a monitor: kept as the file says
)

// Shown is what Resource Manager shows of a session's recording.
type Shown string

// What Resource Manager may show.
const (
	Absent     Shown = "absent"
	Creating   Shown = "creating"
	On         Shown = "recording"
	Off        Shown = "off" // a flow log that is switched off, a capture that has ended
	Other      Shown = "changed"
	Deleting   Shown = "deleting"
	Broken     Shown = "failed"
	Foreign    Shown = "somebody else's" // what has its name is not ours
	Unreadable Shown = "unreadable"
)

// When is how Azure's time lies to the session's: its start, its end, and the
// time when its last data is written.
type When string

// The times.
const (
	Before  When = "before"
	During  When = "during"
	Ending  When = "ended" // and the last data may still be written
	Settled When = "settled"
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Log, Capture, Reused, Permanent} }

// Showns lists all that Resource Manager may show.
func Showns() []Shown {
	return []Shown{Absent, Creating, On, Off, Other, Deleting, Broken, Foreign, Unreadable}
}

// Whens lists all times, in order.
func Whens() []When { return []When{Before, During, Ending, Settled} }

// rule says what to do in the combinations that it names; an empty list is
// all. The first rule that fits counts.
type rule struct {
	kinds  []Kind
	stands []Stand
	shown  []Shown
	when   []When
	step   Step
	why    string
}

var (
	own    = []Kind{Log, Capture, Permanent}
	closed = []When{Ending, Settled}
	open   = []When{Before, During}
)

// rules is the life of a session. Every combination is tested, and the table
// in docs/sessions.md is drawn from here.
var rules = []rule{
	// Somebody else's flow log.
	{[]Kind{Reused}, []Stand{Planned, Starting}, []Shown{Absent}, nil, Report, "there is nothing to read any more"},
	{[]Kind{Reused}, []Stand{Planned, Starting}, []Shown{Unreadable}, nil, Await, "unknown is not absent"},
	{[]Kind{Reused}, []Stand{Planned, Starting}, nil, []When{Before}, Await, "its time has not come"},
	{[]Kind{Reused}, []Stand{Planned, Starting}, nil, nil, Adopt, "it is read, never changed"},
	{[]Kind{Reused}, []Stand{Recording, Over}, nil, []When{Settled}, Fetch, "the last data is written"},
	{[]Kind{Reused}, []Stand{Over}, nil, nil, Await, "the last data may still be written"},
	{[]Kind{Reused}, []Stand{Recording}, nil, []When{Ending}, Await, "the last data may still be written"},
	{[]Kind{Reused}, []Stand{Recording}, nil, nil, Follow, "what others do to it is noted"},
	{[]Kind{Reused}, nil, nil, nil, Report, "it stays as it is"},

	// What cannot be seen.
	{own, []Stand{Over}, []Shown{Unreadable}, []When{Settled}, Fetch, "its data can be read whatever Resource Manager says"},
	{own, nil, []Shown{Unreadable}, nil, Await, "unknown is not absent"},

	// What is under way ends first.
	{own, nil, []Shown{Deleting}, nil, Await, "a deletion is under way"},
	{own, []Stand{Planned, Starting, Recording, Collected, Gone, GivenUp}, []Shown{Creating}, nil, Await, "a write is under way"},

	// Not started, or not known to be.
	{own, []Stand{Planned, Starting}, []Shown{Foreign}, nil, Report, "the name is somebody else's"},
	{own, []Stand{Planned, Starting}, []Shown{Absent}, []When{Before}, Await, "its time has not come"},
	{own, []Stand{Planned, Starting}, []Shown{Absent}, []When{During}, Start, "it is wanted and not there"},
	{own, []Stand{Planned, Starting}, []Shown{Absent}, nil, Report, "its time is over: nothing is started any more"},
	{own, []Stand{Planned, Starting}, []Shown{Broken}, nil, Remove, "it did not come to be, so it holds nothing"},
	{own, []Stand{Planned, Starting}, nil, nil, Adopt, "an earlier run started it"},

	// Recording, and it is to stay so.
	{[]Kind{Permanent}, []Stand{Recording}, []Shown{Foreign}, open, Report, "somebody deleted it, and the name is theirs now"},
	{[]Kind{Permanent}, []Stand{Recording}, []Shown{Absent, Off, Other, Broken}, open, Mend, "it is drift: the file says how it is to be"},

	// Recording.
	{own, []Stand{Recording}, []Shown{Absent, Foreign}, nil, Report, "somebody deleted it: it has ended"},
	{[]Kind{Capture}, []Stand{Recording}, []Shown{Off, Broken}, nil, Report, "the capture has ended"},
	{[]Kind{Log, Permanent}, []Stand{Recording}, []Shown{Off}, closed, Report, "it is off: it has ended"},
	{own, []Stand{Recording}, nil, closed, Stop, "its time is over"},
	{own, []Stand{Recording}, nil, open, Follow, "it records; what others do to it is noted"},

	// Ended.
	{own, []Stand{Over}, []Shown{On, Other}, nil, Stop, "it still records"},
	{own, []Stand{Over}, nil, []When{Settled}, Fetch, "the last data is written"},
	{own, []Stand{Over}, nil, nil, Await, "the last data may still be written"},

	// Nothing more is wanted of it.
	{own, nil, []Shown{Absent, Foreign}, nil, Report, "nothing of it is left"},
	{own, []Stand{GivenUp}, []Shown{On, Off, Other}, open, Adopt, "it is there after all"},
	{own, []Stand{Collected, Gone, GivenUp}, nil, nil, Remove, "it is there and nothing more is wanted of it"},
}

// Next says what is to be done about a session of a kind that stands where
// the ledger says, of which Resource Manager shows what it shows, at a time.
func Next(k Kind, s Stand, shown Shown, when When) (Step, string) {
	r := find(k, s, shown, when)
	return rules[r].step, rules[r].why
}

func find(k Kind, s Stand, shown Shown, when When) int {
	return slices.IndexFunc(rules, func(r rule) bool {
		return in(r.kinds, k) && in(r.stands, s) && in(r.shown, shown) && in(r.when, when)
	})
}

func in[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// Look says what an answer of Resource Manager about the recording of s means.
func Look(s plan.Session, r plan.Recording, err error) Shown {
	switch {
	case errors.Is(err, plan.ErrNotFound):
		return Absent
	case err != nil:
		return Unreadable
	case strangers(s.Tags, r.Tags):
		return Foreign
	}
	switch strings.ToLower(r.Provisioning) {
	case "creating", "updating", "accepted":
		return Creating
	case "deleting":
		return Deleting
	case "failed":
		return Broken
	}
	switch {
	case r.Mechanism == plan.FlowLog && !r.Enabled, r.Mechanism == plan.PacketCapture && r.State.Ended():
		return Off
	case plan.Differs(s, r) != "":
		return Other
	}
	return On
}

// strangers reports whether tags say that what is there belongs to another
// investigation or owner.
func strangers(ours, theirs map[string]string) bool {
	for _, key := range []string{plan.TagInvestigation, plan.TagOwner} {
		if a, b := ours[key], theirs[key]; a != "" && b != "" && a != b {
			return true
		}
	}
	return false
}

// At says how now lies to a session that begins at start and ends at end,
// whose last data is written settle later.
func At(now, start, end time.Time, settle time.Duration) When {
	switch {
	case now.Before(start):
		return Before
	case now.Before(end):
		return During
	case now.Before(end.Add(settle)):
		return Ending
	}
	return Settled
}

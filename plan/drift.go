package plan

import (
	"fmt"
	"strings"
)

// A monitor's flow logs are kept as the file says for as long as it does: where
// somebody else switched one off, deleted it or changed its settings, that is drift,
// and a plan says what would be set back.

// kept says what becomes of what a monitor started for s.
func (d differ) kept(s Session, k known) Change {
	r, f := k.recording(), following(s, k, Forever)
	diff := Differs(s, *r)
	edited := k.ledger != nil && k.ledger.Digest != s.Digest()
	switch {
	case k.there == nil:
		return Change{Create, "drift: it was deleted by somebody else; made again", f, nil}
	case strings.EqualFold(r.Provisioning, "failed"):
		return Change{Update, "drift: it came to state " + r.Provisioning + "; written again", f, r}
	case diff == "target":
		return Change{Update, fmt.Sprintf("drift: somebody else had it log %s; set back to %s", r.Target.Name(), s.Target.ID.Name()), f, r}
	case !r.Enabled && diff == "":
		return Change{Update, "drift: it was switched off by somebody else; switched on again", f, r}
	case diff != "" && edited:
		return Change{Update, fmt.Sprintf("the file asks for another %s: set in its place", diff), f, r}
	case diff != "":
		return Change{Update, fmt.Sprintf("drift: somebody else changed its %s; set back as the file says", diff), f, r}
	}
	return Change{Keep, "is there", f, r}
}

// given says what becomes of what a monitor started and the file asks for no more. Its
// data stays in storage, and the reports of its last periods are made from there.
func (d differ) given(f *Session, k known) Change {
	r := k.recording()
	switch {
	case k.there == nil:
		return Change{Finish, "is not in Azure any more, and nothing in the file asks for it: its last period is still reported", f, r}
	case d.dropped(k.watches):
		return Change{Delete, "nothing in the file asks for it any more: switched off and removed; its last period is still reported", f, r}
	}
	return Change{Delete, "nothing in the file selects it any more: switched off and removed; its last period is still reported", f, r}
}

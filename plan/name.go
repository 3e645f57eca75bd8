package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"sync"
	"time"
)

// Name is what the name of a flow log or capture made by flowctl says: which
// investigation it is for, whose that is, until when it may live, and which
// watch and target asked for it. So everything can be recognised by reading
// Azure alone; captures have no tags.
type Name struct {
	Investigation string
	Deadline      time.Time // to the second
	Mark          string    // see Investigation.Mark; empty in names of earlier versions
	Fingerprint   string    // of watch, target and mechanism
}

const nameTime = "20060102T150405Z"

// Names stay within the 80 characters, first and last of them a letter or a
// digit, that Azure allows for both resources.
var namePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^flowctl_([a-z][a-z0-9-]{0,31})_(\d{8}T\d{6}Z)_((?:[0-9a-f]{6})?)([0-9a-f]{10})$`)
})

func (n Name) String() string {
	return "flowctl_" + n.Investigation + "_" + n.Deadline.UTC().Format(nameTime) + "_" + n.Mark + n.Fingerprint
}

// ParseName reads a name that flowctl gave; ok is false for any other.
func ParseName(s string) (n Name, ok bool) {
	m := namePattern().FindStringSubmatch(s)
	if m == nil {
		return Name{}, false
	}
	t, err := time.Parse(nameTime, m[2])
	return Name{m[1], t, m[3], m[4]}, err == nil
}

// Mark tells investigations of one name in different hands apart.
func (inv Investigation) Mark() string {
	sum := sha256.Sum256([]byte(inv.Name + "\n" + inv.Owner))
	return hex.EncodeToString(sum[:3])
}

// Made reports whether a recording was made for inv: its name says so, and its
// tags, if it has any, do not say otherwise.
func (inv Investigation) Made(r Recording) bool {
	n, ok := ParseName(r.ID.Name())
	if !ok || n.Investigation != inv.Name || n.Mark != "" && n.Mark != inv.Mark() {
		return false
	}
	owner := r.Tags[TagOwner]
	return owner == "" || owner == inv.Owner
}

// Fingerprint is what stays the same of a session from run to run: the watch
// that asks, what it records and how.
func Fingerprint(watch string, target ID, m Mechanism) string {
	sum := sha256.Sum256([]byte(watch + "\n" + target.Key() + "\n" + string(m)))
	return hex.EncodeToString(sum[:5])
}

// Fingerprint is the part of s's identity that stays the same from run to run.
func (s Session) Fingerprint() string { return Fingerprint(s.Watches[0], s.Target.ID, s.Mechanism) }

// Address names s for people: the watch that asked first and the target.
func (s Session) Address() string {
	return s.Watches[0] + "/" + cmp.Or(s.Target.Called, s.Target.ID.Name())
}

package blob

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// tier is where a blob is kept. The zero value is the account's own tier.
type tier struct {
	Name string    `json:"name,omitempty"`
	At   time.Time `json:"at,omitzero"`    // when a client set it
	To   string    `json:"to,omitempty"`   // where a blob of the archive comes back to
	Done time.Time `json:"done,omitzero"`  // when it is there
	Fast bool      `json:"fast,omitempty"` // rehydrated with high priority
}

const archive = "Archive"

func knownTier(name string) bool {
	return slices.Contains([]string{"Hot", "Cool", "Cold", archive}, name)
}

// The documentation gives up to 15 hours for a blob to come back from the
// archive, and less than one with high priority. That it takes the whole time
// is the sandbox's choice.
const (
	slowReturn = 15 * time.Hour
	fastReturn = time.Hour
)

func (t tier) headers(h http.Header) {
	h.Set("X-Ms-Access-Tier", cmp.Or(t.Name, "Hot"))
	if t.Name == "" {
		h.Set("X-Ms-Access-Tier-Inferred", "true")
	}
	if !t.At.IsZero() {
		h.Set("X-Ms-Access-Tier-Change-Time", httpTime(t.At))
	}
	if s := t.returning(); s != "" {
		h.Set("X-Ms-Archive-Status", s)
		h.Set("X-Ms-Rehydrate-Priority", t.priority())
	}
}

// returning is the status of a blob that comes back from the archive.
func (t tier) returning() string {
	if t.To == "" {
		return ""
	}
	return "rehydrate-pending-to-" + strings.ToLower(t.To)
}

func (t tier) priority() string {
	switch {
	case t.To == "":
		return ""
	case t.Fast:
		return "High"
	}
	return "Standard"
}

// settle brings b to what it is at a time: copies that are done, and blobs
// that are back from the archive.
func (b *Blob) settle(now time.Time) {
	if b.Tier.To != "" && !now.Before(b.Tier.Done) {
		b.Tier = tier{Name: b.Tier.To, At: b.Tier.At}
	}
	if b.Copied.pending(now) || b.Copied.aborted() {
		b.Blocks = nil
	}
	b.Copied = b.Copied.settled(now)
}

// readable refuses to read what is in the archive.
func (b Blob) readable() error {
	if b.Tier.Name == archive {
		return errArchived
	}
	return nil
}

func (q *request) setTier() error {
	name := q.r.Header.Get("X-Ms-Access-Tier")
	if !knownTier(name) {
		return badHeader("x-ms-access-tier", name)
	}
	status := http.StatusOK
	_, err := q.edit(func(up *uploadBlob, b Blob) error {
		if b.kind() != blockBlob {
			return errBlobTypeMismatch
		}
		if b.Tier.To != "" && b.Tier.To != name {
			return errRehydrating
		}
		v := up.editable(b)
		if b.Tier.Name != archive || name == archive {
			v.Tier = tier{Name: name, At: q.now}
			return nil
		}
		status = http.StatusAccepted
		fast := strings.EqualFold(q.r.Header.Get("X-Ms-Rehydrate-Priority"), "High")
		v.Tier = tier{Name: archive, At: b.Tier.At, To: name, Fast: fast, Done: q.now.Add(slowReturn)}
		if fast {
			v.Tier.Done = q.now.Add(fastReturn)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.empty(status)
}

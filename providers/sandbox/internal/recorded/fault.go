package recorded

import (
	"time"

	"flowctl/providers/sandbox/internal/arm"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// never is later than any time at which somebody looks.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// lateness is how much later than usual something is written, by the faults
// that strike it; missing is what lacks at its end until then.
type lateness struct {
	by      time.Duration
	lost    bool // for ever
	missing int64
}

func (l lateness) of(at time.Time) time.Time {
	if l.lost {
		return never
	}
	return at.Add(l.by)
}

// fates returns what faults do to something as a whole, and to its end.
func fates(struck []*world.Fault) (whole, end lateness) {
	for _, f := range struck {
		switch f.Effect {
		case world.Late:
			whole.by += f.Delay
		case world.Never:
			whole.lost = true
		case world.Short:
			end = lateness{by: f.Delay, lost: f.Delay == 0, missing: max(int64(f.Blocks), f.Bytes)}
		}
	}
	return whole, end
}

// delay lets the faults of the world have their effect on the blocks of an
// hour blob. A block comes after those before it.
func (s *Source) delay(all []committed, name, account, region string, nic *world.NIC, gens []traffic.Log) []committed {
	if s.o.Faults.Empty() {
		return all
	}
	c := fault.Call{Operation: world.Record, Thing: account + "/" + name, Region: region, Names: []string{account, nic.Name, nic.MAC}}
	if nic.VM != nil {
		c.Names = append(c.Names, nic.VM.Name)
	}
	for _, g := range gens {
		c.Names = append(c.Names, g.ID.Name(), string(g.ID), g.Target.Name(), string(g.Target))
	}
	var after time.Time
	due := make([]time.Time, len(all))
	for i, b := range all {
		if b.at.IsZero() {
			continue
		}
		whole, end := fates(s.o.Faults.Writing(c, b.at))
		at := whole.of(b.at)
		if end.missing > 0 {
			at = held(all, i, at, end)
		}
		if at.Before(after) {
			at = after
		}
		after, due[i] = at, at
	}
	for i := range all {
		all[i].at = due[i]
	}
	return all
}

// held is when block i of a blob that always lacks its last ones is there:
// when enough have come after it, or its time is over.
func held(all []committed, i int, at time.Time, end lateness) time.Time {
	release := end.of(at)
	if next := i + int(end.missing); next < len(all)-1 && all[next].at.Before(release) { // the very last is the tail
		return all[next].at
	}
	return release
}

// sent is when a capture's file is there, and how long it is at now.
func (s *Source) sent(v *view, f arm.File, now time.Time) (written time.Time, size int64) {
	if s.o.Faults.Empty() {
		return f.Written, f.Size
	}
	target := f.Capture.Target
	c := fault.Call{Operation: world.Upload, Thing: f.Account + "/" + f.Container + "/" + f.Name,
		Names: []string{f.Account, f.Name, string(f.ID), f.ID.Name(), target.Name(), string(target)}}
	if a := s.account(v.state, f.Account); a != nil {
		c.Region = a.Location
	}
	for t := target.Parent(); t != ""; t = t.Parent() { // an instance's scale set
		c.Names = append(c.Names, t.Name(), string(t))
	}
	whole, end := fates(s.o.Faults.Writing(c, f.Written))
	written, size = whole.of(f.Written), f.Size
	if end.missing > 0 && now.Before(end.of(written)) {
		size = max(0, size-end.missing)
	}
	return written, size
}

// reaches reports whether Azure's own services can write to an account: where
// its network rules keep strangers out, only as trusted services.
func reaches(a *world.StorageAccount) bool {
	if a.Firewall.Default != "Deny" && a.PublicNetwork != "Disabled" {
		return true
	}
	for _, b := range a.Firewall.Bypass {
		if b == "AzureServices" {
			return true
		}
	}
	return false
}

// closed reports whether an account's network rules keep clients out. Where
// they let any address in, the sandbox's clients are taken to have it.
func closed(a *world.StorageAccount) bool {
	return a.PublicNetwork == "Disabled" || a.Firewall.Default == "Deny" && len(a.Firewall.IPs) == 0
}

// region is where an account is.
func (s *Source) region(st *arm.State, account string) string {
	if a := s.account(st, account); a != nil {
		return a.Location
	}
	return ""
}

package recorded

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/blob"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// logContainer is where flow logs of VNets, subnets and interfaces are written.
const logContainer = "insights-logs-flowlogflowevent"

// nsgContainer is where those of network security groups are written.
const nsgContainer = "insights-logs-networksecuritygroupflowevent"

// hourly is a series of hour blobs: what the flow logs of one name have
// written to one account.
type hourly struct {
	container string
	prefix    string // of the names, up to /y=
	gens      []traffic.Log
}

// run is what distinguishes one time of recording from another.
type run struct {
	text         string
	since, until time.Time
}

// drawLogs sorts the runs of all flow logs by where they write.
func (s *Source) drawLogs(v *view) error {
	var logs []traffic.Log
	var homes [][3]string // account, container and prefix of each
	for _, l := range v.state.FlowLogs {
		for _, r := range l.Runs {
			account := s.account(v.state, r.Storage.Name())
			if account == nil || !records(r.Target) || !reaches(account) {
				continue
			}
			filter, err := traffic.ParseFilter(r.Filter)
			if err != nil {
				return fmt.Errorf("filter of flow log %s: %w", l.ID.Name(), err)
			}
			logs = append(logs, traffic.Log{ID: l.ID, GUID: l.GUID, Target: r.Target, Since: r.Since, Until: r.Until,
				RecordTypes: r.RecordTypes, Filter: filter})
			home := [3]string{strings.ToLower(account.Name), logContainer, l.BlobPrefix()}
			if isNSG(r.Target) {
				home[1], home[2] = nsgContainer, "resourceId=/"+strings.ToUpper(strings.Trim(string(r.Target), "/"))
			}
			homes = append(homes, home)
			v.runs = append(v.runs, run{fmt.Sprintf("%s %s %d %q %q", l.GUID, r.Target, r.Since.UnixNano(), r.RecordTypes, r.Filter), r.Since, r.Until})
		}
	}
	for _, e := range v.state.History { // what changed who talks to whom
		v.runs = append(v.runs, run{fmt.Sprintf("%s %d", e.ID, e.At.UnixNano()), e.At, time.Time{}})
	}
	v.logs = map[string][]*hourly{}
	for i, log := range v.model.Precedence(logs) {
		h := v.series(homes[i])
		h.gens = append(h.gens, log)
	}
	for _, all := range v.logs {
		slices.SortFunc(all, func(a, b *hourly) int { return cmp.Compare(a.prefix+"/", b.prefix+"/") })
		for _, h := range all {
			slices.SortStableFunc(h.gens, func(a, b traffic.Log) int { return a.Since.Compare(b.Since) })
		}
	}
	return nil
}

func isNSG(target plan.ID) bool {
	return strings.EqualFold(target.Type(), "Microsoft.Network/networkSecurityGroups")
}

// records reports whether flow logs of a target write blobs.
func records(target plan.ID) bool {
	kind := strings.ToLower(target.Type())
	return strings.HasPrefix(kind, "microsoft.network/virtualnetworks") || kind == "microsoft.network/networkinterfaces" || isNSG(target)
}

func (v *view) series(home [3]string) *hourly {
	account, container, prefix := home[0], home[1], home[2]
	for _, h := range v.logs[account] {
		if h.container == container && h.prefix == prefix {
			return h
		}
	}
	h := &hourly{container: container, prefix: prefix}
	v.logs[account] = append(v.logs[account], h)
	return h
}

// before tells apart, for what was written up to the end of an hour, states in
// which different things recorded. What comes later cannot change it.
func (v *view) before(hour time.Time) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if text, ok := v.hours[hour.Unix()]; ok {
		return text
	}
	end := hour.Add(time.Hour + time.Minute)
	sum := sha256.New()
	for _, r := range v.runs {
		if r.since.Before(end) {
			until := r.until
			if until.After(end) {
				until = time.Time{}
			}
			fmt.Fprintln(sum, r.text, until.UnixNano())
		}
	}
	text := string(sum.Sum(nil))
	v.hours[hour.Unix()] = text
	return text
}

// hours are the first and last hour of a series.
func (h *hourly) hours(now time.Time) (first, last time.Time) {
	for _, g := range h.gens {
		f, l := g.Hours(now)
		if l.Before(f) {
			continue
		}
		if first.IsZero() || f.Before(first) {
			first = f
		}
		if l.After(last) {
			last = l
		}
	}
	return first, last
}

// in returns the runs that can have written to the blob of an hour.
func (h *hourly) in(hour, now time.Time) []traffic.Log {
	var gens []traffic.Log
	for _, g := range h.gens {
		if first, last := g.Hours(now); !hour.Before(first) && !hour.After(last) {
			gens = append(gens, g)
		}
	}
	return gens
}

const (
	hourLayout = "/y=2006/m=01/d=02/h=15/m=00/macAddress="
	lastPart   = "/PT1H.json"
)

// logNames yields the names of hour blobs in the order of their bytes, which
// is that of log, hour and MAC.
func (s *Source) logNames(v *view, now time.Time, in place, want span) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, h := range v.logs[in.account] {
			if h.container != in.container || !want.mayHave(h.prefix+"/") {
				continue
			}
			first, last := h.hours(now)
			for hour := first; !first.IsZero() && !hour.After(last); hour = hour.Add(time.Hour) {
				start := h.prefix + hour.UTC().Format(hourLayout)
				if !want.mayHave(start) {
					continue
				}
				for _, mac := range v.macs(h.in(hour, now)) {
					if name := start + mac + lastPart; want.has(name) && !yield(name) {
						return
					}
				}
			}
		}
	}
}

// macs are those of the interfaces that any of gens covers.
func (v *view) macs(gens []traffic.Log) []string {
	var all []string
	for _, g := range gens {
		for _, n := range v.model.NICs(g.Target) {
			if n.MAC != "" {
				all = append(all, n.MAC)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// logBlob returns the hour blob of that name, if Azure has written it.
func (s *Source) logBlob(v *view, now time.Time, account, container, name string) (blob.Blob, bool) {
	for _, h := range v.logs[account] {
		rest, ok := strings.CutPrefix(name, h.prefix)
		if !ok || h.container != container || len(rest) <= len(hourLayout) {
			continue
		}
		hour, err := time.Parse(hourLayout, rest[:len(hourLayout)])
		mac, ok := strings.CutSuffix(rest[len(hourLayout):], lastPart)
		nic := v.model.ByMAC(mac)
		if err != nil || !ok || nic == nil {
			continue
		}
		if gens := h.in(hour, now); len(gens) > 0 {
			return s.hourBlob(v, account, name, nic, hour, now, gens)
		}
	}
	return blob.Blob{}, false
}

// hourBlob describes the blob as it stands now. All of its hour is measured
// at once and remembered; what is committed later is left out here.
func (s *Source) hourBlob(v *view, account, name string, nic *world.NIC, hour, now time.Time, gens []traffic.Log) (blob.Blob, bool) {
	all := s.sizes.get(account+"/"+name+v.before(hour), func() []committed {
		var all []committed
		for b := range v.model.Hour(nic, hour, hour.Add(hourIsWritten), gens...) {
			all = append(all, committed{size: int64(len(b.Data)), at: b.Committed})
		}
		return s.delay(all, name, account, s.region(v.state, account), nic, gens)
	})
	b, whole := blob.Blob{ContentType: "application/octet-stream"}, 0
	for i, c := range all {
		if c.at.After(now) {
			continue
		}
		if !c.at.IsZero() {
			whole++
		}
		b.Blocks = append(b.Blocks, blob.Block{ID: blockID(name, i), Size: c.size})
		if b.Created.IsZero() {
			b.Created = c.at
		}
		if c.at.After(b.Modified) {
			b.Modified = c.at
		}
	}
	if b.Modified.IsZero() { // only head and tail, which come with the first record
		return blob.Blob{}, false
	}
	b.ETag = etag(name, b)
	b.Copy = func(w io.Writer, offset, length int64) error {
		part, more := &part{w: w, skip: offset, left: length}, whole
		for k := range v.model.Hour(nic, hour, now, gens...) {
			if !k.Committed.IsZero() {
				if more--; more < 0 { // it comes later than usual
					continue
				}
			}
			if _, err := part.Write(k.Data); err != nil {
				return part.result(err)
			}
		}
		return part.result(nil)
	}
	return b, true
}

// hourIsWritten is how long after its begin the last block of an hour is there.
const hourIsWritten = 2 * time.Hour

// blockID has the length and form of those that Azure makes up.
func blockID(name string, i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, i))
	return base64Text(hex.EncodeToString(sum[:16]))
}

func etag(name string, b blob.Blob) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d", name, len(b.Blocks), b.Size(), b.Modified.UnixNano()))
	return "0x8D" + strings.ToUpper(hex.EncodeToString(sum[:7]))[:13]
}

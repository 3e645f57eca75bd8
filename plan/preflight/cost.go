package preflight

import (
	"fmt"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/region"
)

// Sample is what a flow log that is there wrote lately.
type Sample struct {
	Recording  plan.ID
	Location   string
	Interfaces int // that it logs
	Bytes      int64
	Hours      float64
}

// rate is the bytes that one interface writes in an hour.
func (s Sample) rate() float64 { return float64(s.Bytes) / float64(max(1, s.Interfaces)) / s.Hours }

const (
	gb    = 1e9
	month = 730 * time.Hour
	// A flow log's blob is written each minute by one call for the block and
	// one for the list of blocks.
	writesPerHour = 2 * 60
	// What is fetched comes in pieces of this size.
	piece = 4 << 20
	// kept is how long what is left in storage is counted for.
	kept = month
)

// Cost works out what a plan costs at most. Nil: it starts and reads nothing.
func Cost(in Input) *plan.Estimate {
	e := newEstimator(in)
	for _, ch := range in.Plan.Changes {
		e.change(ch)
	}
	if len(e.Items) == 0 {
		return nil
	}
	e.notes()
	return &e.Estimate
}

// Spent works out what sessions that recorded so many bytes, by fingerprint,
// have cost after a time, if they are fetched now.
func Spent(in Input, recorded map[string]int64, elapsed time.Duration) plan.Estimate {
	e := newEstimator(in)
	e.recorded, e.elapsed = recorded, elapsed
	for _, ch := range in.Plan.Changes {
		if ch.Session != nil && ch.Action != plan.Reuse {
			e.change(ch)
		}
	}
	return e.Estimate
}

type estimator struct {
	*checker
	plan.Estimate
	prices plan.Prices

	recorded map[string]int64 // by fingerprint, of what is under way; nil for a plan
	elapsed  time.Duration    // of what is under way
}

func newEstimator(in Input) *estimator {
	c := newChecker(in)
	p := c.prices()
	return &estimator{checker: c, prices: p, Estimate: plan.Estimate{Currency: p.Currency, Source: p.Source, Date: p.Date, Complete: true, Items: []plan.CostItem{}}}
}

func (e *estimator) change(ch plan.Change) {
	s := ch.Session
	switch ch.Action {
	case plan.Create, plan.Replace, plan.Update, plan.Keep, plan.Finish:
		if s.Mechanism == plan.PacketCapture {
			e.capture(s, ch.Action)
		} else {
			e.flowLog(s, ch)
		}
	case plan.Reuse:
		if ch.Recording.InWorkspace() { // queries of it cost nothing
			return
		}
		volume, basis := e.volume(s, ch.Recording.ID)
		e.collected(s, e.recordedThen(ch, volume, &basis), basis)
	}
}

// recordedThen adds to the volume that a log will write what it has of the part of the window
// that is past.
func (e *estimator) recordedThen(ch plan.Change, volume *float64, basis *string) *float64 {
	n, ok := e.Plan.Coverage.Volume(ch.Target(), ch.Recording.ID)
	there := float64(n)
	switch {
	case ok && e.Config.Past:
		*basis = "as listed in storage"
		return &there
	case ok && volume != nil:
		there += *volume
		*basis = "as listed in storage, and then " + *basis
		return &there
	}
	return volume
}

// capture is priced at the most that it can hold.
func (e *estimator) capture(s *plan.Session, a plan.Action) {
	n := e.machines(s)
	most := float64(s.Capture.MaxBytes) * float64(n)
	basis := "at most, as max_bytes says"
	if n > 1 {
		basis = fmt.Sprintf("at most, as max_bytes says, on %d machines", n)
	}
	if e.recorded != nil {
		most, basis = float64(e.recorded[s.Fingerprint()]), recordedBasis
	}
	if a == plan.Create || a == plan.Replace {
		e.add(s, plan.CaptureCheck, 1, "one capture")
	}
	e.add(s, plan.StoredGBMonth, most/gb*kept.Hours()/month.Hours(), basis)
	e.collected(s, &most, basis)
}

// machines counts the instances that a capture of a scale set has.
func (e *estimator) machines(s *plan.Session) int {
	set := e.index(s).ScaleSets[s.Target.ID.Key()]
	if set == nil {
		return 1
	}
	if n := len(s.Capture.Include); n > 0 {
		return n
	}
	return max(1, len(set.Instances)-len(s.Capture.Exclude))
}

func (e *estimator) flowLog(s *plan.Session, ch plan.Change) {
	var own plan.ID
	if ch.Recording != nil {
		own = ch.Recording.ID
	}
	volume, basis := e.volume(s, own)
	e.volumed(s, plan.NetworkLogs, volume, basis)
	if ta := s.FlowLog.TrafficAnalytics; ta != nil {
		m := plan.Analytics60
		if ta.Interval == 10 {
			m = plan.Analytics10
		}
		e.volumed(s, m, volume, basis)
	}
	e.volumed(s, plan.StoredGBMonth, volume, basis)
	writes := e.interfaces(s) * e.hours() * writesPerHour
	e.add(s, plan.WriteOperation, writes/1e4, "two calls a minute for each interface")
	e.collected(s, volume, basis)
}

// interfaces counts those of a session's target that belong to machines: the
// others write no records.
func (e *estimator) interfaces(s *plan.Session) float64 {
	n := 0.0
	for _, i := range e.index(s).Interfaces(s.Target.ID) {
		if i.VM != "" {
			n++
		}
	}
	return n
}

func (e *estimator) hours() float64 {
	if e.recorded != nil {
		return e.elapsed.Hours()
	}
	if e.Config.Monitor != nil { // of a month
		return month.Hours()
	}
	return max(0, e.remaining().Hours())
}

// recordedBasis is what the cost of sessions under way rests on.
const recordedBasis = "as recorded so far"

// volume is how many bytes a flow log writes until the end of the window; nil
// if nothing tells. What the file states comes first, then what the very log
// wrote, then what others wrote in the region.
func (e *estimator) volume(s *plan.Session, own plan.ID) (bytes *float64, basis string) {
	n := e.interfaces(s)
	if e.recorded != nil {
		v := float64(e.recorded[s.Fingerprint()])
		return &v, recordedBasis
	}
	if b := e.Config.Budget; b != nil && b.LogRate > 0 {
		v := float64(b.LogRate) * n * e.hours()
		return &v, fmt.Sprintf("log_rate of the file, for %.0f interfaces", n)
	}
	best := e.sample(s, own)
	if best == nil {
		return nil, "not estimated: no flow log is there to look at; state log_rate in a budget block"
	}
	v := best.rate() * n * e.hours()
	return &v, fmt.Sprintf("as flow log %s wrote in the last %.0f hours, for %.0f interfaces", best.Recording.Name(), best.Hours, n)
}

func (e *estimator) sample(s *plan.Session, own plan.ID) *Sample {
	var best *Sample
	for i, x := range e.Facts.Samples {
		switch {
		case x.Hours <= 0 || x.Interfaces <= 0:
		case own != "" && x.Recording.Is(own):
			return &e.Facts.Samples[i]
		case region.Same(x.Location, s.Target.Location) && (best == nil || x.rate() > best.rate()):
			best = &e.Facts.Samples[i]
		}
	}
	return best
}

// collected is what fetching costs: calls, and the way out of Azure.
func (e *estimator) collected(s *plan.Session, bytes *float64, basis string) {
	if bytes == nil {
		e.unknown(s, plan.ReadOperation, basis)
		e.unknown(s, plan.Egress, basis)
		return
	}
	e.add(s, plan.ReadOperation, (*bytes/piece+1)/1e4, basis)
	e.add(s, plan.Egress, *bytes/gb, basis)
}

// volumed adds what is billed by the GB.
func (e *estimator) volumed(s *plan.Session, m plan.Meter, bytes *float64, basis string) {
	if bytes == nil {
		e.unknown(s, m, basis)
		return
	}
	e.add(s, m, *bytes/gb, basis)
}

func (e *estimator) unknown(s *plan.Session, m plan.Meter, why string) {
	e.Complete = false
	e.Items = append(e.Items, plan.CostItem{Session: s.Address(), Target: s.Target.ID, Meter: m, Basis: why})
}

func (e *estimator) add(s *plan.Session, m plan.Meter, quantity float64, basis string) {
	item := plan.CostItem{Session: s.Address(), Target: s.Target.ID, Meter: m, Quantity: &quantity, Basis: basis}
	if price, ok := e.prices.In(region.Name(s.Target.Location), m); ok {
		amount := quantity * price
		item.Price, item.Amount = &price, &amount
		e.Total += amount
	} else {
		e.Complete = false
		item.Basis = "no price is given for " + string(m) + "; " + basis
	}
	e.Items = append(e.Items, item)
}

// notes say what the estimate takes for granted.
func (e *estimator) notes() {
	e.Notes = append(e.Notes,
		"free allowances (5 GB of flow logs and 100 GB of egress a month, 1,000 captures) are not taken off: others may have used them",
		"egress is counted as if flowctl ran outside of Azure; inside the region it is free")
	if b := e.Config.Budget; b == nil || b.Prices == nil {
		e.Notes = append(e.Notes, "prices of log collection and storage are those of US regions; other regions may differ by some tens of percent, agreements by more")
	}
}

// budget compares the estimate with the limit of the file.
func (c *checker) budget() {
	b := c.Config.Budget
	if b == nil || b.Limit == 0 || len(c.made()) == 0 {
		return
	}
	e := Cost(c.Input)
	if e == nil {
		return
	}
	at := about{at: b.LimitRange}
	if e.Total > b.Limit {
		c.say(plan.Error, plan.BudgetExceeded, at, "Over budget",
			"This may cost %s%.2f %s, and the limit is %g %s. Watch less, shorten the window, lower max_bytes, or raise the limit.", atLeast(e), e.Total, e.Currency, b.Limit, b.Currency)
	}
	if !e.Complete {
		c.say(plan.Warning, plan.BudgetUnknown, at, "Cost is known in part",
			"What is known comes to %.2f %s of %g; not known is: %s. The limit may be passed.", e.Total, e.Currency, b.Limit, few(unpriced(e)))
	}
}

func atLeast(e *plan.Estimate) string {
	if e.Complete {
		return ""
	}
	return "more than "
}

// unpriced lists what an estimate leaves open, each reason once.
func unpriced(e *plan.Estimate) []string {
	var out []string
	seen := map[string]bool{}
	for _, i := range e.Items {
		why := string(i.Meter) + " (" + strings.TrimPrefix(i.Basis, "not estimated: ") + ")"
		if i.Amount == nil && !seen[why] {
			seen[why] = true
			out = append(out, why)
		}
	}
	return out
}

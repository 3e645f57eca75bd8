package flowlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"flowctl/collectors/flow"
)

// readReport is what a file turned out to hold.
type readReport struct {
	wrapped  bool     // there was an array of records
	versions []string // of the flow log records that were read
	refused  []string // of those that were not
	refusals uint64
	points   []flow.ID
	tuples   uint64
	others   uint64 // JSON objects that are no flow log records
	otherAt  int64  // of the first
	other    string // what it looks like
	skips    skips
}

// mostPoints is how many points a source names.
const mostPoints = 8

// commit takes over the record that was just read, with its tuples, or drops
// them.
func (d *document) commit() {
	if !d.sound() {
		d.fast.drop()
		return
	}
	d.names.took = flow.Count{}
	d.keep()
}

// sound takes over what the record says of the file, and reports whether its
// tuples are to be kept.
func (d *document) sound() bool {
	s, r := &d.report, &d.rec
	at := d.at(d.i)
	if r.kind == "" {
		if b := d.b[d.i : d.i+r.length]; d.nothingYet() && isPart(b) {
			d.left(bad(beginsInside), at, flow.Truncated)
			return false
		}
		if s.others++; s.others == 1 {
			s.other, s.otherAt = describe(d.b[d.i:d.i+r.length]), at
		}
		return false
	}
	if d.in.Source.Kind == "" {
		d.in.Source.Kind = r.kind
	}
	if why := refusal(r); why != fine {
		s.refusals++
		s.skips.add(why, 1, at)
		d.lost = true
		if r.version != "" {
			note(&s.refused, r.version)
		}
		return false
	}
	note(&s.versions, r.version)
	if len(r.skips.all) > 0 {
		s.skips.addAll(&r.skips)
		d.in.Source.Note(flow.Corrupt)
	}
	first := d.fast.first
	s.tuples += uint64(len(d.out) - first.records + len(d.observed.all) - first.observations)
	var last flow.ID
	d.fast.each(first, func(a around) {
		if *a.point != last {
			last = *a.point
			s.seenAt(last)
		}
	})
	return true
}

// refusal says why a record cannot be read.
func refusal(r *record) reason {
	_, known := layoutOf(r.kind, r.version)
	switch {
	case r.refused != fine:
		return r.refused
	case r.version == "":
		return bad("flow log record has no version")
	case !known:
		return reason{"flow log version is not known", "flow log version " + shown(r.version) + " is not known"}
	}
	return fine
}

// shown is a text of the file as it can be shown anywhere.
func shown(s string) string {
	if ascii([]byte(s)) && len(s) <= mostShown {
		return s
	}
	return quoted(s)
}

// mostShown is how many bytes of a text are shown.
const mostShown = 48

func quoted(s string) string {
	if len(s) > mostShown {
		return strconv.QuoteToASCII(s[:mostShown]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

func note(all *[]string, version string) {
	if len(*all) < mostPoints && !slices.Contains(*all, version) {
		*all = append(*all, version)
	}
}

// seenAt notes where tuples were seen.
func (s *readReport) seenAt(p flow.ID) {
	if len(s.points) < mostPoints && !slices.Contains(s.points, p) {
		s.points = append(s.points, p)
	}
}

// nothingYet reports whether nothing of the file was made out so far.
func (d *document) nothingYet() bool {
	s := &d.report
	return len(s.versions)+len(s.skips.all)+int(s.others) == 0 && !s.wrapped
}

// isPart reports whether an object is one of those inside a record.
func isPart(b []byte) bool {
	o, found, _ := decode(b, 0, false)
	_, groups := o["flowGroups"]
	_, tuples := o["flowTuples"]
	return found == done && (groups || tuples)
}

// describe says what a JSON object that is no flow log record looks like.
func describe(b []byte) string {
	var log struct{ Category, MetricName json.RawMessage }
	if json.Unmarshal(b, &log) != nil {
		return "other JSON"
	}
	if c, ok := text(value{text: log.Category}); ok && len(c) > 0 {
		return "logs of category " + quoted(string(c))
	}
	if _, ok := text(value{text: log.MetricName}); ok {
		return "metrics"
	}
	o, _, _ := decode(b, 0, false)
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, quoted(k))
	}
	if len(keys) == 0 {
		return "empty JSON objects"
	}
	slices.Sort(keys)
	return "JSON objects with " + strings.Join(keys[:min(len(keys), 5)], ", ")
}

// finish fills in what the source turned out to be, and returns the error
// that ends the sequence.
func (d *document) finish() error {
	s, src := &d.report, d.in.Source
	src.Bytes = d.at(d.n)
	src.Records = s.tuples
	src.Detail = detail(s.versions)
	for _, p := range s.points {
		if p != 0 {
			src.Points = append(src.Points, d.in.Names.Text(p))
		}
	}
	if d.stopped {
		s.skips.report(d.in)
		return nil
	}
	if err := d.streamError(); err != nil {
		src.Note(flow.Truncated)
		s.skips.report(d.in)
		return err
	}
	if err := d.nothing(); err != nil {
		if src.Detail == "" {
			src.Detail = detail(s.refused)
		}
		src.Note(flow.Unreadable)
		s.skips.report(d.in)
		return err
	}
	if s.others > 0 {
		s.skips.add(reason{"not a flow log record", "not a flow log record but " + s.other}, s.others, s.otherAt)
	}
	s.skips.report(d.in)
	src.Note(d.health())
	return nil
}

// detail names versions, lowest first.
func detail(versions []string) string {
	v := slices.Sorted(slices.Values(versions))
	for i := range v {
		v[i] = shown(v[i])
	}
	switch len(v) {
	case 0:
		return ""
	case 1:
		return "version " + v[0]
	}
	return "versions " + strings.Join(v, ", ")
}

// health is the status of a file in which nothing was found wrong.
func (d *document) health() flow.Status {
	if len(d.open) > 0 {
		return flow.Truncated
	}
	return flow.OK
}

// streamError is why the stream ended early. A compressed stream that is cut
// is a cut file as long as something was read.
func (d *document) streamError() error {
	if d.err == nil {
		return nil
	}
	if errors.Is(d.err, io.ErrUnexpectedEOF) && len(d.report.versions) > 0 {
		d.left(bad("file is cut off"), d.at(d.n), flow.Truncated)
		return nil
	}
	return fmt.Errorf("read flow log at byte %d: %w", d.at(d.n), d.err)
}

// nothing returns an error if no flow log record was found, unless the file
// says that there are none.
func (d *document) nothing() error {
	s := &d.report
	if len(s.versions) > 0 {
		return nil
	}
	looks := ""
	switch {
	case len(s.skips.all) > 0 && s.refusals > 0:
		looks = "those there are cannot be read: " + s.skips.all[0].reason.String()
	case s.others > 0:
		looks = "it holds " + s.other
	case len(s.skips.all) > 0 && s.skips.all[0].reason.class == cutOff:
		looks = "it ends inside its first record"
	case len(s.skips.all) > 0 && s.skips.all[0].reason.class == beginsInside:
		looks = "it begins inside a record, and no whole one follows; give the file from its beginning"
	case len(s.skips.all) > 0:
		looks = "it is damaged or not JSON"
	case s.wrapped:
		return nil
	case d.at(d.n) == 0:
		looks = "it is empty"
	default:
		looks = "it is JSON without records"
	}
	return fmt.Errorf("%w: %s", ErrNoFlowRecords, looks)
}

package flowlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"

	"flowctl/collectors/flow"
)

// reference reads records with encoding/json: anything that is JSON, at a
// fraction of the fast path's speed. Where the fast path reads a record too, both give the
// same.
type reference struct {
	out  *[]flow.Record
	keys *[]uint64 // hashes of the flows of out
	nm   *names
	rec  *record

	layout layout
}

// A value is a part of a JSON text and where it stands in the stream.
type value struct {
	text []byte
	at   int64
}

// object is a JSON object; of a key that comes twice the last value counts.
type object map[string]value

// record reads the record at the front of w.
func (p *reference) record(w *window, rec *record) outcome {
	rec.reset()
	p.rec = rec
	o, found, length := decode(w.rest(), w.at(w.i), true)
	rec.length = length
	if found != done {
		return found
	}
	from := len(*p.out)
	p.envelope(o)
	if rec.refused != fine {
		*p.out, *p.keys = (*p.out)[:from], (*p.keys)[:from]
	}
	return done
}

// decode reads the object that b begins with, which is at offset at. It
// returns what it found and where in b that ends. If top is set, an array
// of records makes it a wrapper.
func decode(b []byte, at int64, top bool) (object, outcome, int) {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil { // the brace
		return ended(d, err)
	}
	o := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return ended(d, err)
		}
		name := key.(string)
		if top && holdsRecords(name) {
			if n, ok := opensRecords(b[d.InputOffset():]); ok {
				return nil, wrapper, int(d.InputOffset()) + n
			}
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return ended(d, err)
		}
		o[name] = value{raw, at + d.InputOffset() - int64(len(raw))}
	}
	if _, err := d.Token(); err != nil {
		return ended(d, err)
	}
	return o, done, int(d.InputOffset())
}

// holdsRecords reports whether records may stand in a member of a file: Azure's, or of an
// array that Windows PowerShell wrote as an object, see unwrapped.
func holdsRecords(member string) bool { return member == "records" || member == "value" }

// opensRecords reports whether a colon and an opening bracket or brace come
// next, and how many bytes are before the first record.
func opensRecords(b []byte) (int, bool) {
	c := cursor{b: append(bytes.Clone(b[:min(len(b), 256)]), 0), n: min(len(b), 256)}
	if !c.next(':') {
		return c.i, false
	}
	switch c.peek() {
	case '[':
		return c.i + 1, true
	case '{': // PowerShell writes one record so
		return c.i, true
	}
	return c.i, false
}

// ended says what an error of d means.
func ended(d *json.Decoder, err error) (object, outcome, int) {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, more, int(d.InputOffset())
	}
	at := d.InputOffset()
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(at, s.Offset)
	}
	return nil, broken, int(at)
}

// envelope reads a record. PowerShell writes an array of one element as that
// element, one of texts, beyond the depth it is told, as one text, and an object
// there as a text of its own.
func (p *reference) envelope(o object) {
	p.rec.point = p.mac(o["macAddress"])
	if at, ok := text(o["time"]); ok {
		p.rec.minute = minuteOf(at)
	}
	if flows, ok := p.flowRecords(o["flowRecords"]); ok {
		p.rec.kind = flow.VNetFlowLog
		p.rec.version = version(o["flowLogVersion"])
		p.rec.target = p.name(o["targetResourceID"])
		p.rec.log = p.nm.log(p.name(o["flowLogResourceID"]))
		p.flows(flows["flows"], p.aclFlows)
		return
	}
	properties, ok := members(o["properties"])
	flows, has := properties["flows"]
	if !ok || !has {
		if isNSG(o["category"]) && p.cutByPowerShell(o["properties"], "properties") {
			p.rec.kind = flow.NSGFlowLog
		}
		return
	}
	p.rec.kind = flow.NSGFlowLog
	p.rec.version = version(properties["Version"])
	p.rec.target = p.name(o["resourceId"])
	p.rec.log = p.nm.log(p.rec.target)
	p.flows(flows, p.nsgRuleFlows)
}

// flowRecords returns the members of that object of a VNet flow log, which may
// be the text of one.
func (p *reference) flowRecords(v value) (object, bool) {
	if flows, ok := members(v); ok {
		return flows, true
	}
	if p.cutByPowerShell(v, "flowRecords") {
		return nil, true
	}
	inner, ok := text(v)
	inner = bytes.TrimSpace(inner)
	if !ok || len(inner) == 0 || inner[0] != '{' {
		return nil, false
	}
	flows, found, n := decode(inner, v.at, false)
	return flows, found == done && n == len(inner)
}

// cutByPowerShell reports whether a value is what ConvertTo-Json writes for
// what is deeper than it was told, and refuses the record if so.
func (p *reference) cutByPowerShell(v value, member string) bool {
	s, ok := text(v)
	if !ok || !bytes.HasPrefix(s, []byte("@{")) && !bytes.HasPrefix(s, []byte("System.")) {
		return false
	}
	p.rec.refused = reason{"record was cut by ConvertTo-Json",
		"record was cut by ConvertTo-Json -Depth, which left of " + member + " no more than " + shown(string(s)) + ": export it again with -Depth 100, or copy the file"}
	return true
}

func isNSG(category value) bool {
	s, _ := text(category)
	return string(s) == "NetworkSecurityGroupFlowEvent"
}

// version is the version of a record: a number, or as others write it again, a
// text or a number with a fraction of nothing.
func version(v value) string {
	s := string(v.text)
	if t, ok := text(v); ok {
		s = string(t)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && f >= 0 && f < 1000 {
		return strconv.Itoa(int(f))
	}
	return s
}

// flows reads the flows of a record of a known version.
func (p *reference) flows(v value, each func(object)) {
	var known bool
	if p.layout, known = layoutOf(p.rec.kind, p.rec.version); known {
		p.objects(v, "flows", each)
	}
}

func (p *reference) aclFlows(o object) {
	acl := p.name(o["aclID"])
	p.objects(o["flowGroups"], "flowGroups", func(g object) {
		p.tuples(g["flowTuples"], flow.Record{
			ACL: acl, Rule: p.name(g["rule"]), Point: p.rec.point, Log: p.rec.log, Target: p.rec.target,
		})
	})
}

func (p *reference) nsgRuleFlows(o object) {
	rule := p.name(o["rule"])
	p.objects(o["flows"], "flows", func(f object) {
		point := p.mac(f["mac"])
		if point == 0 {
			point = p.rec.point
		}
		p.tuples(f["flowTuples"], flow.Record{Rule: rule, ACL: p.rec.target, Point: point, Log: p.rec.log, Target: p.rec.target})
	})
}

// tuples reads an array of tuples, which get the names that around has. A text
// holds one or more of them.
func (p *reference) tuples(v value, around flow.Record) {
	if s, ok := text(v); ok {
		if !p.cutByPowerShell(v, "flowTuples") {
			for _, tuple := range bytes.Fields(s) {
				p.tuple(tuple, v.at, around)
			}
		}
		return
	}
	for _, e := range p.elements(v, "flowTuples") {
		text, ok := text(e)
		if !ok {
			p.rec.skips.add(bad("tuple is not a text"), 1, e.at)
			continue
		}
		p.tuple(text, e.at, around)
	}
}

func (p *reference) tuple(text []byte, at int64, around flow.Record) {
	var r flow.Record
	if why := p.nm.tuple(text, p.layout, &r); why != fine {
		p.rec.skips.add(why, 1, at)
		return
	}
	r.Point, r.Log, r.Target, r.Rule, r.ACL, r.Class = around.Point, around.Log, around.Target, around.Rule, around.ACL, p.layout.class()
	*p.out = append(*p.out, r)
	*p.keys = append(*p.keys, hashText(flowTextOf(text)))
}

// objects calls each for the objects of an array, which is a member of the
// given name, or for one object.
func (p *reference) objects(v value, member string, each func(object)) {
	v = unwrapped(v)
	if o, ok := members(v); ok {
		each(o)
		return
	}
	if p.cutByPowerShell(v, member) {
		return
	}
	for _, e := range p.elements(v, member) {
		o, ok := members(e)
		if !ok {
			if !p.cutByPowerShell(e, member) {
				p.misshapen(member, e)
			}
			return
		}
		each(o)
	}
}

// unwrapped is an array that Windows PowerShell wrote as an object: with its
// elements as value, and their Count.
func unwrapped(v value) value {
	o, ok := members(v)
	if inner, has := o["value"]; ok && has && len(o) == 2 && o["Count"].text != nil && inner.text[0] == '[' {
		return inner
	}
	return v
}

// elements returns the values of an array, which is a member of the given name;
// null and nothing have none.
func (p *reference) elements(v value, member string) []value {
	v = unwrapped(v)
	if v.text == nil || string(v.text) == "null" {
		return nil
	}
	if v.text[0] != '[' {
		p.misshapen(member, v)
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(v.text))
	d.Token()
	var all []value
	for d.More() {
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			p.misshapen(member, v)
			return nil
		}
		all = append(all, value{raw, v.at + d.InputOffset() - int64(len(raw))})
	}
	return all
}

// misshapen refuses the record for what a member holds.
func (p *reference) misshapen(member string, v value) {
	what := "a number"
	switch v.text[0] {
	case '{':
		what = "an object"
	case '[':
		what = "an array"
	case '"':
		what = "a text"
	case 't', 'f', 'n':
		what = string(v.text)
	}
	p.rec.refused = bad("record does not have the shape of a flow log record: " + member + " holds " + what)
}

func (p *reference) name(v value) flow.ID {
	s, _ := text(v)
	return p.nm.id(s)
}

func (p *reference) mac(v value) flow.ID {
	s, _ := text(v)
	return p.nm.mac(s)
}

// members returns the members of v if it is an object.
func members(v value) (object, bool) {
	if len(v.text) == 0 || v.text[0] != '{' {
		return nil, false
	}
	o, found, _ := decode(v.text, v.at, false)
	return o, found == done
}

// text returns the content of v if it is a string.
func text(v value) ([]byte, bool) {
	var s string
	if len(v.text) == 0 || v.text[0] != '"' || json.Unmarshal(v.text, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

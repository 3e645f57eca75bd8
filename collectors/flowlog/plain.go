package flowlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"flowctl/collectors/flow"
)

// plain reads records with encoding/json: anything that is JSON, at a
// fraction of quick's speed. Where quick reads a record too, both give the
// same.
type plain struct {
	out *[]flow.Record
	nm  *names
	rec *record

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
func (p *plain) record(w *window, rec *record) outcome {
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
		*p.out = (*p.out)[:from]
	}
	return done
}

// decode reads the object that b begins with, which is at offset at. It
// returns what it found and where in b that ends. If top is set, an array
// "records" makes it a wrapper.
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
		if top && name == "records" {
			if n, ok := opensArray(b[d.InputOffset():]); ok {
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

// opensArray reports whether a colon and an opening bracket come next, and how
// many bytes that takes.
func opensArray(b []byte) (int, bool) {
	c := cursor{b: append(bytes.Clone(b[:min(len(b), 256)]), 0), n: min(len(b), 256)}
	ok := c.next(':') && c.next('[')
	return c.i, ok
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

// envelope reads a record.
func (p *plain) envelope(o object) {
	p.rec.point = p.mac(o["macAddress"])
	if flows, ok := members(o["flowRecords"]); ok {
		p.rec.kind = flow.VNetFlowLog
		p.rec.version = string(o["flowLogVersion"].text)
		p.rec.target = p.name(o["targetResourceID"])
		p.flows(flows["flows"], p.aclFlows)
		return
	}
	properties, ok := members(o["properties"])
	flows, has := properties["flows"]
	if !ok || !has {
		return
	}
	p.rec.kind = flow.NSGFlowLog
	p.rec.version = string(properties["Version"].text)
	p.rec.target = p.name(o["resourceId"])
	p.flows(flows, p.nsgRuleFlows)
}

// flows reads the flows of a record of a known version.
func (p *plain) flows(v value, each func(object)) {
	var known bool
	if p.layout, known = layoutOf(p.rec.kind, p.rec.version); known {
		p.objects(v, each)
	}
}

func (p *plain) aclFlows(o object) {
	acl := p.name(o["aclID"])
	p.objects(o["flowGroups"], func(g object) {
		p.tuples(g["flowTuples"], flow.Record{
			ACL: acl, Rule: p.name(g["rule"]), Point: p.rec.point, Target: p.rec.target,
		})
	})
}

func (p *plain) nsgRuleFlows(o object) {
	rule := p.name(o["rule"])
	p.objects(o["flows"], func(f object) {
		point := p.mac(f["mac"])
		if point == 0 {
			point = p.rec.point
		}
		p.tuples(f["flowTuples"], flow.Record{Rule: rule, Point: point, Target: p.rec.target})
	})
}

// tuples reads an array of tuples, which get the names that around has.
func (p *plain) tuples(v value, around flow.Record) {
	for _, e := range p.elements(v) {
		text, ok := text(e)
		if !ok {
			p.rec.skips.add(bad("tuple is not a text"), 1, e.at)
			continue
		}
		var r flow.Record
		if why := parseTuple(text, p.layout, &r); why != fine {
			p.rec.skips.add(why, 1, e.at)
			continue
		}
		r.Point, r.Target, r.Rule, r.ACL, r.Class = around.Point, around.Target, around.Rule, around.ACL, p.layout.class()
		*p.out = append(*p.out, r)
	}
}

// objects calls each for the objects of an array.
func (p *plain) objects(v value, each func(object)) {
	for _, e := range p.elements(v) {
		o, ok := members(e)
		if !ok {
			p.misshapen()
			return
		}
		each(o)
	}
}

// elements returns the values of an array; null and nothing have none.
func (p *plain) elements(v value) []value {
	if v.text == nil || string(v.text) == "null" {
		return nil
	}
	if v.text[0] != '[' {
		p.misshapen()
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(v.text))
	d.Token()
	var all []value
	for d.More() {
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			p.misshapen()
			return nil
		}
		all = append(all, value{raw, v.at + d.InputOffset() - int64(len(raw))})
	}
	return all
}

func (p *plain) misshapen() {
	p.rec.refused = bad("record does not have the shape of a flow log record")
}

func (p *plain) name(v value) flow.ID {
	s, _ := text(v)
	return p.nm.id(s)
}

func (p *plain) mac(v value) flow.ID {
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

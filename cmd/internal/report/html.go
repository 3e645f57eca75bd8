package report

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

//go:embed html/*.html html/*.css
var pages embed.FS

// script sorts, filters and selects on the page, which says everything without it.
//
//go:embed html/page.js
var script string

// HTML writes the report of doc as one page that needs nothing beside itself:
// it loads nothing, and works offline, on paper and without its script.
func HTML(w io.Writer, doc *summary.Document, meta Meta) error {
	t, err := template.ParseFS(pages, "html/*")
	if err != nil {
		return fmt.Errorf("read the page's templates: %w", err)
	}
	out := bufio.NewWriter(w)
	if err := t.ExecuteTemplate(out, "report.html", newPage(doc, meta)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// page is what the template shows. All foreign text in it went through
// terminal.Escape; the template escapes it for HTML.
type page struct {
	Script     template.JS
	ScriptHash string

	Title, Sentence, Units string
	Facts, Figures         []Fact
	Timeline               *timelineChart
	Minutes                *minutesStrip
	Transfers              *transferChart
	Asks, Tables           []pageTable
	Coverage, Recorded     []string
	Sources                []pageSource
	SourcesLeft            string
	Skipped                []pageSkip
}

type pageSource struct{ Path, Kind, Status, Detail, Mark, Bytes, Records, SHA256 string }

type pageSkip struct{ Source, Reason, Count, Offset string }

func newPage(doc *summary.Document, meta Meta) page {
	sum := sha256.Sum256([]byte(script))
	p := page{Script: template.JS(script), ScriptHash: base64.StdEncoding.EncodeToString(sum[:]), Title: meta.Name, Sentence: Sentence(doc), Units: Units, Figures: figures(doc),
		Timeline: newTimelineChart(doc.Timeline, "timeline", panelHeight), Minutes: newMinutesStrip(doc.Minutes), Transfers: newTransferChart(doc)}
	if p.Title == "" {
		p.Title = "Traffic"
	}
	p.Title = terminal.Escape(p.Title)
	for _, f := range append([]Fact{{"Reason", meta.Reason}, {"Owner", meta.Owner}, {"Ticket", meta.Ticket}, {"Window", window(meta)}}, Facts(doc)...) {
		if f.Text != "" && f.Label != "Total" { // the figures have it
			p.Facts = append(p.Facts, Fact{f.Label, terminal.Escape(f.Text)})
		}
	}
	for _, t := range Tables(doc) {
		switch {
		case t.Ask != nil:
			p.Asks = append(p.Asks, newPageAsk(doc, t, fmt.Sprintf("ask-%d", len(p.Asks)+1), meta))
		case t.Asked:
			p.Asks = append(p.Asks, newPageTable(t, fmt.Sprintf("ask-%d", len(p.Asks)+1), ""))
		default:
			p.Tables = append(p.Tables, newPageTable(t, fmt.Sprintf("table-%d", len(p.Tables)+1), ""))
		}
	}
	for _, c := range doc.Coverage {
		p.Coverage = append(p.Coverage, terminal.Escape(c.Text))
	}
	for _, r := range meta.Recorded {
		p.Recorded = append(p.Recorded, terminal.Escape(r))
	}
	p.sources(doc)
	return p
}

// mostRows is how many rows all questions of a page have together, and fewRows how many each
// of them has at least: more are read by nobody, and would make a page that opens slowly.
const (
	mostRows = 2500
	fewRows  = 20
)

// newPageAsk is a question with its table, its picture and its block.
func newPageAsk(doc *summary.Document, t Table, id string, meta Meta) pageTable {
	rows, left := t.First(max(fewRows, mostRows/max(1, len(doc.Asks))))
	t.Rows = rows
	p := newPageTable(t, id, whole(t.Ask))
	p.When = newAskTimeline(doc, t.Ask, id+"-when")
	p.Chart, p.HCL = newAskChart(doc, t.Ask, id+"-picture"), terminal.Escape(meta.HCL[t.Ask.Name])
	if left > 0 {
		p.Left = Many(uint64(left), "more row") + " in the JSON, and in the CSV that flowctl summarize --csv writes."
	}
	return p
}

func (p *page) sources(doc *summary.Document) {
	for i, s := range doc.Sources {
		if i == manySources {
			p.SourcesLeft = fmt.Sprintf("%s more are in the summary.", Count(uint64(len(doc.Sources)-i)))
			break
		}
		row := pageSource{
			Path: terminal.Escape(sourceName(&s)), Kind: terminal.Escape(string(s.Kind)), Status: terminal.Escape(string(s.Status)), Detail: terminal.Escape(s.Detail),
			Mark: sourceMark(s.Status), Bytes: terminal.Bytes(uint64(max(0, s.Bytes))), Records: Count(s.Records), SHA256: terminal.Escape(s.SHA256),
		}
		if row.Kind == "" {
			row.Kind = unknown
		}
		if s.Status == flow.Unreadable {
			row.Records = unknown
		}
		p.Sources = append(p.Sources, row)
	}
	for _, s := range doc.Skipped {
		p.Skipped = append(p.Skipped, pageSkip{terminal.Escape(s.Source), terminal.Escape(s.Reason), Count(s.Count), fmt.Sprint(s.Offset)})
	}
}

// sourceMark is the sign before a status, so that it is not known by its
// colour alone.
func sourceMark(s flow.Status) string {
	switch s {
	case flow.OK:
		return "✓"
	case flow.Unreadable:
		return "✕"
	}
	return "!"
}

// figures are the numbers to see first.
func figures(doc *summary.Document) []Fact {
	t := doc.Total
	list := []Fact{{"IP bytes", Bytes(t.Volume)}}
	if t.Bytes.Known {
		list = append(list, Fact{"on the wire", terminal.Bytes(t.Bytes.N)})
	}
	denied := unknown // captures name no verdict
	if t.Denied.Known {
		denied = Count(t.Denied.N)
	}
	return append(list, Fact{"packets", figure(t.Packets, Count)}, Fact{"conversations", Count(t.Conversations)},
		Fact{"flows", Count(t.Flows)}, Fact{"denied flows", denied})
}

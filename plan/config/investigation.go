package config

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/plan"
)

var investigationSchema = schema{
	attrs: []string{"reason", "owner", "ticket", "window", "start", "end", "max_total_bytes", "create_watchers", "aligned_start", "dictionary"},
	blocks: map[string]rule{
		"storage":   {many: true},
		"watch":     {labels: []string{"kind", "name"}, many: true},
		"summarize": {labels: []string{"name"}, many: true},
		"budget":    {},
		"report":    {},
		"moved":     {many: true},
		"expect":    {labels: []string{"name"}, many: true},
	},
}

// The bounds of a time box. Traffic needs a minute to reach a flow log at
// all; past a week nobody remembers what was asked, and a permanent flow log
// is Terraform's to keep.
const (
	minWindow = time.Minute
	maxWindow = 7 * day
)

// The lengths of texts that go into tags, whose values Azure limits to 256
// characters, and of the reason, which goes into reports only.
const (
	maxTag    = 256
	maxReason = 1000
)

// investigation reads an investigation or a monitor, which is one without an end.
func (l *loader) investigation(hb *hclsyntax.Block) *Investigation {
	inv := &Investigation{Name: hb.Labels[0], Range: header(hb)}
	known := schemaOf(hb.Type)
	blocks := known.check(hb.Body, title(hb), &l.problems)
	if !investigationForm().MatchString(inv.Name) {
		l.add("Invalid name", hb.LabelRanges[0], "%s cannot be called %q: the name goes into names of Azure resources. Use up to 32 lower-case letters, digits and -, beginning with a letter.", article(hb.Type), inv.Name)
	}
	b := block{Block: hb, scope: l.scope}
	inv.Reason = b.required("reason", "Missing reason", maxReason, "so that whoever reviews this knows why traffic is recorded")
	inv.Owner = b.required("owner", "Missing owner", maxTag, "so that there is somebody to ask about it")
	inv.Ticket, _ = b.line("ticket", maxTag)
	if hb.Type == "monitor" {
		b.monitor(inv)
	} else {
		b.timeBox(inv)
	}
	inv.MaxTotalBytes, _ = b.size("max_total_bytes", 1, math.MaxInt64)
	inv.CreateWatchers = b.truth("create_watchers")
	inv.AlignedStart = b.truth("aligned_start")
	inv.Dictionary = b.dictionary()
	inv.Report = Report{Formats: slices.Clone(defaultFormats), Range: inv.Range}
	for _, c := range blocks {
		l.part(inv, b.inner(c))
	}
	for _, c := range blocks {
		if c.Type == "expect" {
			inv.expect(b.inner(c))
		}
	}
	l.moves(inv, b)
	if !holds(hb, "watch") && !known.misspelt(hb.Body, "watch") {
		l.add("Missing watch", inv.Range, "%s records nothing. Add a watch block, such as watch %s { … }.", strings.ToUpper(hb.Type[:1])+title(hb)[1:], map[bool]string{false: `"vm" "web"`, true: `"vnet" "hub"`}[inv.Monitor != nil])
	}
	if inv.Monitor != nil {
		l.standing(inv)
		inv.Monitor.Formats = inv.Report.Formats
	}
	return inv
}

// part adds one block to an investigation.
func (l *loader) part(inv *Investigation, b block) {
	switch b.Type {
	case "storage":
		inv.storage(b)
	case "watch":
		l.watches(inv, b)
	case "summarize":
		inv.summarize(b)
	case "budget":
		inv.budget(b, l.folder)
	case "report":
		inv.report(b)
	}
}

func holds(hb *hclsyntax.Block, typ string) bool {
	return slices.ContainsFunc(hb.Body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == typ })
}

// required returns a line that must be there and not be empty.
func (b block) required(name, summary string, limit int, why string) string {
	s, ok := b.line(name, limit)
	if schemaOf(b.Type).misspelt(b.Body, name) {
		return ""
	}
	if !b.has(name) || ok && s == "" {
		b.scope.add(summary, b.at(name), "%s needs %s, %s.", title(b.Block), name, why)
	}
	return s
}

// timeBox reads window, or start and end.
func (b block) timeBox(inv *Investigation) {
	inv.WindowRange = header(b.Block)
	switch {
	case b.has("window") && b.has("end") && !b.has("start") && b.relative("end"):
		inv.WindowRange = b.at("end")
		inv.Window, _ = b.duration("window")
		inv.Before = b.before()
	case b.has("window") && (b.has("start") || b.has("end")):
		b.scope.add("Conflicting attributes", b.at("window"), "Write window, or start and end, not both.")
	case b.has("window"):
		inv.WindowRange = b.at("window")
		inv.Window, _ = b.duration("window")
	case b.has("start") && b.has("end"):
		inv.StartRange, inv.WindowRange = b.at("start"), b.at("end")
		inv.Window = b.between(inv)
	case b.has("start"), b.has("end"):
		b.scope.add("Missing window", header(b.Block), "start and end go together; write both, or write window instead.")
	case slices.ContainsFunc([]string{"window", "start", "end"}, func(n string) bool { return investigationSchema.misspelt(b.Body, n) }):
	default:
		b.scope.add("Missing window", header(b.Block), "%s needs an end: write window = \"2h\", or start and end.", title(b.Block))
	}
	if w := inv.Window; w != 0 && (w < minWindow || w > maxWindow) {
		b.scope.add("Invalid window", inv.WindowRange, "The window is %s; it can be %s to %s.", short(w), short(minWindow), short(maxWindow))
		inv.Window = 0
	}
}

// relative reports whether a time is written as one before now, such as "-1d".
func (b block) relative(name string) bool {
	s, ok := b.text(name)
	return ok && strings.HasPrefix(strings.TrimSpace(s), "-")
}

// before is how long before now a window in the past ends.
func (b block) before() time.Duration {
	s, _ := b.text("end")
	d, err := parseDuration(strings.TrimPrefix(strings.TrimSpace(s), "-"))
	if err != nil || d <= 0 {
		b.scope.add("Invalid time", b.at("end"), "end is %q; beside window it says how long before now the window ended, such as \"-1d\" or \"-90m\".", s)
		return 0
	}
	return d
}

func (b block) between(inv *Investigation) time.Duration {
	start, ok1 := b.time("start")
	end, ok2 := b.time("end")
	if !ok1 || !ok2 {
		return 0
	}
	inv.Start, inv.End = start, end
	if !end.After(start) {
		b.scope.add("Invalid window", b.at("end"), "The end, %s, is not after the start, %s. Write a later one.", end.Format(time.RFC3339), start.Format(time.RFC3339))
		return 0
	}
	return end.Sub(start)
}

var storageSchema = schema{attrs: []string{"account_id"}}

const storageType = "Microsoft.Storage/storageAccounts"

func (inv *Investigation) storage(b block) {
	storageSchema.check(b.Body, "storage", b.scope.problems)
	if !b.has("account_id") && storageSchema.misspelt(b.Body, "account_id") {
		return
	}
	if !b.has("account_id") {
		b.scope.add("Missing attribute", header(b.Block), "A storage block needs account_id, the resource id of a storage account.")
		return
	}
	s, ok := b.text("account_id")
	if !ok {
		return
	}
	id, at := plan.ID(s), b.at("account_id")
	if !b.scope.resource(item{s, at}, storageType, "account_id") {
		return
	}
	for _, prior := range inv.Storage {
		if prior.AccountID.Is(id) {
			b.scope.add("Duplicate storage", at, "This account is named before, on line %d. One storage block per account is enough.", prior.AccountRange.Start.Line)
			return
		}
	}
	inv.Storage = append(inv.Storage, Storage{AccountID: id, Range: header(b.Block), AccountRange: at})
}

// resource checks that a text is a resource id of one type.
func (s *scope) resource(i item, typ, what string) bool {
	id := plan.ID(i.text)
	if !wellFormed(id) {
		s.add("Invalid ID", i.at, "%s is %q, which is not a resource id. %s", what, shown(i.text), likeID(i.text, typ))
		return false
	}
	if !strings.EqualFold(id.Type(), typ) {
		s.add("Wrong resource type", i.at, "%s must be the id of a %s; this is a %s.%s", what, typ, id.Type(), otherKind(id))
		return false
	}
	return true
}

// shown is a text without what follows a question mark, which in addresses of
// storage can be a signature.
func shown(text string) string {
	if before, _, found := strings.Cut(text, "?"); found {
		return before + "?…"
	}
	return text
}

// likeID says how a resource id is written, from what was written if that holds one.
func likeID(text, typ string) string {
	if i := strings.Index(strings.ToLower(text), "subscriptions/"); i >= 0 {
		id := plan.ID(strings.TrimRight("/"+text[i:], "/"))
		if wellFormed(id) && strings.EqualFold(id.Type(), typ) {
			return fmt.Sprintf("Write %q.", string(id))
		}
	}
	way := "/subscriptions/…/resourceGroups/…/providers/" + typ + "/…"
	if typ == storageType {
		return "It looks like " + way + "; az storage account show --query id prints it."
	}
	return "It looks like " + way + "."
}

// wellFormed reports whether id has the parts of a resource id, all filled.
func wellFormed(id plan.ID) bool {
	s := string(id)
	if !strings.HasPrefix(s, "/") || id.Subscription() == "" || id.ResourceGroup() == "" || id.Type() == "" {
		return false
	}
	segs := strings.Split(strings.Trim(s, "/"), "/")
	return len(segs)%2 == 0 && len(segs) >= 8 && !slices.Contains(segs, "") && !strings.ContainsFunc(s, unprintable)
}

func unprintable(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\\\"{}<>…", r) }

var reportSchema = schema{attrs: []string{"formats"}}

var (
	formats        = []string{HTML, Markdown, JSON}
	formatNames    = map[string]string{"md": Markdown, "htm": HTML, "web": HTML, "page": HTML, "pdf": HTML, "text": Markdown, "txt": Markdown}
	defaultFormats = []string{Markdown, JSON}
)

func (inv *Investigation) report(b block) {
	reportSchema.check(b.Body, "report", b.scope.problems)
	inv.Report.Range = header(b.Block)
	items, ok := b.list("formats")
	if !ok {
		return
	}
	inv.Report.Formats = nil
	for _, i := range items {
		if meant := formatNames[strings.ToLower(i.text)]; meant != "" {
			b.scope.add("Unknown format", i.at, "A report format cannot be %q. Known here: %s; the nearest is %q.", i.text, strings.Join(formats, ", "), meant)
			continue
		}
		if f, ok := b.scope.among(i, "Unknown format", "A report format", formats); ok && !slices.Contains(inv.Report.Formats, f) {
			inv.Report.Formats = append(inv.Report.Formats, f)
		}
	}
}

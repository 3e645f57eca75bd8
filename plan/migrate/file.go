package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan"
	"flowctl/plan/config"
)

// File is what a monitor file says besides its proposals.
type File struct {
	Owner     string
	Providers []config.Provider // of the subscriptions
}

// Monitor writes a monitor that keeps what is proposed, to be reviewed. One monitor has
// one storage account for each region, so that what goes to a second one is a monitor of its own.
func Monitor(f File, proposals []Proposal) []byte {
	out := hclwrite.NewEmptyFile()
	body := out.Body()
	comment(body, "Flow logs in the place of NSG flow logs, which Azure deletes on "+Retired+".",
		"Review it, put it in git, and carry it out with flowctl apply. NSG flow logs are left as they are:",
		"let both record for a day, compare them with flowctl migrate nsg --compare, and then remove the",
		"old ones with flowctl migrate nsg --remove (flowctl docs migrate).")
	for _, p := range f.Providers {
		body.AppendNewline()
		provider(body, p)
	}
	for i, group := range grouped(proposals) {
		body.AppendNewline()
		name := "nsg-migration"
		if i > 0 {
			name = fmt.Sprintf("nsg-migration-%d", i+1)
		}
		b := body.AppendNewBlock("monitor", []string{name}).Body()
		b.SetAttributeValue("reason", cty.StringVal("NSG flow logs end on "+Retired))
		b.SetAttributeValue("owner", cty.StringVal(f.Owner))
		b.SetAttributeValue("every", cty.StringVal("24h"))
		for _, account := range accounts(group) {
			b.AppendNewline()
			b.AppendNewBlock("storage", nil).Body().SetAttributeValue("account_id", cty.StringVal(string(account)))
		}
		labels := map[string]bool{}
		for _, p := range group {
			b.AppendNewline()
			watch(b, p, labels, len(f.Providers) > 1)
		}
	}
	return out.Bytes()
}

// provider writes one without what may be sensitive: how to sign in is left to the reader.
func provider(body *hclwrite.Body, p config.Provider) {
	b := body.AppendNewBlock("provider", []string{p.Type}).Body()
	for _, a := range [][2]string{{"subscription_id", p.SubscriptionID}, {"environment", p.Environment}, {"metadata_host", p.MetadataHost}, {"world", p.World}} {
		if a[1] != "" {
			b.SetAttributeValue(a[0], cty.StringVal(a[1]))
		}
	}
	if p.Alias != p.Type {
		b.SetAttributeValue("alias", cty.StringVal(p.Alias))
	}
	if p.Clock != nil {
		b.SetAttributeValue("clock", cty.NumberFloatVal(*p.Clock))
	}
	if p.Seed != nil {
		b.SetAttributeValue("seed", cty.NumberIntVal(*p.Seed))
	}
	if p.TenantID != "" || p.ClientID != "" || p.Credential != "" {
		comment(b, "How to sign in was left out: see flowctl docs language.")
	}
}

// grouped cuts proposals into monitors: in each, proposals of one region write to one account.
func grouped(all []Proposal) [][]Proposal {
	var out [][]Proposal
	for _, p := range all {
		i := slices.IndexFunc(out, func(g []Proposal) bool {
			return !slices.ContainsFunc(g, func(o Proposal) bool { return o.Location == p.Location && !o.Storage.Is(p.Storage) })
		})
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], p)
	}
	return out
}

func accounts(group []Proposal) []plan.ID {
	var out []plan.ID
	for _, p := range group {
		if !slices.ContainsFunc(out, p.Storage.Is) {
			out = append(out, p.Storage)
		}
	}
	return out
}

func watch(b *hclwrite.Body, p Proposal, labels map[string]bool, several bool) {
	var names []string
	for _, id := range p.Replaces {
		names = append(names, id.Name())
	}
	comment(b, append([]string{"In the place of " + strings.Join(names, ", ") + "."}, sentences(p.Notes)...)...)
	w := b.AppendNewBlock("watch", []string{p.Kind, label(p, labels)}).Body()
	w.SetAttributeValue("id", cty.StringVal(string(p.Target)))
	if several {
		w.SetAttributeValue("provider", cty.StringVal(p.Provider))
	}
	if p.RetentionDays == 0 && p.TrafficAnalytics == nil {
		return
	}
	log := w.AppendNewBlock("flow_log", nil).Body()
	if p.RetentionDays > 0 {
		log.SetAttributeValue("retention_days", cty.NumberIntVal(int64(p.RetentionDays)))
	}
	if ta := p.TrafficAnalytics; ta != nil {
		t := log.AppendNewBlock("traffic_analytics", nil).Body()
		t.SetAttributeValue("workspace_id", cty.StringVal(string(ta.Workspace)))
		t.SetAttributeValue("interval", cty.StringVal(fmt.Sprintf("%dm", cmp.Or(ta.Interval, 60))))
	}
}

func sentences(notes []string) []string {
	var out []string
	for _, n := range notes {
		out = append(out, strings.ToUpper(n[:1])+n[1:]+".")
	}
	return out
}

// label is a name for a watch, which no other watch of its kind has: letters, digits and
// dashes of the target's own.
func label(p Proposal, taken map[string]bool) string {
	const longest = 56
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, p.Target.Name()), "-_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "n-" + name
	}
	name = name[:min(len(name), longest)]
	unique := name
	for n := 2; taken[p.Kind+"."+unique]; n++ {
		unique = fmt.Sprintf("%s-%d", name, n)
	}
	taken[p.Kind+"."+unique] = true
	return unique
}

// comment writes lines of a comment. Names come from Azure: none has a line end, and what
// has one all the same does not get out of the comment.
func comment(b *hclwrite.Body, lines ...string) {
	for _, l := range lines {
		l = strings.Join(strings.FieldsFunc(l, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
		b.AppendUnstructuredTokens(hclwrite.Tokens{{Type: 'C', Bytes: []byte("# " + l + "\n")}})
	}
}

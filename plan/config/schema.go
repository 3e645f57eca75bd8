package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/plan/syntax"
)

// schema says what a block may hold.
type schema struct {
	attrs   []string
	blocks  map[string]rule
	secrets map[string]string // attributes that there will never be: where their values belong
}

// rule says how a block is written inside another.
type rule struct {
	labels []string // what its labels mean
	many   bool     // it may be repeated
	later  string   // flowctl does not have it yet: what to do instead
}

func (s schema) blockNames() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.blocks)) {
		if s.blocks[name].later == "" {
			names = append(names, name)
		}
	}
	return names
}

// check reports what body holds and may not, and returns the blocks that are
// as they should be, in the order of the file.
func (s schema) check(body *hclsyntax.Body, in string, probs *problems) []*hclsyntax.Block {
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		if !slices.Contains(s.attrs, name) {
			s.unknownAttr(body.Attributes[name], in, probs)
		}
	}
	seen := map[string]*hclsyntax.Block{}
	var good []*hclsyntax.Block
	for _, b := range body.Blocks {
		r, ok := s.blocks[b.Type]
		switch {
		case !ok:
			s.unknownBlock(b, in, probs)
		case r.later != "":
			probs.add("Not supported yet", b.TypeRange, "flowctl does not have %q yet. %s", b.Type, r.later)
		case seen[b.Type] != nil && !r.many:
			probs.add("Duplicate block", b.TypeRange, "There is a second %s block in %s; the first is on line %d. Join them.",
				b.Type, in, seen[b.Type].TypeRange.Start.Line)
		case checkLabels(b, r, probs):
			good = append(good, b)
		}
		seen[b.Type] = b
	}
	return good
}

func (s schema) unknownAttr(a *hclsyntax.Attribute, in string, probs *problems) {
	if _, ok := s.blocks[a.Name]; ok {
		probs.add("Unknown attribute", a.NameRange, "%q is a block: write %s { … } without an equals sign.", a.Name, a.Name)
		return
	}
	if where, ok := s.secrets[a.Name]; ok {
		probs.add("Secret in a file", a.NameRange, "Files are reviewed and kept, so %s has no %q. %s", in, a.Name, where)
		return
	}
	if secretName().MatchString(a.Name) {
		probs.add("Secret in a file", a.NameRange, "Files are reviewed and kept, so %s has no %q. Remove it: flowctl signs in with the Azure CLI, a managed identity, or what the environment holds.", in, a.Name)
		return
	}
	probs.add("Unknown attribute", a.NameRange, "There is no attribute %q in %s. %s", a.Name, in, s.hint(a.Name, s.attrs, s.blockNames()))
}

var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(secret|passw|token|(api|access|account|storage|shared)_?key$|^key$|(^|_)sas($|_)|connection_?string)`)
})

// hint says which name was meant by one that is not in the schema: one of the
// schema that is near or that other tools call so, or one of another block.
func (s schema) hint(name string, first, second []string) string {
	known := append(slices.Clone(first), second...)
	if near := s.meant(name); near != "" {
		return fmt.Sprintf("Did you mean %q?", near)
	}
	if home := homes[name]; home != "" {
		return fmt.Sprintf("%s belongs into %s.", name, home)
	}
	return syntax.Hint(name, known)
}

// meant is the name of the schema that is probably meant; empty if none is.
func (s schema) meant(name string) string {
	known := append(slices.Clone(s.attrs), s.blockNames()...)
	if near := syntax.Nearest(name, known); near != "" {
		return near
	}
	for _, other := range elsewhere[name] {
		if slices.Contains(known, other) {
			return other
		}
	}
	return ""
}

// misspelt reports whether a body has an attribute or a block that is probably
// meant to be name, which then is not missed as well.
func (s schema) misspelt(body *hclsyntax.Body, name string) bool {
	for other := range body.Attributes {
		if !slices.Contains(s.attrs, other) && s.meant(other) == name {
			return true
		}
	}
	return slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool {
		_, known := s.blocks[b.Type]
		return !known && s.meant(b.Type) == name
	})
}

// elsewhere are names that other tools have for attributes and blocks.
var elsewhere = map[string][]string{
	"rg": {"resource_group"}, "resource_group_name": {"resource_group"}, "resourcegroup": {"resource_group"}, "names": {"name"}, "vm": {"name"}, "vm_name": {"name"}, "resource_id": {"id"}, "target": {"id"}, "target_id": {"id"},
	"virtual_network": {"vnet"}, "tag": {"tags"}, "labels": {"tags"}, "duration": {"window"}, "timeout": {"window", "duration"}, "time_limit": {"duration", "window"}, "time": {"window", "duration"}, "for": {"window", "duration"},
	"length": {"window", "duration"}, "seconds": {"duration"}, "description": {"reason"}, "why": {"reason"}, "purpose": {"reason"}, "contact": {"owner"}, "email": {"owner"}, "issue": {"ticket"}, "incident": {"ticket"},
	"max_size": {"max_bytes"}, "size": {"max_bytes"}, "size_limit": {"max_bytes"}, "bytes_to_capture_per_packet": {"bytes_per_packet"}, "snaplen": {"bytes_per_packet"}, "total_bytes_per_session": {"max_bytes"},
	"time_limit_in_seconds": {"duration"}, "filters": {"filter"}, "port": {"remote_port"}, "ports": {"remote_port"}, "dst_port": {"remote_port"}, "address": {"remote_address"}, "ip": {"remote_address"}, "proto": {"protocol"},
	"group_by": {"by"}, "groupby": {"by"}, "fields": {"by"}, "dimensions": {"by"}, "limit": {"top"}, "count": {"top"}, "rows": {"top"}, "order_by": {"order"}, "sort": {"order"}, "sort_by": {"order"},
	"filter": {"where"}, "when": {"where", "condition"}, "if": {"where", "condition"}, "condition": {"where"}, "where": {"condition"}, "text": {"message"}, "error_message": {"message"}, "format": {"formats"}, "output": {"formats", "report"}, "account": {"account_id", "storage"}, "storage_account": {"account_id", "storage"},
	"storage_account_id": {"account_id"}, "id": {"account_id"}, "name": {"account_id"}, "subscription": {"subscription_id"}, "tenant": {"tenant_id"}, "var": {"variable"}, "variables": {"variable"}, "local": {"locals"},
	"question": {"summarize"}, "query": {"summarize"}, "summary": {"summarize"}, "assert": {"expect"}, "check": {"expect"}, "interval": {"every", "interval"}, "period": {"every"}, "schedule": {"every"}, "timezone": {"zone"}, "time_zone": {"zone"}, "tz": {"zone"}, "capture": {"packet_capture"}, "pcap": {"packet_capture"}, "flowlog": {"flow_log"},
	"begin": {"start"}, "from": {"start"}, "stop": {"end"}, "to": {"end"}, "until": {"end"}, "backend": {"state"},
}

// homes are the blocks that names belong into.
var homes = map[string]string{
	"investigation": "a file, outside of all blocks", "monitor": "a file, outside of all blocks", "every": aMonitor, "zone": aMonitor, "keep": aMonitor, "variable": "a file, outside of all blocks", "locals": "a file, outside of all blocks", "provider": "a file, outside of all blocks", "state": "a file, outside of all blocks", "engine": "a file, outside of all blocks",
	"watch": anInvestigation, "summarize": anInvestigation, "storage": anInvestigation, "report": anInvestigation, "budget": anInvestigation, "expect": anInvestigation, "moved": anInvestigation,
	"reason": anInvestigation, "owner": anInvestigation, "ticket": anInvestigation, "window": anInvestigation,
	"packet_capture": "watch \"vm\" \"name\" { … } or watch \"vmss\" \"name\" { … }", "flow_log": aWatch, "name": aWatch, "resource_group": aWatch, "tags": aWatch, "id": aWatch, "for_each": aWatch,
	"filter": "packet_capture { … } or flow_log { … }", "ring": aCapture, "max_bytes": aCapture, "bytes_per_packet": aCapture, "duration": aCapture, "remote_port": aFilter, "local_port": aFilter, "remote_address": aFilter, "local_address": aFilter,
	"where": aQuestion, "by": aQuestion, "top": aQuestion, "order": aQuestion, "having": aQuestion, "compare": aQuestion, "formats": "report { … }", "account_id": "storage { … }", "record_types": "flow_log { … }", "retention": "flow_log { … }",
	"subscription_id": "provider \"azure\" { … }", "tenant_id": "provider \"azure\" { … }",
}

const (
	anInvestigation = "investigation \"name\" { … }"
	aMonitor        = "monitor \"name\" { … }"
	aWatch          = "watch \"kind\" \"name\" { … }"
	aCapture        = "packet_capture { … }"
	aFilter         = "filter { … }"
	aQuestion       = "summarize \"name\" { … }"
)

// terraforms are blocks of Terraform that files of flowctl have no use for.
var terraforms = []string{"resource", "data", "module", "output", "terraform", "import", "removed", "ephemeral", "features", "lifecycle", "connection", "provisioner", "required_providers"}

func (s schema) unknownBlock(b *hclsyntax.Block, in string, probs *problems) {
	if slices.Contains(s.attrs, b.Type) {
		probs.add("Unknown block", b.TypeRange, "%q is an attribute: write %s = … with an equals sign.", b.Type, b.Type)
		return
	}
	if slices.Contains(terraforms, b.Type) && s.meant(b.Type) == "" {
		probs.add("Unknown block", b.TypeRange, "There is no block %q in %s: it is Terraform's, which keeps its own files. Remove it; what is there is named by id, name or tags in a watch block.", b.Type, in)
		return
	}
	probs.add("Unknown block", b.TypeRange, "There is no block %q in %s. %s", b.Type, in, s.hint(b.Type, s.blockNames(), s.attrs))
}

func checkLabels(b *hclsyntax.Block, r rule, probs *problems) bool {
	if have, want := len(b.Labels), len(r.labels); have < want {
		probs.add("Missing label", b.TypeRange, "%s block needs its %s: write %s.", article(b.Type), r.labels[have], labelled(b.Type, r))
		return false
	} else if have > want {
		probs.add("Too many labels", b.LabelRanges[want], "%q is one label too many: write %s.", b.Labels[want], labelled(b.Type, r))
		return false
	}
	return true
}

// article puts A or An before a word.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "An " + word
	}
	return "A " + word
}

func labelled(name string, r rule) string {
	var s strings.Builder
	s.WriteString(name)
	for _, l := range r.labels {
		fmt.Fprintf(&s, " %q", l)
	}
	return s.String() + " { … }"
}

// title names a block in messages as it stands in the file.
func title(b *hclsyntax.Block) string {
	s := b.Type
	for _, l := range b.Labels {
		s += fmt.Sprintf(" %q", l)
	}
	return s
}

// header is the range of a block's type and labels.
func header(b *hclsyntax.Block) hcl.Range {
	return b.DefRange()
}

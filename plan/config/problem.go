package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// problems collects what is wrong, each thing once: the body of a watch with
// for_each is read for every key, and must not complain for every key.
type problems struct {
	list hcl.Diagnostics
	seen map[string]bool
}

// add notes an error at a range. The summary is a few fixed words; the detail
// says in full sentences what is wrong and what to do.
func (p *problems) add(summary string, at hcl.Range, detail string, args ...any) {
	p.extend(hcl.Diagnostics{{
		Severity: hcl.DiagError,
		Summary:  summary,
		Detail:   fmt.Sprintf(detail, args...),
		Subject:  at.Ptr(),
	}})
}

// general notes a problem that is not on any line, such as one of a flag.
func (p *problems) general(sev hcl.DiagnosticSeverity, summary, detail string, args ...any) {
	p.extend(hcl.Diagnostics{{Severity: sev, Summary: summary, Detail: fmt.Sprintf(detail, args...)}})
}

func (p *problems) extend(diags hcl.Diagnostics) {
	for _, d := range diags {
		key := fmt.Sprintf("%s\x00%s\x00%v", d.Summary, d.Detail, d.Subject)
		if p.seen[key] {
			continue
		}
		if p.seen == nil {
			p.seen = map[string]bool{}
		}
		p.seen[key] = true
		p.list = append(p.list, d)
	}
}

// sorted returns the problems in the order of the files, those without a
// place first.
func (p *problems) sorted() hcl.Diagnostics {
	slices.SortStableFunc(p.list, func(a, b *hcl.Diagnostic) int {
		x, y := place(a), place(b)
		return cmp.Or(cmp.Compare(x.Filename, y.Filename), cmp.Compare(x.Start.Byte, y.Start.Byte))
	})
	return p.list
}

func place(d *hcl.Diagnostic) hcl.Range {
	if d.Subject == nil {
		return hcl.Range{}
	}
	return *d.Subject
}

package syntax

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// advise says of the parser's errors what was meant and the way out, where
// that can be told, and says of each mistake one thing alone: a missing quote
// makes an error of every line after it.
func advise(diags hcl.Diagnostics, src []byte) hcl.Diagnostics {
	if d := missingQuote(diags); d != nil {
		return hcl.Diagnostics{d}
	}
	if d := anotherLanguage(diags, src); d != nil {
		return hcl.Diagnostics{d}
	}
	var out hcl.Diagnostics
	line := 0
	for _, d := range diags {
		if d.Subject != nil && d.Severity == hcl.DiagError {
			if d.Subject.Start.Line == line {
				continue // follows from the one before
			}
			line = d.Subject.Start.Line
		}
		out = append(out, wayOut(d, src))
	}
	return out
}

// missingQuote is the one error behind text that does not end on its line.
func missingQuote(diags hcl.Diagnostics) *hcl.Diagnostic {
	for _, d := range diags {
		if d.Summary == "Invalid multi-line string" && d.Subject != nil {
			return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Missing quote", Subject: d.Subject,
				Detail: "A text that begins on this line does not end on it. Write \" at its end."}
		}
	}
	return nil
}

var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(- )?[A-Za-z_][\w-]*:(\s|$)`) })

// anotherLanguage says that a file is YAML or JSON.
func anotherLanguage(diags hcl.Diagnostics, src []byte) *hcl.Diagnostic {
	for _, d := range diags {
		if d.Subject == nil || d.Severity != hcl.DiagError {
			continue
		}
		text, is := lineAt(src, d.Subject.Start.Byte), ""
		switch {
		case yamlLine().MatchString(text):
			is = "YAML"
		case len(bytes.TrimSpace(src[:min(d.Subject.Start.Byte, len(src))])) == 0 && strings.HasPrefix(strings.TrimSpace(text), "{"):
			is = "JSON"
		default:
			return nil
		}
		return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Another language", Subject: d.Subject,
			Detail: "This looks like " + is + ". Files of flowctl are HCL: write name = value, and blocks in braces. flowctl init writes one to begin with."}
	}
	return nil
}

func lineAt(src []byte, at int) string {
	at = min(max(at, 0), len(src))
	from := bytes.LastIndexByte(src[:at], '\n') + 1
	line, _, _ := bytes.Cut(src[from:], []byte("\n"))
	return string(line)
}

// operators are what other languages have in the place of HCL's.
var operators = map[string]string{
	"=": "= gives an attribute its value; values are compared with ==.", "and": "Conditions are joined with &&.", "or": "Conditions are joined with ||.",
	"not": "A condition is negated with !, as in !(port == 22).", "in": "Write contains([80, 443], port).",
	"like": "Write startswith(rule, \"…\") or endswith(rule, \"…\").", "matches": "Write startswith(rule, \"…\") or endswith(rule, \"…\").",
	"eq": "Values are compared with ==.", "ne": "Values are compared with !=.", "is": "Values are compared with ==.", "<>": "Values are compared with !=.",
	"gt": "Numbers are compared with >.", "lt": "Numbers are compared with <.", "ge": "Numbers are compared with >=.", "le": "Numbers are compared with <=.",
}

// wayOut is d with what helps.
func wayOut(d *hcl.Diagnostic, src []byte) *hcl.Diagnostic {
	if d.Subject == nil || !d.Subject.CanSliceBytes(src) {
		return d
	}
	better := *d
	token := strings.TrimSpace(string(d.Subject.SliceBytes(src)))
	operator, known := operators[strings.ToLower(token)]
	switch {
	case known && (d.Summary == "Missing newline after argument" || d.Summary == "Extra characters after expression"):
		better.Summary, better.Detail = "Unknown operator", operator
	case token == "}" && d.Summary == "Argument or block definition required":
		better.Summary, better.Detail = "Brace without a block", "No block is open here. Remove this brace, or look above for a block that is closed too early."
	case d.Summary == "Unclosed configuration block":
		better.Detail = "This block has no closing brace. Write } at its end; a brace that is missing further inside shows up here too."
	case d.Summary == "Invalid single-argument block definition":
		better.Detail = "A block on one line has one argument. Write each argument on a line of its own, and the closing brace on the next."
	case d.Summary == "Invalid character" && token == "'":
		better.Detail = "Text stands in double quotes, as in \"denied\"."
	}
	return &better
}

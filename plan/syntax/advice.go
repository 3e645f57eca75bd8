package syntax

import (
	"bytes"
	"regexp"
	"slices"
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

var (
	yamlLine  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(- )?[A-Za-z_][\w-]*:(\s|$)`) })
	blockLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^\s*[a-z_]+(\s+"[^"]*")*\s*\{`) })
	bicepLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*(param|resource|var|targetScope|module|output)\s+\w+\s+(string|int|object|array|bool|'|=)|^\s*targetScope\b`)
	})
)

// anotherLanguage says that a file is of another language.
func anotherLanguage(diags hcl.Diagnostics, src []byte) *hcl.Diagnostic {
	i := slices.IndexFunc(diags, func(d *hcl.Diagnostic) bool { return d.Subject != nil && d.Severity == hcl.DiagError })
	if i < 0 {
		return nil
	}
	d := diags[i]
	is := languageOf(lineAt(src, d.Subject.Start.Byte), src)
	if is == "" {
		return nil
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Another language", Subject: d.Subject,
		Detail: "This looks like " + is + ". Files of flowctl are HCL: write name = value, and blocks in braces. flowctl init writes one to begin with."}
}

// languageOf tells the language of a file that is not HCL by the first line that
// cannot be read; empty if it is meant to be HCL.
func languageOf(line string, src []byte) string {
	line = strings.TrimSpace(line)
	switch {
	case bicepLine().MatchString(line):
		return "Bicep"
	case blockLine().Match(src):
		return "" // it has blocks: one line is wrong
	case yamlLine().MatchString(line), line == "---":
		return "YAML"
	case strings.HasPrefix(line, "{"), strings.HasPrefix(line, `"`):
		return "JSON"
	case strings.HasPrefix(line, "["):
		return "TOML"
	case strings.HasPrefix(line, "<"):
		return "XML or HTML"
	}
	return ""
}

func lineAt(src []byte, at int) string {
	at = min(max(at, 0), len(src))
	from := bytes.LastIndexByte(src[:at], '\n') + 1
	line, _, _ := bytes.Cut(src[from:], []byte("\n"))
	return string(line)
}

// operators are what other languages have in the place of HCL's.
var operators = map[string]string{
	"=": "= gives an attribute its value; values are compared with ==.", ":=": "Values are compared with ==.", "===": "Values are compared with ==.",
	"and": "Conditions are joined with &&.", "or": "Conditions are joined with ||.", "&": "Conditions are joined with &&.", "|": "Conditions are joined with ||.",
	"xor": "Conditions are joined with && and ||; that only one of two holds is (a) != (b).",
	"not": "A condition is negated with !, as in !(port == 22).", "not in": "Write !contains([80, 443], port).",
	"in":   "Write contains([80, 443], port), or of networks cidrcontains(\"10.0.0.0/8\", source.address).",
	"like": affixes, "matches": affixes, "=~": affixes, "~": affixes, "!~": affixes, "contains": affixes, "startswith": affixes, "endswith": affixes, "has": affixes,
	"eq": "Values are compared with ==.", "ne": "Values are compared with !=.", "is": "Values are compared with ==.", "equals": "Values are compared with ==.",
	"<>": "Values are compared with !=.", "gt": "Numbers are compared with >.", "lt": "Numbers are compared with <.",
	"ge": "Numbers are compared with >=.", "le": "Numbers are compared with <=.", "between": "Write port >= 80 && port <= 90.",
}

const affixes = "Write startswith(rule, \"…\") or endswith(rule, \"…\")."

// unit is a number with a unit behind it.
var unit = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^([kmgt]i?b?|b|s|m|h|d|ms)$`) })

// wayOut is d with what helps.
func wayOut(d *hcl.Diagnostic, src []byte) *hcl.Diagnostic {
	if d.Subject == nil || !d.Subject.CanSliceBytes(src) {
		return d
	}
	better := *d
	token := strings.ToLower(strings.TrimSpace(string(d.Subject.SliceBytes(src))))
	switch before, after := around(d, src); d.Summary {
	case "Missing newline after argument", "Extra characters after expression":
		better.Summary, better.Detail = trailing(token, before, after, d.Summary)
	case "Invalid expression", "Unsupported operator":
		better.Summary, better.Detail = misfit(token, before, after)
	case "Argument or block definition required":
		if yamlLine().MatchString(lineAt(src, d.Subject.Start.Byte)) {
			better.Summary, better.Detail = "Unknown operator", "An attribute gets its value with =, and not with a colon."
		} else if token == "}" {
			better.Summary, better.Detail = "Brace without a block", "No block is open here. Remove this brace, or look above for a block that is closed too early."
		} else {
			better.Detail = "This is neither an attribute nor a block. Write name = value, or name { … }; flowctl init writes a file to begin with."
		}
	case "Unclosed configuration block":
		better.Detail = "This block has no closing brace. Write } at its end; a brace that is missing further inside shows up here too."
	case "Invalid single-argument block definition":
		better.Detail = "A block on one line has one argument. Write each argument on a line of its own, and the closing brace on the next."
		if token == "" {
			better.Summary, better.Detail = "Unclosed configuration block", "This block is not closed on its line. Write } at the end of it."
		}
	case "Invalid block definition":
		better.Detail = "This is neither an attribute nor a block. Write name = value, or name \"label\" { … } with the brace on the same line."
	case "Unbalanced parentheses":
		better.Detail = "A parenthesis that was opened is not closed. Write ) before this."
	case "Unexpected comma after argument":
		better.Detail = "Attributes stand on a line of their own, without a comma behind them; conditions are joined with && and ||."
	case "Missing item separator":
		better.Detail = "Write a comma between the items of a list, and ] at its end."
	case "Missing attribute value", "Missing attribute separator":
		better.Detail = "In braces stand names and values, as in { role = \"db\" }. If a single value is meant, write it without the brace."
	case "Attribute redefined":
		better.Detail = earlier().ReplaceAllString(d.Detail, "$1 was set before, on line $2. Keep one of the two.")
	case "Invalid character":
		better.Detail = character(token, lineAt(src, d.Subject.Start.Byte))
	}
	return &better
}

var earlier = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^The argument "([^"]*)" was already set at .*?:(\d+),.*$`)
})

// around is what stands on the line of a diagnostic, before and after it.
func around(d *hcl.Diagnostic, src []byte) (before, after string) {
	line := lineAt(src, d.Subject.Start.Byte)
	at := min(max(0, d.Subject.Start.Byte-bytes.LastIndexByte(src[:d.Subject.Start.Byte], '\n')-1), len(line))
	end := min(len(line), at+max(0, d.Subject.End.Byte-d.Subject.Start.Byte))
	return strings.TrimSpace(line[:at]), strings.ToLower(strings.TrimSpace(line[end:]))
}

// trailing is about what stands behind a value that was whole.
func trailing(token, before, after, otherwise string) (summary, detail string) {
	operator := operators[token]
	switch {
	case token == "not" && strings.HasPrefix(after, "in"):
		operator = operators["not in"]
	case token == ":" && strings.HasPrefix(after, "="):
		operator = operators[":="]
	case token == ":":
		operator = "Values are compared with ==, and attributes get theirs with =."
	case strings.HasSuffix(strings.ToLower(before), "not"):
		operator = operators["not"]
	}
	switch {
	case operator != "":
		return "Unknown operator", operator
	case unit().MatchString(token) && strings.TrimRight(before, "0123456789") != before:
		return "Unit without quotes", "Numbers stand without a unit in conditions, so 1 GB is 1000000000; durations and sizes of attributes stand in double quotes, as in \"10m\"."
	case token == ")":
		return "Unbalanced parentheses", "No parenthesis is open here. Remove this one."
	}
	return otherwise, "The value ends before this. Text stands in double quotes, conditions are joined with && and ||, and each attribute has a line of its own."
}

// misfit is about what stands where a value should.
func misfit(token, before, after string) (summary, detail string) {
	last := before[strings.LastIndexAny(before, " \t")+1:]
	switch both := last + token; {
	case operators[both] != "" && last != "":
		return "Unknown operator", operators[both]
	case strings.HasPrefix(both, "==="):
		return "Unknown operator", operators["==="]
	case operators[token] != "":
		return "Unknown operator", operators[token]
	case token == "" || token == "}" || token == ")":
		return "Missing value", "Something is missing before this: a value, a condition, or what an operator joins."
	}
	return "Invalid expression", "No value begins like this. Text stands in double quotes, lists in brackets, and conditions are such as port == 443."
}

// character is about one that HCL has no use for.
func character(token, line string) string {
	switch {
	case token == "$" || strings.Contains(line, "${") && !strings.Contains(line, `"`):
		return "Values are named without $ and braces, as in var.ticket; ${…} is for text in double quotes."
	case token == ";":
		return "Attributes stand on a line of their own, without a semicolon."
	}
	return "Text stands in double quotes, as in \"denied\"."
}

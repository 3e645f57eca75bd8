package command

import (
	"bytes"
	"strings"
	"testing"

	"flowctl/cmd/internal/env"
)

// TestMistyped wants one line of what was meant, and a status that is not 0.
func TestMistyped(t *testing.T) {
	for args, want := range map[string]string{
		"aply x.hcl":              `Error: flowctl has no verb "aply"; did you mean apply?`,
		"aply --auto-approve":     `Error: flowctl has no verb "aply"; did you mean apply?`,
		"frobnicate":              `Error: flowctl has no verb "frobnicate"; flowctl --help lists them`,
		"state lst":               `Error: flowctl state has no verb "lst"; did you mean list?`,
		"sandbox srve":            `Error: flowctl sandbox has no verb "srve"; did you mean serve?`,
		"gen x":                   `Error: flowctl gen has no verb "x"; flowctl gen --help lists them`,
		"summarize --jsn x":       `Error: unknown flag: --jsn; did you mean --json?`,
		"plan --refresh=false x":  `Error: unknown flag: --refresh; flowctl plan --help lists those there are`,
		"plan -o x":               `Error: unknown shorthand flag: 'o' in -o; flowctl plan --help lists those there are`,
		"summarize --top x y":     `Error: --top "x": want a whole number; see flowctl summarize --help`,
		"plan -json x.hcl":        `Error: unknown shorthand flag: 'j' in -json; flags of flowctl have two dashes: write --json`,
		"plan -out=p x.hcl":       `Error: unknown shorthand flag: 'o' in -out=p; flags of flowctl have two dashes: write --out=p`,
		"apply -auto-approve":     `Error: unknown shorthand flag: 'a' in -auto-approve; flags of flowctl have two dashes: write --auto-approve`,
		"plan -detailed-exitcode": `Error: unknown shorthand flag: 'd' in -detailed-exitcode; flags of flowctl have two dashes: write --detailed-exitcode`,
		"help nosuch":             `Error: flowctl has no verb "nosuch"; flowctl --help lists them`,
		"help state lst":          `Error: flowctl state has no verb "lst"; did you mean list?`,
		"plan --json=maybe x":     `Error: --json "maybe": want true or false; see flowctl plan --help`,
	} {
		var out, errs bytes.Buffer
		e := &env.Env{Stdout: &out, Stderr: &errs, Args: strings.Fields(args)}
		if status := Main(t.Context(), e); status != 1 || strings.TrimSpace(errs.String()) != want || out.Len() > 0 {
			t.Errorf("%s: status %d, %q, %q, want %q", args, status, out.String(), errs.String(), want)
		}
	}
}

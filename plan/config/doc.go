// Package config reads the language in which investigations are written: one
// file or a folder of *.hcl becomes a Config, in which every value is
// checked as far as that can be done without asking Azure. Whatever is wrong
// is said as an hcl.Diagnostic on the line that has it, with a remedy.
// The language is described in cmd/flowctl/docs/language.md.
package config

package syntax

import (
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// How deep text may go: far more than people write, little enough that the
// parser, which recurses, cannot be driven out of its stack.
const (
	maxDepth = 200
	maxChain = 1000
)

// guard says what of src must not reach the parser; nil if nothing.
func guard(src []byte, name string) *hcl.Diagnostic {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	if at, ok := tooDeep(tokens); ok {
		return refuse("Nested too deeply", at, "More than %d brackets or %d operators are nested here. Move inner parts to locals.", maxDepth, maxChain)
	}
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenNumberLit && extreme(string(t.Bytes)) {
			return refuse("Invalid number", t.Range, "A number has at most %d characters, and a power of ten between -%d and %[2]d.", maxDigits, maxExponent)
		}
	}
	return nil
}

func refuse(summary string, at hcl.Range, detail string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: at.Ptr()}
}

// notUTF8 returns where src has its first byte that is not UTF-8.
func notUTF8(src []byte, name string) (hcl.Range, bool) {
	pos := hcl.InitialPos
	for len(src) > pos.Byte {
		r, n := utf8.DecodeRune(src[pos.Byte:])
		if r == utf8.RuneError && n == 1 {
			end := pos
			end.Byte++
			end.Column++
			return hcl.Range{Filename: name, Start: pos, End: end}, true
		}
		pos.Byte += n
		pos.Column++
		if r == '\n' {
			pos.Line, pos.Column = pos.Line+1, 1
		}
	}
	return hcl.Range{}, false
}

// tooDeep returns where a file opens more brackets, or strings together more
// operators, than the parser should follow.
func tooDeep(tokens hclsyntax.Tokens) (hcl.Range, bool) {
	depth, chain := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion, hclsyntax.TokenPlus, hclsyntax.TokenStar,
			hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr:
			chain++
		case hclsyntax.TokenEqual, hclsyntax.TokenComma:
			chain = 0
		}
		if depth > maxDepth || chain > maxChain {
			return t.Range, true
		}
	}
	return hcl.Range{}, false
}

package syntax

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// File parses a whole file; name is the file's name in diagnostics. What is
// refused has an empty body, so that its lines can still be shown; it is nil
// if it is no text.
func File(src []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if at, ok := notUTF8(src, name); ok {
		return nil, hcl.Diagnostics{refuse("Not UTF-8", at, "Byte %d of %s (0x%02x) is not UTF-8. Save the file as UTF-8; an editor may have used Windows-1252 or UTF-16.",
			at.Start.Byte, name, src[at.Start.Byte])}
	}
	if refused := guard(src, name); refused != nil {
		return &hcl.File{Body: &hclsyntax.Body{}, Bytes: src}, hcl.Diagnostics{refused}
	}
	file, diags := hclsyntax.ParseConfig(quotedNames(src, name), name, hcl.InitialPos)
	if file != nil {
		file.Bytes = src
	}
	return file, advise(diags, src)
}

// Expression parses a text that is one expression; name says in diagnostics
// where it comes from, such as --where.
func Expression(src, name string) (hclsyntax.Expression, hcl.Diagnostics) {
	if refused := guard([]byte(src), name); refused != nil {
		return nil, hcl.Diagnostics{refused}
	}
	expr, diags := hclsyntax.ParseExpression([]byte(src), name, hcl.InitialPos)
	return expr, advise(diags, []byte(src))
}

// quotedNames lets dictionary { "10.9.0.0/24" = "…" } be written as a block, in which HCL
// has no names in quotes: it is read as dictionary = { … }, and every place stays where it is.
func quotedNames(src []byte, name string) []byte {
	if !bytes.Contains(src, []byte("dictionary")) {
		return src
	}
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	out := bytes.Clone(src)
	for i, t := range tokens[:max(0, len(tokens)-1)] {
		begins := i == 0 || tokens[i-1].Type == hclsyntax.TokenNewline || tokens[i-1].Type == hclsyntax.TokenOBrace || tokens[i-1].Type == hclsyntax.TokenComment
		if next := tokens[i+1]; begins && t.Type == hclsyntax.TokenIdent && string(t.Bytes) == "dictionary" && next.Type == hclsyntax.TokenOBrace && next.Range.Start.Byte > t.Range.End.Byte {
			out[t.Range.End.Byte] = '='
		}
	}
	return out
}

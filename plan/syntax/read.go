package syntax

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// File parses a whole file; name is the file's name in diagnostics. The file is
// nil if it was refused, and holds what could be read if it has syntax errors.
func File(src []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if refused := guard(src, name); refused != nil {
		return nil, hcl.Diagnostics{refused}
	}
	return hclsyntax.ParseConfig(src, name, hcl.InitialPos)
}

// Expression parses a text that is one expression; name says in diagnostics
// where it comes from, such as --where.
func Expression(src, name string) (hclsyntax.Expression, hcl.Diagnostics) {
	if refused := guard([]byte(src), name); refused != nil {
		return nil, hcl.Diagnostics{refused}
	}
	return hclsyntax.ParseExpression([]byte(src), name, hcl.InitialPos)
}

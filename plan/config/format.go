package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format returns src in the one form in which flowctl writes files: aligned
// and indented as hclwrite does it, lines ending in LF without blanks before
// it, one newline at the end, no byte order mark. Text inside heredocs and
// quotes stays as it is. A file with syntax errors is refused.
func Format(src []byte, filename string) ([]byte, hcl.Diagnostics) {
	var probs problems
	parse(src, filename, &probs)
	if probs.list.HasErrors() {
		return nil, probs.sorted()
	}
	out := bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	out = bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))
	for range maxPasses {
		next := pass(out, filename)
		if bytes.Equal(next, out) {
			break
		}
		out = next
	}
	return out, nil
}

// maxPasses is enough for what one pass of hclwrite can leave to the next.
const maxPasses = 5

func pass(src []byte, filename string) []byte {
	out := trimComments(hclwrite.Format(src), filename)
	out = bytes.TrimLeft(out, "\n")
	out = bytes.TrimRight(out, " \t\n")
	if len(out) == 0 {
		return out
	}
	return append(out, '\n')
}

// trimComments takes the blanks from the ends of the lines of comments;
// hclwrite has taken all others.
func trimComments(src []byte, filename string) []byte {
	tokens, _ := hclsyntax.LexConfig(src, filename, hcl.InitialPos)
	var out bytes.Buffer
	at := 0
	for _, t := range tokens {
		out.Write(src[at:t.Range.Start.Byte])
		at = t.Range.End.Byte
		if t.Type != hclsyntax.TokenComment {
			out.Write(t.Bytes)
			continue
		}
		for i, line := range bytes.Split(t.Bytes, []byte("\n")) {
			if i > 0 {
				out.WriteByte('\n')
			}
			out.Write(bytes.TrimRight(line, " \t\r"))
		}
	}
	out.Write(src[at:])
	return out.Bytes()
}

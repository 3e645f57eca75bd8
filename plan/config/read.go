package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What one file may be: far more than people write, little enough that the
// parser, which recurses, cannot be driven out of its stack.
const (
	maxFile  = 1 << 20
	maxDepth = 200
	maxChain = 1000
)

// files returns the paths of the configuration at path: itself, or the *.hcl
// of a folder in the order of their names. Worlds of the sandbox may lie beside them.
func files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if !e.IsDir() && isConfig(e.Name()) {
			found = append(found, filepath.Join(path, e.Name()))
		}
	}
	return found, nil
}

func isConfig(name string) bool {
	return strings.HasSuffix(name, ".hcl") && !strings.HasPrefix(name, ".") &&
		name != "world.hcl" && !strings.HasSuffix(name, ".world.hcl")
}

// readFile reads and parses one file. The file is nil if nothing of it is of use.
func readFile(path string, probs *problems) *hcl.File {
	src, err := slurp(path)
	if err != nil {
		probs.general(hcl.DiagError, "Unreadable file", "Cannot read %s: %s.", path, cause(err))
		return nil
	}
	return parse(src, path, probs)
}

func slurp(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(src) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes; split it into several files of one folder", maxFile)
	}
	return src, err
}

// cause is an error without the path that the message around it has already.
func cause(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

func parse(src []byte, name string, probs *problems) *hcl.File {
	if at, ok := notUTF8(src, name); ok {
		probs.add("Not UTF-8", at, "Byte %d of %s (0x%02x) is not UTF-8. Save the file as UTF-8; an editor may have used Windows-1252 or UTF-16.",
			at.Start.Byte, name, src[at.Start.Byte])
		return nil
	}
	if at, ok := tooDeep(src, name); ok {
		probs.add("Nested too deeply", at, "More than %d brackets or %d operators are nested here. Move inner parts to locals.", maxDepth, maxChain)
		return nil
	}
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	probs.extend(diags)
	return file
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

// tooDeep returns where src opens more brackets, or strings together more
// operators, than the parser should follow.
func tooDeep(src []byte, name string) (hcl.Range, bool) {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
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

package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/syntax"
)

// maxFile is what one file may have of bytes: far more than people write.
const maxFile = 1 << 20

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
		name != "world.hcl" && !strings.HasSuffix(name, ".world.hcl") && !strings.HasSuffix(name, TestSuffix)
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
	file, diags := syntax.File(src, name)
	probs.extend(diags)
	return file
}

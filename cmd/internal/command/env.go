// Package command holds one file per verb. A verb is flags that fill a
// struct and a plain function that does the work; results go to standard
// output, everything else to standard error.
package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"charm.land/log/v2"

	"flowctl/cmd/internal/terminal"
)

// Env is what the outside gives a command.
type Env struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string
	Docs           fs.FS

	log *slog.Logger
}

// Getenv returns the value of an environment variable, empty if it is unset.
func (e *Env) Getenv(name string) string {
	for i := len(e.Environ) - 1; i >= 0; i-- { // the last one counts
		if k, v, ok := strings.Cut(e.Environ[i], "="); ok && k == name {
			return v
		}
	}
	return ""
}

// Root is the folder for everything that flowctl keeps: state, results, the
// sandbox.
func (e *Env) Root() string {
	if dir := e.Getenv("FLOWCTL_DIR"); dir != "" {
		return dir
	}
	return ".flowctl"
}

// interactive reports whether a person is there to answer and to watch.
func (e *Env) interactive() bool {
	in, ok := e.Stdin.(*os.File)
	return ok && terminal.Is(in) && terminal.Is(e.Stderr) && e.Getenv("CI") == ""
}

func (e *Env) printf(format string, args ...any) { fmt.Fprintf(e.Stderr, format, args...) }

// openLog makes the logger; level comes from the flag or FLOWCTL_LOG.
func (e *Env) openLog(level string) error {
	if level == "" {
		level = e.Getenv("FLOWCTL_LOG")
	}
	if level == "" {
		level = "warn"
	}
	l, err := log.ParseLevel(level)
	if err != nil {
		return fmt.Errorf("log level %q: want debug, info, warn or error", level)
	}
	h := log.NewWithOptions(e.Stderr, log.Options{Level: l, ReportTimestamp: l <= log.DebugLevel})
	e.log = slog.New(h)
	return nil
}

// exit is an error that carries its own exit status and was shown already,
// or has nothing to show.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// The exit statuses beside 0 and 1.
const (
	exitChanges     exit = 2 // plan --detailed-exitcode: there is something to do
	exitInterrupted exit = 130
)

// shown is an error whose text is on the screen already.
var shown = exit(1)

// status turns a command's error into the exit status, and says it.
func (e *Env) status(err error) int {
	if err == nil {
		return 0
	}
	if code := exit(0); errors.As(err, &code) {
		return int(code)
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // joined errors have one each
		e.printf("Error: %s\n", terminal.Escape(line))
	}
	return 1
}

// relative shortens a path for people.
func relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

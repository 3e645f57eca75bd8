// Package env is what the outside gives a command: streams, variables, the
// logger and the exit status. Only commands see it; what they call gets values.
package env

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"charm.land/log/v2"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/providers"
)

// Env is what the outside gives a command.
type Env struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string
	Docs           fs.FS
	Log            *slog.Logger // once OpenLog was called
	Rehearsal      *Rehearsal   // of flowctl test; nil in earnest
}

// Rehearsal is what a test of files puts around the commands that it runs.
type Rehearsal struct {
	Open     func(config.Provider, providers.Env) (plan.Provider, error) // a sandbox, whatever the file says
	Planned  func(*operation.Operation, []plan.Plan)
	Answered func([]operation.Result)
}

// Planned tells a rehearsal, if this is one, what a command is about to do.
func (e *Env) Planned(op *operation.Operation, plans []plan.Plan) {
	if e.Rehearsal != nil {
		e.Rehearsal.Planned(op, plans)
	}
}

// Answered tells a rehearsal, if this is one, what a command answered.
func (e *Env) Answered(results []operation.Result) {
	if e.Rehearsal != nil {
		e.Rehearsal.Answered(results)
	}
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

// Interactive reports whether a person is there to answer and to watch.
func (e *Env) Interactive() bool {
	in, ok := e.Stdin.(*os.File)
	return ok && terminal.Is(in) && terminal.Is(e.Stderr) && e.Getenv("CI") == ""
}

// Printf says something that is no result.
func (e *Env) Printf(format string, args ...any) { fmt.Fprintf(e.Stderr, format, args...) }

// OpenLog makes the logger; level comes from the flag or FLOWCTL_LOG.
func (e *Env) OpenLog(level string) error {
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
	e.Log = slog.New(h)
	return nil
}

// Exit is an error that carries its own exit status and was shown already,
// or has nothing to show.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// The exit statuses besides 0.
const (
	Shown       Exit = 1 // what failed is on the screen already
	Changes     Exit = 2 // plan --detailed-exitcode: there is something to do
	NotMet      Exit = 3 // an expectation has failed
	Unanswered  Exit = 4 // an expectation or, with --check, a question cannot be answered
	Interrupted Exit = 130
)

// Output is a stream that remembers that it could not be written: a result
// that is lost must not look like success.
type Output struct {
	io.Writer
	mu  sync.Mutex
	err error
}

// Write writes b; an error is also kept for Err.
func (o *Output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// Err is the first error of a write.
func (o *Output) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Unwrap returns the stream below, by which a terminal is known.
func (o *Output) Unwrap() io.Writer { return o.Writer }

// Relative shortens a path for people.
func Relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

//go:build unix && !race

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/cmd/internal/operation"
	"flowctl/providers/sandbox"
)

// TestKilled ends the program itself by SIGKILL when it has sent so many
// requests, loses what a laptop can lose, and goes on with the program: nothing of
// flowctl is left in Azure. Where exactly it dies is up to the system. All
// boundaries are operation.TestKill's. FLOWCTL_KILLS=n kills n times.
func TestKilled(t *testing.T) {
	kills := 3
	if text := os.Getenv("FLOWCTL_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil || kills < 1 {
			t.Fatalf("FLOWCTL_KILLS=%s: want a number", text)
		}
	}
	file, err := filepath.Abs("../internal/operation/testdata/gate.hcl")
	if err != nil {
		t.Fatal(err)
	}
	whole := victim{t, file, t.TempDir()}
	requests, _ := whole.apply(0)
	if left := whole.left(); len(left) > 0 || requests < 100 {
		t.Fatalf("a run that is not killed: %d requests, %v left", requests, left)
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range kills {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			v := victim{t, file, t.TempDir()}
			at := 1 + (2*i+1)*requests/(2*kills)
			if _, killed := v.apply(at); !killed {
				t.Errorf("request %d: it ended before it was killed", at)
			}
			loss := v.lose(i)
			verb := []string{"apply", "destroy", "sweep"}[i/3%3]
			if err := v.goOn(verb); err != nil {
				t.Errorf("killed at request %d; %s; then %s: %v", at, loss, verb, err)
			}
			if left := v.left(); len(left) > 0 {
				t.Errorf("killed at request %d; %s; then %s: %v left in Azure", at, loss, verb, left)
			}
		})
	}
	wg.Wait()
	t.Logf("%d times killed at the requests of a run of %d", kills, requests)
}

// victim is a folder in which the program runs.
type victim struct {
	t    *testing.T
	file string
	dir  string
}

func (v victim) command(args ...string) *exec.Cmd {
	cmd := exec.Command("flowctl", args...)
	cmd.Dir, cmd.Env = v.dir, append(os.Environ(), "FLOWCTL_DIR="+v.dir, "CI=true")
	return cmd
}

// apply counts the requests in the debug log, and kills at one of them.
func (v victim) apply(at int) (requests int, killed bool) {
	cmd := v.command("apply", "--auto-approve", "--log-level", "debug", v.file)
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		v.t.Error(err)
		return 0, false
	}
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if !strings.Contains(lines.Text(), "request ") {
			continue
		}
		if requests++; requests == at {
			_ = cmd.Process.Kill()
		}
	}
	err = cmd.Wait()
	killed = cmd.ProcessState.ExitCode() == -1
	if err != nil && !killed {
		v.t.Errorf("apply: %v", err)
	}
	return requests, killed
}

func (v victim) lose(i int) string {
	what := []string{"all kept", "state lost", "state and results lost"}[i%3]
	if i%3 > 0 {
		state, _ := filepath.Glob(filepath.Join(v.dir, "state.json*"))
		for _, name := range state {
			_ = os.Remove(name)
		}
	}
	if i%3 > 1 {
		_ = os.RemoveAll(filepath.Join(v.dir, "results"))
	}
	return what
}

func (v victim) goOn(verb string) error {
	args := map[string][]string{"apply": {"apply", "--auto-approve"}, "destroy": {"destroy", "--auto-approve", "--discard"}, "sweep": {"sweep"}}[verb]
	if verb == "sweep" {
		zero := 0.0
		box, err := sandbox.Open(sandbox.Options{Dir: filepath.Join(v.dir, "sandbox"), Clock: &zero})
		if err == nil {
			err = box.Clock().Sleep(v.t.Context(), 3*time.Hour)
		}
		if err != nil {
			return err
		}
	}
	out, err := v.command(append(args, v.file)...).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("not started in time")) {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// left is what a sweep would find.
func (v victim) left() []string {
	out, err := v.command("sweep", "--dry-run", "--json", v.file).Output()
	var found operation.Swept
	if err == nil {
		err = json.Unmarshal(out, &found)
	}
	if err != nil {
		return []string{err.Error()}
	}
	var left []string
	for _, i := range found.Items {
		left = append(left, i.Kind+" "+i.ID.Name())
	}
	return left
}

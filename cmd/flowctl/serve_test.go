package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve FOLDER [WORLD|OFFSET] starts flowctl sandbox serve on a free port, with a clock
// that is faster than flowctl's own, or as fast and off by OFFSET, such as +3h, and
// sets what its clients need: HOST, SUBSCRIPTION, and the variables of the
// environment credential. The end of the script interrupts it, after which it must
// end well.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("flowctl", "sandbox", "serve", "--port", "0", "--clock", "600", "--state", ts.MkAbs(args[0]), "--json")
	if len(args) > 1 && strings.ContainsAny(args[1][:1], "+-") {
		off, err := time.ParseDuration(args[1])
		ts.Check(err)
		now := time.Now()
		b, err := json.Marshal(map[string]any{"world": now.Add(off), "real": now, "factor": 1})
		ts.Check(errors.Join(err, os.MkdirAll(ts.MkAbs(args[0]), 0o700), os.WriteFile(filepath.Join(ts.MkAbs(args[0]), "clock.json"), b, 0o600)))
		cmd.Args[6] = "1"
	} else if len(args) > 1 {
		cmd.Args = append(cmd.Args, "--world", ts.MkAbs(args[1]))
	}
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	var log bytes.Buffer
	cmd.Stderr = &log
	ts.Check(cmd.Start())
	ts.Defer(func() {
		ts.Check(cmd.Process.Signal(os.Interrupt))
		if err := cmd.Wait(); err != nil {
			ts.Fatalf("sandbox serve: %v\n%s", err, log.String())
		}
	})
	var doc map[string]any
	if err := json.NewDecoder(out).Decode(&doc); err != nil {
		ts.Fatalf("sandbox serve: %v\n%s", err, log.String())
	}
	for env, name := range map[string]string{
		"HOST": "metadata_host", "SUBSCRIPTION": "subscription_id", "SSL_CERT_FILE": "ca",
		"AZURE_TENANT_ID": "tenant_id", "AZURE_CLIENT_ID": "client_id", "AZURE_CLIENT_SECRET": "client_secret",
	} {
		value, _ := doc[name].(string)
		if value == "" || strings.ContainsAny(value, "\n ") {
			ts.Fatalf("%s is %q", name, value)
		}
		ts.Setenv(env, value)
	}
}

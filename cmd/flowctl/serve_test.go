package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve FOLDER [WORLD] starts flowctl sandbox serve on a free port, with a clock that
// is faster than flowctl's own, and sets what its clients need: HOST,
// SUBSCRIPTION, and the variables of the environment credential. The end of
// the script interrupts it, after which it must end well.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("flowctl", "sandbox", "serve", "--port", "0", "--clock", "600", "--state", ts.MkAbs(args[0]), "--json")
	if len(args) > 1 {
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

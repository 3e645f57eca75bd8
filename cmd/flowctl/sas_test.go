package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"flowctl/providers/sandbox"
)

// sas VARIABLE WORLD URL NAME=VALUE... sets a variable to a shared access
// signature of the container that a URL names, made with the account's key.
// WORLD is the file of the sandbox's world; - is the built-in one.
func sas(ts *testscript.TestScript, _ bool, args []string) {
	o := sandbox.Options{}
	if args[1] != "-" {
		o.WorldPath = ts.MkAbs(args[1])
	}
	s, err := sandbox.Open(o)
	ts.Check(err)
	u, err := url.Parse(args[2])
	ts.Check(err)
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	v := url.Values{"sv": {"2026-02-06"}, "sr": {"c"}, "sp": {"rl"}, "se": {"2099-01-01T00:00:00Z"}}
	for _, a := range args[3:] {
		name, value, _ := strings.Cut(a, "=")
		v.Set(name, value)
	}
	keys := s.AccountKeys(parts[0])
	if len(keys) == 0 {
		ts.Fatalf("there is no storage account %s", parts[0])
	}
	key, err := base64.StdEncoding.DecodeString(keys[0])
	ts.Check(err)
	h := hmac.New(sha256.New, key)
	h.Write([]byte(strings.Join([]string{v.Get("sp"), v.Get("st"), v.Get("se"), "/blob/" + parts[0] + "/" + parts[1], "", "", "", v.Get("sv"), v.Get("sr"),
		"", "", "", "", "", "", ""}, "\n")))
	v.Set("sig", base64.StdEncoding.EncodeToString(h.Sum(nil)))
	ts.Setenv(args[0], v.Encode())
}

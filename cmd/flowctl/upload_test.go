package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// upload FILE URL puts a file into a storage account of a sandbox that serve
// started; upload FOLDER URL puts all that is in a folder into a container. It
// makes the container. upload FILE URL TIER leaves the blob in that access tier.
func upload(ts *testscript.TestScript, _ bool, args []string) {
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM([]byte(ts.ReadFile(ts.Getenv("SSL_CERT_FILE"))))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority}}}
	put := func(to string, body []byte) {
		req, err := http.NewRequest(http.MethodPut, to, strings.NewReader(string(body)))
		ts.Check(err)
		req.Header.Set("x-ms-version", "2026-02-06")
		req.Header.Set("x-ms-blob-type", "BlockBlob")
		req.Header.Set("Authorization", "Bearer upload")
		if len(args) > 2 && to == args[1] {
			req.Header.Set("x-ms-access-tier", args[2])
		}
		resp, err := client.Do(req)
		ts.Check(err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusConflict {
			ts.Fatalf("PUT %s: %s", to, resp.Status)
		}
	}
	u, err := url.Parse(args[1])
	ts.Check(err)
	parts := strings.SplitN(strings.TrimPrefix(u.Path, "/"), "/", 3)
	container := fmt.Sprintf("https://%s/%s/%s", u.Host, parts[0], parts[1])
	put(container+"?restype=container", nil)
	if len(parts) == 3 {
		put(args[1], []byte(ts.ReadFile(args[0])))
		return
	}
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, relErr := filepath.Rel(root, name)
		body, readErr := os.ReadFile(name)
		put(container+"/"+(&url.URL{Path: filepath.ToSlash(rel)}).EscapedPath(), body)
		return errors.Join(relErr, readErr)
	}))
}

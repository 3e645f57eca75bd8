package certs

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheLeafIsForThisMachineOnly(t *testing.T) {
	now := time.Now()
	a, err := Open(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	config, err := a.Config(now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	for name, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "logs.blob.localhost": true,
		"management.azure.com": false, "example.com": false, "10.0.0.1": false} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The authority itself vouches for nothing else.
	wide := *leaf
	wide.DNSNames = []string{"example.com"}
	der, err := a.sign(&wide, &a.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	} else if _, err := wrong.Verify(x509.VerifyOptions{Roots: pool, DNSName: "example.com"}); err == nil {
		t.Error("the authority may sign for example.com")
	}
}

func TestOpenKeepsRenewsAndRefuses(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	open := func(at time.Time) (*Authority, error) { return Open(dir, at) }
	first, err := open(now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := open(now); err != nil || !again.cert.Equal(first.cert) {
		t.Errorf("not kept: %v", err)
	}
	if later, err := open(now.Add(authorityLife)); err != nil || later.cert.Equal(first.cert) {
		t.Errorf("not renewed: %v", err)
	}
	key := filepath.Join(dir, keyFile)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key %v, %v", info, err)
	}
	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(now); err == nil || !strings.Contains(err.Error(), "ca-key.pem is damaged") {
		t.Errorf("a damaged key: %v", err)
	}
}

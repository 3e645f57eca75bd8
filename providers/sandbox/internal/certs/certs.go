// Package certs makes the certificates of a sandbox that is served over TLS:
// an authority that is made once and kept, so that clients need to trust it
// only once, and a certificate for the names of this machine.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2/maybe"
)

// The files of an authority in its folder.
const (
	certFile = "ca.pem"
	keyFile  = "ca-key.pem"
)

// How long certificates are good for. The leaf is made at each start, and no
// client takes one of more than 825 days.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
	clockSkew     = time.Hour // that clients may be behind
)

// Authority signs the certificates of one sandbox.
type Authority struct {
	Path string // of its certificate, which clients are to trust
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Open returns the authority kept in dir, which is made at its first use. Its
// key can be read by its owner only. One that has expired is made anew.
func Open(dir string, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the sandbox's folder: %w", err)
	}
	a, err := load(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && now.Add(leafLife).After(a.cert.NotAfter) {
		a, err = create(dir, now)
	}
	if err != nil {
		return nil, fmt.Errorf("the sandbox's certificate authority: %w", err)
	}
	a.Path, err = filepath.Abs(filepath.Join(dir, certFile))
	return a, err
}

func load(dir string) (*Authority, error) {
	key, err := block(filepath.Join(dir, keyFile), "EC PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	cert, err := block(filepath.Join(dir, certFile), "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	var a Authority
	if a.key, err = x509.ParseECPrivateKey(key); err != nil {
		return nil, damaged(keyFile, dir, err)
	}
	if a.cert, err = x509.ParseCertificate(cert); err != nil {
		return nil, damaged(certFile, dir, err)
	}
	if !a.key.PublicKey.Equal(a.cert.PublicKey) {
		return nil, damaged(keyFile, dir, errors.New("it is not the certificate's key"))
	}
	return &a, nil
}

func damaged(name, dir string, err error) error {
	return fmt.Errorf("%s is damaged (%w); remove %s and %s from %s to have new ones", name, err, certFile, keyFile, dir)
}

// block reads the only block of a PEM file.
func block(path, kind string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(text)
	if b == nil || b.Type != kind {
		return nil, damaged(filepath.Base(path), filepath.Dir(path), errors.New("there is no "+kind+" in it"))
	}
	return b.Bytes, nil
}

func create(dir string, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "flowctl sandbox"}, NotBefore: now.Add(-clockSkew), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		// Whoever trusts it trusts it for this machine's own names only.
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}, {IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)}},
	}
	a := &Authority{key: key, cert: template}
	der, err := a.sign(template, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := write(filepath.Join(dir, keyFile), "EC PRIVATE KEY", secret, 0o600); err != nil {
		return nil, err
	}
	return a, write(filepath.Join(dir, certFile), "CERTIFICATE", der, 0o644)
}

func write(path, kind string, der []byte, mode fs.FileMode) error {
	return maybe.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

// serialBits is the length of serial numbers, which no two may share.
const serialBits = 120

func (a *Authority) sign(template *x509.Certificate, public *ecdsa.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
}

// Config is the TLS of a server on this machine: it answers for localhost, the
// loopback addresses, and the Blob service's names below localhost.
func (a *Authority) Config(now time.Time) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, NotBefore: now.Add(-clockSkew), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "*.blob.localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}, &key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("sign the sandbox's certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}}}, nil
}

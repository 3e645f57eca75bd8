package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// failures are what the server's codes mean here, with the way out.
var failures = map[int32]string{
	192: "it does not know this user: set " + UserVariable + " and " + PasswordVariable,
	194: "it refused the credential: set " + UserVariable + " and " + PasswordVariable,
	516: "it refused the credential: set " + UserVariable + " and " + PasswordVariable,
	497: "the user lacks a right: flowctl docs engine lists the grants that are needed",
	164: "the user may only read: flowctl docs engine lists the grants that are needed",
	201: "the user's quota is used up: wait until it begins anew, or ask for a larger one",
	202: "it answers too many queries already: try again later",
	159: "the query took longer than the server lets it: narrow --start and --end, or raise max_execution_time",
	209: "a node did not answer another one in time: flowctl engine status says which",
	241: "the query needs more memory than the server gives it: narrow --start and --end, or raise max_memory_usage",
	243: "a disk of it is full: free some of it, or let old days go (flowctl engine init --keep)",
	252: "it cannot merge as fast as flows come: wait some minutes and add the rest; what came in is not lost",
	60:  "a table of flowctl is missing: flowctl engine init makes it",
	81:  "there is no such database: flowctl engine init makes it",
	16:  "a column of flowctl is missing: flowctl engine upgrade adds it",
	47:  "a column of flowctl is missing: flowctl engine upgrade adds it",
	170: "it knows no such cluster: flowctl engine status lists those it knows",
	701: "it knows no such cluster: flowctl engine status lists those it knows",
	279: "it cannot reach a node of the cluster: flowctl engine status says which",
	394: "the query was cancelled at the server",
}

// explain makes an error of the driver one that says what failed, where, why and what
// can be done.
func (a Address) explain(doing string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	at := strings.Join(a.Hosts, ", ")
	var said *clickhouse.Exception
	var network *net.OpError
	var plain tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	switch {
	case errors.As(err, &said):
		text, _, _ := strings.Cut(strings.TrimSpace(said.Message), "\n")
		if len(text) > 300 {
			text = text[:300] + "…"
		}
		if way := failures[said.Code]; way != "" {
			return fmt.Errorf("%s: ClickHouse at %s: %s (code %d: %s)", doing, at, way, said.Code, text)
		}
		return fmt.Errorf("%s: ClickHouse at %s says (code %d): %s", doing, at, said.Code, text)
	case errors.As(err, &plain):
		return fmt.Errorf("%s: %s does not speak TLS: is it the port with TLS (9440)? Write secure=false if there is none", doing, at)
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: nobody known here vouches for the certificate of %s: set SSL_CERT_FILE to the certificate of its authority", doing, at)
	case errors.As(err, &other):
		return fmt.Errorf("%s: the certificate of %s is of another host: %w", doing, at, other)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, clickhouse.ErrAcquireConnTimeout):
		return fmt.Errorf("%s: ClickHouse at %s did not answer in time: is the port the native one (9440 with TLS, 9000 without), and open for this machine?", doing, at)
	case errors.As(err, &network):
		return fmt.Errorf("%s: cannot reach ClickHouse at %s: %w; the native port is 9440 with TLS, 9000 without", doing, at, network.Err)
	case strings.HasSuffix(err.Error(), "EOF"):
		return fmt.Errorf("%s: ClickHouse at %s ended the connection: it was stopped, or this is not its native port (9440 with TLS, 9000 without)", doing, at)
	}
	return fmt.Errorf("%s: ClickHouse at %s: %w", doing, at, err)
}

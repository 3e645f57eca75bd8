package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// Engine is where the flows of all investigations go besides, to be asked there.
type Engine struct {
	Addresses []string // host or host:port
	Database  string   // empty: flowctl
	Cluster   string   // empty: one node
	Secure    bool
	Range     hcl.Range
}

// URL is the engine as --engine names it.
func (e *Engine) URL() string {
	q := url.Values{}
	if e.Cluster != "" {
		q.Set("cluster", e.Cluster)
	}
	if !e.Secure {
		q.Set("secure", "false")
	}
	u := "clickhouse://" + strings.Join(e.Addresses, ",") + "/" + e.Database
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}

// ClickHouse is the type of engine that there is.
const ClickHouse = "clickhouse"

var (
	engineSchema = schema{attrs: []string{"addresses", "database", "cluster", "secure"},
		secrets: map[string]string{"password": inEnvironment, "user": inEnvironment, "username": inEnvironment, "credential": inEnvironment}}
	engineName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`) })
)

const inEnvironment = "Set FLOWCTL_CLICKHOUSE_USER and FLOWCTL_CLICKHOUSE_PASSWORD in the environment."

func (l *loader) engine() {
	for i, raw := range l.blocks["engine"] {
		if i > 0 {
			l.add("Duplicate block", raw.TypeRange, "There is a second engine block; the first is on line %d. One engine takes the flows of all investigations.", l.blocks["engine"][0].TypeRange.Start.Line)
			return
		}
		if typ := raw.Labels[0]; typ != ClickHouse {
			l.add("Unknown engine", raw.LabelRanges[0], "There is no engine %q; flowctl has %q. Other engines read Parquet (flowctl docs parquet) or an Iceberg table (flowctl docs lake).", typ, ClickHouse)
			return
		}
		l.cfg.Engine = l.clickHouse(block{Block: raw, scope: l.scope})
	}
}

func (l *loader) clickHouse(b block) *Engine {
	engineSchema.check(b.Body, "an engine", &l.problems)
	e := &Engine{Secure: true, Range: header(b.Block)}
	if b.has("secure") {
		e.Secure = b.truth("secure")
	}
	if !b.has("addresses") {
		l.add("Missing attribute", header(b.Block), "An engine needs addresses, such as addresses = [\"ch1.example.com\"].")
	}
	hosts, _ := b.list("addresses")
	for _, h := range hosts {
		if !isAddress(h.text) {
			l.add("Invalid address", h.at, "%q is not an address of ClickHouse: a host such as ch1.example.com, and the port of the native protocol if it is not 9440 (9000 with secure = false).", h.text)
			continue
		}
		e.Addresses = append(e.Addresses, h.text)
	}
	for name, to := range map[string]*string{"database": &e.Database, "cluster": &e.Cluster} {
		if text, ok := b.text(name); ok {
			if *to = text; !engineName().MatchString(text) {
				l.add("Invalid name", b.at(name), "%q is not the name of a %s: letters, digits and _.", text, name)
			}
		}
	}
	return e
}

// isAddress reports whether text is a host, with a port or without.
func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), "9440"
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil && host != "" && !strings.ContainsAny(host, "/@?#, ") && (!strings.Contains(host, ":") || net.ParseIP(host) != nil)
}

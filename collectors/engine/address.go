package engine

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Address says where an engine is. It has no secret: the password comes from the
// environment.
type Address struct {
	Hosts    []string // host:port; the first that answers is asked
	Database string
	User     string
	Cluster  string // name of a cluster in the server's configuration; empty for a single node
	Secure   bool   // TLS
}

// PasswordVariable and UserVariable are the environment variables with the credential.
const (
	PasswordVariable = "FLOWCTL_CLICKHOUSE_PASSWORD"
	UserVariable     = "FLOWCTL_CLICKHOUSE_USER"
)

const form = "clickhouse://HOST[:PORT][,HOST…]/DATABASE[?cluster=NAME][&secure=false]"

// name is what databases and clusters may be called, so that no name can be more than a
// name in a statement.
var name = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`) })

// ParseURL reads an address, as --engine has it.
func ParseURL(text string) (Address, error) {
	wrong := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("--engine: %s; want %s", why, form)
	}
	rest, ours := strings.CutPrefix(text, "clickhouse://")
	if !ours {
		return wrong("it does not begin with clickhouse://")
	}
	// Package url knows no lists of hosts.
	end := strings.IndexAny(rest+"/", "/?#")
	hosts := rest[strings.LastIndex(rest[:end], "@")+1 : end]
	u, err := url.Parse("clickhouse://" + rest[:end-len(hosts)] + "host" + rest[end:])
	if err != nil { // the error would show the URL, and with it a password
		return wrong("this is no URL")
	}
	if _, has := u.User.Password(); has {
		return wrong("a password does not belong into a URL, where others see it: set " + PasswordVariable + " in the environment")
	}
	a := Address{Database: strings.TrimPrefix(u.Path, "/"), User: u.User.Username(), Secure: true}
	for key, values := range u.Query() {
		switch v := values[len(values)-1]; key {
		case "cluster":
			a.Cluster = v
		case "secure":
			if a.Secure, err = strconv.ParseBool(v); err != nil {
				return wrong("secure is true or false")
			}
		default:
			return wrong("there is no setting " + strconv.Quote(key))
		}
	}
	a.Hosts = strings.Split(hosts, ",")
	if err := a.check(); err != nil {
		return wrong(err.Error())
	}
	return a, nil
}

// check fills in what is the usual case, and says what is wrong.
func (a *Address) check() error {
	for i, h := range a.Hosts {
		host, port, err := net.SplitHostPort(h)
		if err != nil {
			host, port = strings.Trim(h, "[]"), ""
		}
		if host == "" {
			return errors.New("it names no host")
		}
		if port == "" {
			port = "9440"
			if !a.Secure {
				port = "9000"
			}
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("%q is no port", port)
		}
		a.Hosts[i] = net.JoinHostPort(host, port)
	}
	if a.Database == "" {
		a.Database = "flowctl"
	}
	for what, text := range map[string]string{"database": a.Database, "cluster": a.Cluster} {
		if text != "" && !name().MatchString(text) {
			return fmt.Errorf("%q is no name of a %s: letters, digits and _", text, what)
		}
	}
	return nil
}

// String is the address as a URL, without a user.
func (a Address) String() string {
	u := "clickhouse://" + strings.Join(a.Hosts, ",") + "/" + a.Database
	if a.Cluster != "" {
		u += "?cluster=" + a.Cluster
	}
	return u
}

package storage

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"flowctl/collectors/flowlog"
)

// IsURL reports whether an argument is the URL of something rather than a path.
func IsURL(arg string) bool {
	scheme, _, ok := strings.Cut(strings.ToLower(arg), "://")
	return ok && (scheme == "https" || scheme == "http")
}

// WithoutQuery is a URL without what may be secret in it.
func WithoutQuery(arg string) string {
	arg, _, _ = strings.Cut(arg, "#")
	arg, _, _ = strings.Cut(arg, "?")
	scheme, rest, ok := strings.Cut(arg, "://")
	host, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); ok && at >= 0 {
		return scheme + "://" + rest[at+1:]
	}
	return arg
}

// Parse takes a URL apart. Errors do not show the URL.
func Parse(arg string) (Location, error) {
	u, err := url.Parse(arg)
	bad := func(format string, args ...any) (Location, error) {
		return Location{}, fmt.Errorf("the URL "+format, args...)
	}
	if err != nil || u.Hostname() == "" {
		return bad("is no URL that can be read: special characters in names of blobs are written as %%xx")
	}
	local := isLocal(u)
	p := Location{Account: strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host), SAS: u.RawQuery}
	var account string
	if account, p.Container, p.Prefix = cut(u); local {
		p.Account += "/" + account
	}
	switch host := strings.ToLower(u.Hostname()); {
	case strings.EqualFold(u.Scheme, "http") && !local:
		return bad("is not https, and signatures and tokens go over https only")
	case strings.Contains(host, ".dfs.core."):
		return bad("is the URL of a data lake: flowctl reads the same data at %s", strings.Replace(host, ".dfs.", ".blob.", 1))
	case p.Container == "":
		return bad("names no container: VNet flow logs are in %s, those of NSGs in %s", flowlog.VNetContainer, flowlog.NSGContainer)
	case p.SAS != "" && !u.Query().Has("sig"):
		return bad("its query is no shared access signature, which has a sig: put the URL in quotes, since the shell cuts it at &")
	}
	return p, nil
}

// Split returns the container and the name of the blob that a URL is of.
func Split(s string) (container, name string, err error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", "", fmt.Errorf("blob URL %q: %w", s, err)
	}
	_, container, name = cut(u)
	if container == "" || name == "" || u.Host == "" {
		return "", "", fmt.Errorf("blob URL %q names no container and blob", s)
	}
	return container, name, nil
}

// cut takes the path of a URL apart. The account stands in the host or, as in
// emulators, in the path of an address or of localhost.
func cut(u *url.URL) (account, container, name string) {
	path := strings.TrimPrefix(u.Path, "/")
	if isLocal(u) {
		account, path, _ = strings.Cut(path, "/")
	}
	container, name, _ = strings.Cut(path, "/")
	return account, container, name
}

// isLocal reports whether a URL has the account in its path.
func isLocal(u *url.URL) bool {
	return net.ParseIP(u.Hostname()) != nil || strings.EqualFold(u.Hostname(), "localhost")
}

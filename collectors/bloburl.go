package collectors

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// SplitBlobURL takes the URL of a blob apart, whether the account stands in
// the host or, as in emulators, in the path of an address or of localhost.
func SplitBlobURL(s string) (container, name string, err error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", "", fmt.Errorf("blob URL %q: %w", s, err)
	}
	p := strings.TrimPrefix(u.Path, "/")
	if host := u.Hostname(); net.ParseIP(host) != nil || strings.EqualFold(host, "localhost") {
		_, p, _ = strings.Cut(p, "/")
	}
	container, name, ok := strings.Cut(p, "/")
	if !ok || container == "" || name == "" || u.Host == "" {
		return "", "", fmt.Errorf("blob URL %q names no container and blob", s)
	}
	return container, name, nil
}

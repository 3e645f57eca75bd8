package collectors

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/url"
	"strings"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// Storage is a place in blob storage, as a URL names it: a container, the
// blobs of it whose names begin with a prefix, or one blob.
type Storage struct {
	Account   string // URL of the blob service, without a slash at its end
	Container string
	Prefix    string // empty for the whole container
	SAS       string // shared access signature, a secret; empty to sign in

	Blobs      plan.Blobs // of the account; ParseStorage does not open it
	Start, End time.Time  // leave out hours of flow logs that hold nothing between them; zero for all

	whole bool // Prefix turned out to be the name of a blob, which is meant alone
}

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

// ParseStorage takes a URL apart. The account stands in the host or, as in
// emulators, in the path of an address or of localhost. Errors do not show the
// URL.
func ParseStorage(arg string) (Storage, error) {
	u, err := url.Parse(arg)
	bad := func(format string, args ...any) (Storage, error) {
		return Storage{}, fmt.Errorf("the URL "+format, args...)
	}
	if err != nil || u.Hostname() == "" {
		return bad("is no URL that can be read: special characters in names of blobs are written as %%xx")
	}
	local := isLocal(u.Hostname())
	s := Storage{Account: strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host), SAS: u.RawQuery}
	p := strings.TrimPrefix(u.Path, "/")
	if local {
		var account string
		account, p, _ = strings.Cut(p, "/")
		s.Account += "/" + account
	}
	s.Container, s.Prefix, _ = strings.Cut(p, "/")
	switch host := strings.ToLower(u.Hostname()); {
	case strings.EqualFold(u.Scheme, "http") && !local:
		return bad("is not https, and signatures and tokens go over https only")
	case strings.Contains(host, ".dfs.core."):
		return bad("is the URL of a data lake: flowctl reads the same data at %s", strings.Replace(host, ".dfs.", ".blob.", 1))
	case s.Container == "":
		return bad("names no container: VNet flow logs are in %s, those of NSGs in %s", flowlog.VNetContainer, flowlog.NSGContainer)
	case s.SAS != "" && !u.Query().Has("sig"):
		return bad("its query is no shared access signature, which has a sig: put the URL in quotes, since the shell cuts it at &")
	}
	return s, nil
}

// isLocal reports whether a host has the account in its path.
func isLocal(host string) bool {
	return net.ParseIP(host) != nil || strings.EqualFold(host, "localhost")
}

// URL is where a blob lies, as people write it.
func (s Storage) URL(name string) string {
	if name == "" {
		return s.Account + "/" + s.Container
	}
	return s.Account + "/" + s.Container + "/" + name
}

// walk yields the blobs that s means, in the order of their names, as they
// are listed. Of flow logs it asks only for hours of the window. That there is
// none is an error.
func (s *Storage) walk(ctx context.Context, yield func(plan.Blob, error) bool) bool {
	some, more := false, true
	for b, err := range s.blobs(ctx) {
		some = true
		if more = yield(b, err); !more {
			break
		}
	}
	if !some {
		return yield(plan.Blob{}, s.nothing())
	}
	return more
}

func (s *Storage) nothing() error {
	what := "the container is empty"
	if s.Prefix != "" {
		what = "no blob has a name that begins so"
	}
	if !s.End.IsZero() {
		what = "there is no flow log of this time"
	}
	return errors.New(what)
}

// blobs yields what s means, without the empty blobs that stand for folders.
func (s *Storage) blobs(ctx context.Context) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		if s.one() {
			yield(s.Blobs.Stat(ctx, s.Container, s.Prefix))
			return
		}
		var empty *plan.Blob // may be a folder: the next name tells
		for b, err := range s.listed(ctx) {
			if empty != nil && (err != nil || !strings.HasPrefix(b.Name, empty.Name+"/")) && !yield(*empty, nil) {
				return
			}
			if empty = nil; err == nil && b.Size == 0 {
				empty = &b
				continue
			}
			s.whole = err == nil && b.Name == s.Prefix
			if !yield(b, err) || err != nil || s.whole {
				return
			}
		}
		if empty != nil {
			yield(*empty, nil)
		}
	}
}

// one reports whether the signature is of one blob, so that nothing can be
// listed.
func (s *Storage) one() bool {
	q, err := url.ParseQuery(s.SAS)
	return err == nil && q.Get("sr") == "b"
}

// listed lists the window's hours if the names say hours, else all.
func (s *Storage) listed(ctx context.Context) iter.Seq2[plan.Blob, error] {
	if s.End.IsZero() {
		return s.Blobs.List(ctx, s.Container, s.Prefix)
	}
	h := hours{Storage: *s, ctx: ctx}
	if s.Container == flowlog.VNetContainer || s.Container == flowlog.NSGContainer {
		return h.list
	}
	return func(yield func(plan.Blob, error) bool) {
		for b, err := range s.Blobs.List(ctx, s.Container, s.Prefix) {
			if err == nil && !h.wanted(b.Name) {
				continue
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// wanted reports whether a blob can hold something of the window: one of
// which the name says no hour can.
func (h *hours) wanted(name string) bool {
	p, ok := flowlog.ParsePath(name)
	return !ok || h.meets(p.Hour, p.Hour.Add(time.Hour))
}

// met reports whether b is one of the blobs that s, which was walked, means.
func (s *Storage) met(account string, b plan.Blob) bool {
	if s.Account != account || s.Container != b.Container {
		return false
	}
	return b.Name == s.Prefix || !s.whole && strings.HasPrefix(b.Name, s.Prefix)
}

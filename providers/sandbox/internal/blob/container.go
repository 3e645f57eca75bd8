package blob

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// containerName is the documented form of a container's name.
var containerName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\$root|\$web|\$logs|[a-z0-9]([a-z0-9]|-[a-z0-9]){2,62})$`)
})

// Containers lists an account's containers by name: those that Azure made and
// those that clients made.
func (s *Service) Containers(account string) ([]Container, error) {
	made, err := s.source.Containers(account)
	if err != nil {
		return nil, err
	}
	index, err := s.uploads.read()
	if err != nil {
		return nil, err
	}
	byName := map[string]Container{}
	for _, c := range made {
		byName[c.Name] = c
	}
	for name, c := range index.Accounts[account] {
		if c.Created.IsZero() {
			continue // only remembers what clients did to blobs of the source
		}
		byName[name] = Container{Name: name, Modified: c.Created}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b Container) int { return cmp.Compare(a.Name, b.Name) }), nil
}

func (q *request) findContainer() (Container, error) {
	all, err := q.s.Containers(q.account)
	if err != nil {
		return Container{}, err
	}
	i := slices.IndexFunc(all, func(c Container) bool { return c.Name == q.container })
	if i < 0 {
		return Container{}, errContainerNotFound
	}
	return all[i], nil
}

func (q *request) needContainer() error {
	_, err := q.findContainer()
	return err
}

// containerETag is with quotes, as headers show it.
func containerETag(c Container) string {
	h := fnv.New64a()
	fmt.Fprint(h, c.Name, c.Modified.UnixNano())
	return fmt.Sprintf(`"0x8D%013X"`, h.Sum64()>>12)
}

func (q *request) containerProperties() error {
	c, err := q.findContainer()
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Etag", containerETag(c))
	h.Set("Last-Modified", httpTime(c.Modified))
	h.Set("X-Ms-Lease-State", "available")
	h.Set("X-Ms-Lease-Status", "unlocked")
	h.Set("X-Ms-Has-Immutability-Policy", "false")
	h.Set("X-Ms-Has-Legal-Hold", "false")
	h.Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (q *request) createContainer() error {
	if q.comp != "" {
		return q.unserved()
	}
	if err := q.s.MakeContainer(q.r.Context(), q.account, q.container); err != nil {
		return err
	}
	c := Container{Name: q.container, Modified: q.now}
	q.w.Header().Set("Etag", containerETag(c))
	q.w.Header().Set("Last-Modified", httpTime(c.Modified))
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusCreated)
	return nil
}

// MakeContainer makes a container. It fails with an Error if the name cannot
// be one, or if there is one of that name.
func (s *Service) MakeContainer(ctx context.Context, account, name string) error {
	if !containerName().MatchString(name) || len(name) > 63 {
		return errResourceName
	}
	made, err := s.source.Containers(account)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(made, func(c Container) bool { return c.Name == name }) {
		return errContainerExists
	}
	return s.uploads.update(ctx, func(x *index) error {
		c := x.container(account, name)
		if !c.Created.IsZero() {
			return errContainerExists
		}
		c.Created = s.clock.Now()
		return nil
	})
}

func (q *request) deleteContainer() error {
	if q.comp != "" {
		return q.unserved()
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	if err := q.s.RemoveContainer(q.r.Context(), q.account, q.container); err != nil {
		return err
	}
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusAccepted)
	return nil
}

// RemoveContainer removes a container's blobs. One that Azure writes to is
// there again at once, empty until Azure writes the next blob.
func (s *Service) RemoveContainer(ctx context.Context, account, name string) error {
	q := &request{s: s, account: account, container: name}
	for blob, err := range q.names("", "") {
		if err != nil {
			return err
		}
		if err := s.uploads.update(ctx, func(x *index) error { return q.remove(x, blob) }); err != nil {
			return err
		}
	}
	return s.uploads.update(ctx, func(x *index) error {
		x.container(account, name).Created = time.Time{}
		return nil
	})
}

// Empty forgets what clients put into an account of that name before: a new
// account begins with nothing.
func (s *Service) Empty(ctx context.Context, account string) error {
	return s.uploads.update(ctx, func(x *index) error {
		delete(x.Accounts, account)
		return nil
	})
}

// names yields the names of the source's blobs and of uploaded ones, merged.
func (q *request) names(prefix, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		x, err := q.s.uploads.read()
		if err != nil {
			yield("", err)
			return
		}
		own := x.names(q.account, q.container, prefix, from)
		for name, err := range q.s.source.Names(q.account, q.container, prefix, from) {
			if err != nil {
				yield("", err)
				return
			}
			for len(own) > 0 && own[0] < name {
				if !yield(own[0], nil) {
					return
				}
				own = own[1:]
			}
			if len(own) > 0 && own[0] == name {
				own = own[1:]
			}
			if !yield(name, nil) {
				return
			}
		}
		for _, name := range own {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// lookUp returns the blob of that name as it is now: what a client put there,
// else what the source has, unless a client deleted it.
func (q *request) lookUp(name string) (Blob, bool, error) {
	x, err := q.s.uploads.read()
	if err != nil {
		return Blob{}, false, err
	}
	return q.lookUpIn(x, name)
}

func (q *request) lookUpIn(x *index, name string) (Blob, bool, error) {
	if up := x.blob(q.account, q.container, name); up != nil {
		if up.committed() || up.Deleted {
			return q.s.uploads.open(up), !up.Deleted, nil
		}
	}
	return q.s.source.Blob(q.account, q.container, name)
}

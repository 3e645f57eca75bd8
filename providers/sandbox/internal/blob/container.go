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
	x, err := s.uploads.read()
	if err != nil {
		return nil, err
	}
	return s.containersIn(x, account)
}

func (s *Service) containersIn(x *index, account string) ([]Container, error) {
	made, err := s.source.Containers(account)
	if err != nil {
		return nil, err
	}
	byName := map[string]Container{}
	for _, c := range made {
		byName[c.Name] = c
	}
	for name, c := range x.Accounts[account] {
		at, known := byName[name]
		if c.Created.IsZero() && !known {
			continue // only remembers what clients did to blobs of the source
		}
		at.Name, at.containerState = name, c.State
		for _, t := range []time.Time{c.Created, c.Modified} {
			if t.After(at.Modified) {
				at.Modified = t
			}
		}
		byName[name] = at
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b Container) int { return cmp.Compare(a.Name, b.Name) }), nil
}

func (q *request) findContainer() (Container, error) {
	x, err := q.s.uploads.read()
	if err != nil {
		return Container{}, err
	}
	return q.findContainerIn(x)
}

func (q *request) findContainerIn(x *index) (Container, error) {
	all, err := q.s.containersIn(x, q.account)
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

// ETag is without quotes.
func (c Container) ETag() string {
	h := fnv.New64a()
	fmt.Fprint(h, c.Name, c.Modified.UnixNano(), c.Changes)
	return fmt.Sprintf("0x8D%013X", h.Sum64()>>12)
}

func (q *request) containerProperties() error {
	c, err := q.findContainer()
	if err != nil {
		return err
	}
	if err := q.containerConditions(c, reads); err != nil {
		return err
	}
	q.stamp(c.ETag(), c.Modified)
	q.metadataHeaders(c.Metadata)
	if q.comp == "metadata" {
		return q.empty(http.StatusOK)
	}
	q.leaseState(c.Lease)
	h := q.w.Header()
	if c.Public != "" {
		h.Set("X-Ms-Blob-Public-Access", c.Public)
	}
	h.Set("X-Ms-Has-Immutability-Policy", "false")
	h.Set("X-Ms-Has-Legal-Hold", "false")
	h.Set("X-Ms-Default-Encryption-Scope", "$account-encryption-key")
	h.Set("X-Ms-Deny-Encryption-Scope-Override", "false")
	h.Set("X-Ms-Immutable-Storage-With-Versioning-Enabled", "false")
	return q.empty(http.StatusOK)
}

func (q *request) createContainer() error {
	public := q.r.Header.Get("X-Ms-Blob-Public-Access")
	if err := publicAccess(public); err != nil {
		return err
	}
	state := containerState{Metadata: metadataOf(q.r.Header), Public: public}
	if err := q.s.makeContainer(q.r.Context(), q.account, q.container, state); err != nil {
		return err
	}
	c := Container{Name: q.container, Modified: q.now}
	q.stamp(c.ETag(), c.Modified)
	return q.empty(http.StatusCreated)
}

// editContainer lets f change a container, if the request's conditions hold,
// and returns it as it is then. A lease is no change of the container.
func (q *request) editContainer(f func(*uploadedContainer) error) (c Container, err error) {
	err = q.s.uploads.update(q.r.Context(), func(x *index) error {
		if c, err = q.findContainerIn(x); err != nil {
			return err
		}
		if err := q.containerConditions(c, changes); err != nil {
			return err
		}
		held := x.container(q.account, q.container)
		if err := f(held); err != nil {
			return err
		}
		if q.comp != "lease" {
			held.Modified = q.now
			held.State.Changes++
		}
		c, err = q.findContainerIn(x)
		return err
	})
	return c, err
}

func (q *request) setContainerMetadata() error {
	c, err := q.editContainer(func(c *uploadedContainer) error {
		c.State.Metadata = metadataOf(q.r.Header)
		return nil
	})
	if err != nil {
		return err
	}
	q.stamp(c.ETag(), c.Modified)
	return q.empty(http.StatusOK)
}

// MakeContainer makes a container. It fails with an Error if the name cannot
// be one, or if there is one of that name.
func (s *Service) MakeContainer(ctx context.Context, account, name string) error {
	return s.makeContainer(ctx, account, name, containerState{})
}

func (s *Service) makeContainer(ctx context.Context, account, name string, state containerState) error {
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
		c.Created, c.State = s.clock.Now(), state
		return nil
	})
}

func (q *request) deleteContainer() error {
	c, err := q.findContainer()
	if err != nil {
		return err
	}
	if err := q.containerConditions(c, changes); err != nil {
		return err
	}
	if err := q.s.RemoveContainer(q.r.Context(), q.account, q.container); err != nil {
		return err
	}
	return q.empty(http.StatusAccepted)
}

// RemoveContainer removes a container's blobs. One that Azure writes to is
// there again at once, empty until Azure writes the next blob.
func (s *Service) RemoveContainer(ctx context.Context, account, name string) error {
	q := &request{s: s, account: account, container: name}
	for blob, err := range q.names("", "", func(*uploadBlob) bool { return true }) {
		if err != nil {
			return err
		}
		if err := s.uploads.update(ctx, func(x *index) error { return q.forget(x, blob) }); err != nil {
			return err
		}
	}
	return s.uploads.update(ctx, func(x *index) error {
		c := x.container(account, name)
		c.Created, c.Modified, c.State = time.Time{}, time.Time{}, containerState{}
		return nil
	})
}

// Empty forgets what clients put into an account of that name before: a new
// account begins with nothing.
func (s *Service) Empty(ctx context.Context, account string) error {
	return s.uploads.update(ctx, func(x *index) error {
		delete(x.Accounts, account)
		delete(x.Services, account)
		return nil
	})
}

// names yields the names of the source's blobs and of uploaded ones of which
// want is true, merged.
func (q *request) names(prefix, from string, want func(*uploadBlob) bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		x, err := q.s.uploads.read()
		if err != nil {
			yield("", err)
			return
		}
		own := x.names(q.account, q.container, prefix, from, want)
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

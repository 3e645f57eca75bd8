package arm

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"

	"flowctl/providers/sandbox/internal/world"
)

// Containers are the containers of storage accounts, which the Blob service
// keeps. Accounts are named in lower case.
type Containers interface {
	List(account string) ([]Container, error)
	Make(ctx context.Context, account, name string) error
	Remove(ctx context.Context, account, name string) error
	Empty(ctx context.Context, account string) error // forgets what an earlier account of that name held
}

// Container is one that the Blob service has.
type Container struct {
	Name     string
	Modified time.Time
}

// containerName is the documented form of a container's name.
var containerName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\$root|\$web|\$logs|[a-z0-9](-?[a-z0-9]){2,62})$`) })

// errOfWorld refuses to change a container of the world's file, whose locks
// are a part of it. Its code is the sandbox's own choice.
func errOfWorld(name string) *Error {
	return refuse(http.StatusConflict, "ContainerOperationFailure", "The container %s is one of the sandbox's world and cannot be changed.", name)
}

var errNoContainer = refuse(404, "ContainerNotFound", "The specified container does not exist.")

// held lists the containers that the Blob service has of an account, without
// those of the world.
func (q *request) held(a *world.StorageAccount) ([]Container, error) {
	if q.containers == nil {
		return nil, nil
	}
	all, err := q.containers.List(strings.ToLower(a.Name))
	return slices.DeleteFunc(all, func(c Container) bool { return ofWorld(a, c.Name) }), err
}

func ofWorld(a *world.StorageAccount, container string) bool {
	return slices.ContainsFunc(a.Containers, func(c world.Container) bool { return c.Name == container })
}

// findHeld is the container in the path among those.
func (q *request) findHeld(a *world.StorageAccount) (Container, error) {
	all, err := q.held(a)
	i := slices.IndexFunc(all, func(c Container) bool { return c.Name == q.path["container"] })
	if err == nil && i < 0 {
		err = errNoContainer
	}
	if err != nil {
		return Container{}, err
	}
	return all[i], nil
}

// heldDoc shows a container: what a client put of it, and what the service
// fills in.
func (q *request) heldDoc(st *State, a *world.StorageAccount, c Container) map[string]any {
	id := containerID(a, world.Container{Name: c.Name})
	doc := map[string]any{}
	if m := q.at(st, id); m != nil {
		doc = clone(m.body())
	}
	props := object(doc, "properties")
	doc["id"], doc["name"], doc["type"], doc["properties"] = id, c.Name, containerType, props
	doc["etag"] = `"` + q.world.GUID(id.Key()+c.Modified.String()) + `"`
	props["lastModifiedTime"], props["leaseStatus"], props["leaseState"] = c.Modified.UTC().Format(sevenDigits), "Unlocked", "Available"
	props["hasImmutabilityPolicy"], props["hasLegalHold"], props["deleted"], props["remainingRetentionDays"] = false, false, false, 0
	orElse(props, map[string]any{"publicAccess": "None", "defaultEncryptionScope": "$account-encryption-key", "denyEncryptionScopeOverride": false})
	return doc
}

// listContainers lists the containers of the world and of the Blob service.
func (q *request) listContainers() (reply, error) {
	a, st, err := q.findAccount()
	if err != nil {
		return reply{}, err
	}
	held, err := q.held(a)
	if err != nil {
		return reply{}, err
	}
	var all []func() any
	for _, c := range a.Containers {
		all = append(all, func() any {
			return armstorage.ListContainerItem{ID: id(containerID(a, c)), Name: &c.Name, Type: to.Ptr(containerType),
				Etag: to.Ptr(`"` + q.world.GUID(string(containerID(a, c))) + `"`), Properties: q.containerProperties(a, c)}
		})
	}
	for _, c := range held {
		all = append(all, func() any { return q.heldDoc(st, a, c) })
	}
	return paged(q, all, func(draw func() any) any { return draw() })
}

// orHeld answers with the world's container, or with one of the Blob service's.
func (q *request) orHeld() (reply, error) {
	a, st, err := q.findAccount()
	if err != nil {
		return reply{}, err
	}
	if ofWorld(a, q.path["container"]) {
		return q.getContainer()
	}
	c, err := q.findHeld(a)
	if err != nil {
		return reply{}, err
	}
	return ok(q.heldDoc(st, a, c))
}

func (q *request) putContainer() (reply, error) {
	a, _, err := q.findAccount()
	if err != nil {
		return reply{}, err
	}
	var body map[string]any
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	name := q.path["container"]
	switch {
	case ofWorld(a, name):
		return reply{}, errOfWorld(name)
	case !containerName().MatchString(name) || len(name) > 63:
		return reply{}, refuse(400, "ContainerNameInvalid", "The specified container name %s is invalid: 3 to 63 lower-case letters, digits and single hyphens.", name)
	case q.containers == nil:
		return reply{}, refuse(500, "InternalServerError", "This sandbox has no Blob service.")
	}
	code := http.StatusOK
	if _, err := q.findHeld(a); err != nil {
		code = http.StatusCreated
		if err := q.containers.Make(q.r.Context(), strings.ToLower(a.Name), name); err != nil {
			return reply{}, err
		}
	}
	return q.keepContainer(a, code, func(map[string]any) map[string]any { return body })
}

func (q *request) patchContainer() (reply, error) {
	a, _, err := q.findAccount()
	if err != nil {
		return reply{}, err
	}
	var body map[string]any
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if _, err := q.findHeld(a); err != nil {
		return reply{}, err
	}
	return q.keepContainer(a, http.StatusOK, func(old map[string]any) map[string]any {
		old = clone(old)
		merge(old, body)
		return old
	})
}

// keepContainer remembers what a client said of a container: its metadata, and
// who may read it.
func (q *request) keepContainer(a *world.StorageAccount, code int, body func(old map[string]any) map[string]any) (rep reply, err error) {
	c, err := q.findHeld(a)
	if err != nil {
		return reply{}, err
	}
	id := containerID(a, world.Container{Name: c.Name})
	err = q.update(q.r.Context(), func(st *State) error {
		m := q.at(st, id)
		if m == nil {
			m = &Resource{Anew: true, ID: id, Type: containerType, GUID: q.world.GUID(string(id)), Created: q.now.UTC(), Body: map[string]any{}}
			st.Resources = append(st.Resources, m)
		}
		m.Serial++
		m.Body = map[string]any{"properties": object(body(m.Body), "properties")}
		rep = reply{status: code, body: q.heldDoc(st, a, c)}
		return nil
	})
	return rep, err
}

func (q *request) deleteContainer() (reply, error) {
	a, _, err := q.findAccount()
	if err != nil {
		return reply{}, err
	}
	id := containerID(a, world.Container{Name: q.path["container"]})
	if ofWorld(a, id.Name()) {
		return reply{}, errOfWorld(id.Name())
	}
	if _, err := q.findHeld(a); err != nil {
		return reply{status: http.StatusNoContent}, nil
	}
	if err := q.containers.Remove(q.r.Context(), strings.ToLower(a.Name), id.Name()); err != nil {
		return reply{}, err
	}
	err = q.update(q.r.Context(), func(st *State) error {
		if m := q.at(st, id); m != nil {
			q.remove(st, m, 0)
		}
		return nil
	})
	return reply{status: http.StatusOK}, err
}

// wroteAccount empties a new account: what an account of that name held before
// was deleted with it.
func (q *request) wroteAccount(_ *State, m *Resource) error {
	if m.Serial > 1 || q.containers == nil {
		return nil
	}
	return q.containers.Empty(q.r.Context(), m.ID.Name())
}

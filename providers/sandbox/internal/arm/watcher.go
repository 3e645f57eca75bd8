package arm

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/world"
)

const watcherType = "Microsoft.Network/networkWatchers"

type watcherDoc struct {
	Name       string            `json:"name"`
	ID         plan.ID           `json:"id"`
	Etag       string            `json:"etag"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Properties struct {
		ProvisioningState   string   `json:"provisioningState"`
		RunningOperationIDs []string `json:"runningOperationIds"`
	} `json:"properties"`
}

// etag is the watcher's, and that of all its children: every write to one of
// them changes it.
func (q *request) etag(w *Watcher) string {
	return `W/"` + q.world.GUID(fmt.Sprintf("%s %s %d", w.ID.Key(), w.GUID, w.Serial)) + `"`
}

func (q *request) watcherDoc(st *State, w *Watcher) watcherDoc {
	doc := watcherDoc{Name: w.ID.Name(), ID: w.ID, Etag: q.etag(w), Type: watcherType, Location: w.Location, Tags: w.Tags}
	doc.Properties.ProvisioningState = "Succeeded"
	if !w.Gone.IsZero() {
		doc.Properties.ProvisioningState = "Deleting"
	}
	doc.Properties.RunningOperationIDs = []string{}
	for _, op := range st.Operations {
		if q.now.Before(op.End) && strings.HasPrefix(op.Resource.Key()+"/", w.ID.Key()+"/") {
			doc.Properties.RunningOperationIDs = append(doc.Properties.RunningOperationIDs, op.ID)
		}
	}
	return doc
}

func (q *request) watcherID(st *State) plan.ID {
	return plan.ID("/subscriptions/" + q.sub() + "/resourceGroups/" + q.groupName(st, q.path["group"]) +
		"/providers/" + watcherType + "/" + q.path["watcher"])
}

// findWatcher returns the watcher in the path.
func (q *request) findWatcher(st *State) (*Watcher, error) {
	if w := st.watcher(q.watcherID(st), q.now); w != nil {
		return w, nil
	}
	return nil, errNotFound(watcherType+"/"+q.path["watcher"], q.path["group"])
}

// parent returns the watcher in the path for a write to one of its children.
func (q *request) parent(st *State, kind string) (*Watcher, error) {
	w := st.watcher(q.watcherID(st), q.now)
	if w == nil || !w.Gone.IsZero() {
		return nil, errParent("networkWatchers/"+kind, q.watcherID(st))
	}
	return w, nil
}

// findChild returns what the path names below a watcher, and the watcher,
// which is nil if it is that which is missing.
func findChild[T any](q *request, st *State, kind string, find func(plan.ID, time.Time) *T) (*Watcher, *T, error) {
	missing := errNotFound(watcherType+"/"+q.path["watcher"]+"/"+kind+"/"+q.path["name"], q.path["group"])
	w := st.watcher(q.watcherID(st), q.now)
	if w == nil {
		return nil, nil, missing
	}
	if c := find(w.ID+"/"+plan.ID(kind)+"/"+plan.ID(q.path["name"]), q.now); c != nil {
		return w, c, nil
	}
	return w, nil, missing
}

func (q *request) listWatchers() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var docs []watcherDoc
	for _, w := range inPath(q, st.Watchers, func(w *Watcher) plan.ID { return w.ID }) {
		if there(w.Gone, q.now) {
			docs = append(docs, q.watcherDoc(st, w))
		}
	}
	return whole(docs)
}

func (q *request) getWatcher() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, err := q.findWatcher(st)
	if err != nil {
		return reply{}, err
	}
	return tagged(q.etag(w), q.watcherDoc(st, w))
}

// tagged answers with a document and its etag.
func tagged(etag string, doc any) (reply, error) {
	return reply{status: http.StatusOK, body: doc, header: http.Header{"Etag": {etag}}}, nil
}

func (q *request) putWatcher() (reply, error) {
	var body struct {
		Location string            `json:"location"`
		Tags     map[string]string `json:"tags"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	location, err := q.place(body.Location, watcherType)
	if err != nil {
		return reply{}, err
	}
	return q.writeWatcher(q.told, func(st *State) (*Watcher, int, error) {
		w := st.watcher(q.watcherID(st), q.now)
		if w == nil {
			w = &Watcher{ID: q.watcherID(st), Location: location, GUID: q.world.GUID(fmt.Sprint(q.watcherID(st), q.now.UnixNano())), Tags: body.Tags}
			return w, http.StatusCreated, q.addWatcher(st, w)
		}
		if !region.Same(w.Location, body.Location) {
			return nil, 0, refuse(409, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
				"A resource with the same name cannot be created in location '%s'.", w.ID.Name(), w.Location, q.path["group"], body.Location)
		}
		w.Tags = body.Tags
		return w, http.StatusOK, nil
	})
}

// addWatcher keeps to one watcher per region.
func (q *request) addWatcher(st *State, w *Watcher) error {
	for _, other := range st.Watchers {
		if there(other.Gone, q.now) && region.Same(other.Location, w.Location) && strings.EqualFold(other.ID.Subscription(), w.ID.Subscription()) {
			return refuse(400, "NetworkWatcherCountLimitReached",
				"Cannot create more than 1 network watchers for this subscription in this region.")
		}
	}
	st.Watchers = append(st.Watchers, w)
	return nil
}

func (q *request) patchWatcher() (reply, error) {
	var body struct {
		Tags map[string]string `json:"tags"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	tag := func(_ *State, w *Watcher) (http.Header, error) { return http.Header{"Etag": {q.etag(w)}}, nil }
	return q.writeWatcher(tag, func(st *State) (*Watcher, int, error) {
		w, err := q.findWatcher(st)
		if err != nil {
			return nil, 0, err
		}
		w.Tags = body.Tags
		return w, http.StatusOK, nil
	})
}

// told is where the operation of a PUT can be asked for, though it is done
// (recordings java-network-watcher-crud, net-fluent-network-watcher).
func (q *request) told(st *State, w *Watcher) (http.Header, error) {
	op, err := q.begin(st, w.ID, w.Location, 0, http.StatusOK, nil)
	if err != nil {
		return nil, err
	}
	h := q.started(op, 0, nil).header
	h.Del("Retry-After")
	return h, nil
}

// writeWatcher makes a change that is done at once.
func (q *request) writeWatcher(header func(*State, *Watcher) (http.Header, error), change func(*State) (*Watcher, int, error)) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, code, err := change(st)
		if err != nil {
			return err
		}
		w.Serial++
		h, err := header(st, w)
		rep = reply{status: code, header: h, body: q.watcherDoc(st, w)}
		return err
	})
	return rep, err
}

// deleteWatcher removes a watcher with all that it recorded.
func (q *request) deleteWatcher() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w := st.watcher(q.watcherID(st), q.now)
		if w == nil {
			rep = reply{status: http.StatusNoContent}
			return nil
		}
		if err := q.free(st, w.ID, w.ID); err != nil {
			return err
		}
		w.Gone = q.now.Add(deleteTime)
		q.endChildren(st, w)
		op, err := q.begin(st, w.ID, w.Location, deleteTime, http.StatusNoContent, nil)
		if err != nil {
			return err
		}
		rep = q.accepted(op)
		return nil
	})
	return rep, err
}

func (q *request) endChildren(st *State, w *Watcher) {
	for _, l := range st.FlowLogs {
		if l.ID.Parent().Is(w.ID) && there(l.Gone, q.now) {
			l.end(q.now)
			l.Gone = w.Gone
		}
	}
	for _, c := range st.Captures {
		if c.ID.Parent().Is(w.ID) && there(c.Gone, q.now) {
			c.stop(q.now)
			c.Gone = w.Gone
		}
	}
}

// validName is the form of the names of flow logs and captures.
func validName(name string) bool {
	word := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	if name == "" || len(name) > 80 || !word(name[0]) {
		return false
	}
	for i := range len(name) {
		if !word(name[i]) && !strings.ContainsRune("_.-", rune(name[i])) {
			return false
		}
	}
	last := name[len(name)-1]
	return word(last) || last == '_'
}

func errName(name string) *Error {
	return refuse(400, "InvalidResourceName", "Resource name %s is invalid. The name can be up to 80 characters long. It must begin with a word "+
		"character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.", name)
}

// targetOf returns where a target of a recording is, and its GUID; ok is
// false if there is none.
func (q *request) targetOf(st *State, target plan.ID) (location, guid string, ok bool) {
	m := q.at(st, target)
	if m != nil && strings.EqualFold(m.Type, subnetType) {
		location, _, ok = q.targetOf(st, target.Parent())
		return location, m.GUID, ok
	}
	if m == nil {
		return "", "", false
	}
	return m.Location, m.GUID, true
}

// near refuses what refers to something that is not there, or in another region.
// That it may not be in another subscription either is the sandbox's own
// choice of code; Azure's documentation wants an interface, its network and
// its machine in one.
func (q *request) near(st *State, to, from plan.ID, location string) error {
	at, _, ok := q.targetOf(st, to)
	if !ok || !region.Same(at, location) || !strings.EqualFold(to.Subscription(), from.Subscription()) {
		return errReference(to, from)
	}
	return nil
}

// checkStorage refuses accounts that recordings cannot be written to.
func (q *request) checkStorage(st *State, storage, from plan.ID, location string) (*world.StorageAccount, error) {
	if !strings.EqualFold(storage.Type(), accountType) {
		return nil, errInvalid("storageId", "'%s' is not the id of a storage account.", storage)
	}
	a, ok := q.described(st, storage).(*world.StorageAccount)
	switch {
	case !ok:
		return nil, refuse(400, "StorageAccountNotFound", "The storage account %s referenced by resource %s was not found.", storage, from)
	case !region.Same(a.Location, location):
		return nil, refuse(400, "StorageAccountNotInSameRegion", "The storage account %s is in region %s. It must be in the same region as the target, %s.",
			storage, a.Location, location)
	case strings.HasPrefix(a.SKU, "Premium"):
		return nil, refuse(400, "StorageAccountTypeNotSupported", "The storage account %s has the SKU %s. Only standard storage accounts are supported.",
			storage, a.SKU)
	}
	return a, nil
}

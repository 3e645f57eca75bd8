package plan

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Provider is one Azure, seen through one subscription.
//
// Errors that users see say what was asked and what Azure answered, as
// status, code and sentence; ErrNotFound is wrapped where a thing is not there.
type Provider interface {
	Checker
	Installer

	// Subscription is the id of the subscription.
	Subscription() string
	// Clock is the time in which deadlines are kept: the world's own in the sandbox.
	Clock() Clock
	// Inventory reads what the subscription holds, without what Guards reads.
	Inventory(ctx context.Context) (*Inventory, error)
	// Recordings lists the flow logs and captures of all watchers, without the state of captures.
	Recordings(ctx context.Context, watchers []Watcher) ([]Recording, error)
	// Start creates the flow log or capture of s, waits until Azure has done so,
	// reads it back and compares. It fails with ErrExists rather than change one
	// that is there, with ErrNoAgent where a capture needs one, and with ErrTooLate rather than write at or after the
	// deadline of s.
	Start(ctx context.Context, s Session) (Recording, error)
	// Status reads a recording again, a capture with its state.
	Status(ctx context.Context, r Recording) (Recording, error)
	// Stop ends a capture, or switches a flow log off, and its Traffic Analytics
	// with it. Stopping one that has ended is no error.
	Stop(ctx context.Context, r Recording) error
	// Remove deletes a recording and waits until it is gone. The data stays.
	Remove(ctx context.Context, r Recording) error
	// Blobs opens the blob service at a storage account's blob URL.
	Blobs(ctx context.Context, blobURL string) (Blobs, error)
	// Store opens what flowctl keeps in a container of a storage account.
	Store(ctx context.Context, account ID, container, prefix string) (Store, error)
}

// Checker answers what only a plan asks, one thing at a time.
type Checker interface {
	// Guards fills in the parts of inv that only a plan needs: Tenant,
	// Registered, Locks, Policies, Quotas, PrivateEndpoints and RouteTables. A part
	// that cannot be read is named in inv.Unread, and is no error.
	Guards(ctx context.Context, inv *Inventory) error
	// Permissions are the caller's at a scope: a subscription, group or resource.
	Permissions(ctx context.Context, scope ID) ([]Permission, error)
	// Lifecycle reads the management policy of a storage account.
	Lifecycle(ctx context.Context, account ID) (Lifecycle, error)
	// Query returns the ids that a Resource Graph query selects, over the
	// subscriptions named or, if none is, the provider's own.
	Query(ctx context.Context, query string, subscriptions []string) ([]ID, error)
	// Requests counts the calls made so far, by method and resource type.
	Requests() map[string]int
}

// Finder tells whether something is there; ErrNotFound if it is not.
type Finder interface {
	Find(ctx context.Context, id ID) error
}

// Extender writes to a flow log when it is to end, as its tags say: any machine, and
// whoever sweeps, goes by that.
type Extender interface {
	Extend(ctx context.Context, r Recording, end time.Time) error
}

// Mender changes a flow log of ours so that it is as s says again, and reads it back.
// Tags of others stay.
type Mender interface {
	Mend(ctx context.Context, r Recording, s Session) (Recording, error)
}

// Installer makes what recordings need and takes it away again. What was
// there already is left as it is.
type Installer interface {
	// CreateWatcher makes the Network Watcher of a region, and returns the one
	// that is there if somebody was faster. A region has one for all; it stays.
	CreateWatcher(ctx context.Context, location string) (Watcher, error)
	// InstallAgent adds a to its machine and waits until it works. It fails with
	// ErrExists if the machine has an agent that is not of the same investigation.
	InstallAgent(ctx context.Context, a Agent) error
	// Agents lists the agents that flowctl installed, by their tags and names.
	Agents(ctx context.Context) ([]Agent, error)
	// RemoveAgent deletes an agent and waits until it is gone. One that is gone is
	// no error; one that is somebody else's by now is left, with ErrChanged.
	RemoveAgent(ctx context.Context, a Agent) error
	// RestoreLifecycle puts a management policy back as it was.
	RestoreLifecycle(ctx context.Context, l Lifecycle) error
}

// Blobs reads one storage account.
type Blobs interface {
	// List yields the blobs whose name begins with prefix, in the order of their names.
	List(ctx context.Context, container, prefix string) iter.Seq2[Blob, error]
	// Prefixes yields the parts of names after prefix up to the next slash.
	Prefixes(ctx context.Context, container, prefix string) iter.Seq2[string, error]
	// Stat returns one blob.
	Stat(ctx context.Context, container, name string) (Blob, error)
	// Blocks returns the sizes of the committed blocks, in order.
	Blocks(ctx context.Context, b Blob) ([]int64, error)
	// Open reads length bytes from offset, or all that follow if length is
	// negative, of the version b.ETag; ErrChanged if there is another by now.
	Open(ctx context.Context, b Blob, offset, length int64) (io.ReadCloser, error)
}

// Blob is one blob as a listing shows it.
type Blob struct {
	Container string    `json:"container"`
	Name      string    `json:"name"`
	Size      int64     `json:"size"`
	ETag      string    `json:"etag"`
	Modified  time.Time `json:"modified"`
}

// Errors that providers wrap.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrChanged  = errors.New("changed meanwhile")
	ErrNoAgent  = errors.New("the machine has no Network Watcher agent")
	ErrTooLate  = errors.New("not started in time: the window ended")
)

// Clock tells and passes time.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

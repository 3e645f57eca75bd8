package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Backend keeps one ledger where every run of it finds it.
type Backend interface {
	// Where says for people where the ledger lies.
	Where() string
	// Read returns the latest ledger; an empty one if there is none.
	Read(ctx context.Context) (Ledger, error)
	// Write keeps the ledger that follows l and returns it, or fails with
	// ErrStale if another run wrote first. A reader sees the old or the new one.
	Write(ctx context.Context, l Ledger) (Ledger, error)
	// Lock keeps other runs out; *LockedError says who is in.
	Lock(ctx context.Context, operation string) (Lock, error)
	// Unlock breaks the lock of whoever holds it and says who that was; ok is
	// false if nobody does.
	Unlock(ctx context.Context) (h Holder, ok bool, err error)
	// Keep stores a file of results where every run finds it, and Kept reads it;
	// plan.ErrNotFound if there is none. A backend on this machine keeps nothing
	// more than what is in the results folder.
	Keep(ctx context.Context, name string, b []byte) error
	Kept(ctx context.Context, name string) ([]byte, error)
	// Drop removes a file of results; one that is not there is no error.
	Drop(ctx context.Context, name string) error
	// KeptNames lists the files that begin with prefix, in order.
	KeptNames(ctx context.Context, prefix string) ([]string, error)
}

// Lock is held while a run uses the ledger.
type Lock interface {
	// Hold makes sure that the lock is still held; ErrLost if it is not. Azure
	// Resource Manager knows no fence, so who may have lost the lock must not
	// write to it.
	Hold(ctx context.Context) error
	// Release gives the lock back.
	Release()
}

// ErrLost says that a lock was broken or ran out while it was held.
var ErrLost = errors.New("the lock on the state is lost: another run may be at work, so nothing more is changed; run the command again")

// Holder is who has the ledger locked.
type Holder struct {
	Operation string    `json:"operation"`
	Who       string    `json:"who"` // user@host
	PID       int       `json:"pid"`
	Since     time.Time `json:"since"`
}

// Myself is this process as a holder.
func Myself(operation string) Holder {
	return Holder{operation, Who(), os.Getpid(), time.Now().UTC().Truncate(time.Second)}
}

// Who is the user and machine of this process.
func Who() string {
	host, _ := os.Hostname()
	user := os.Getenv("USER")
	if user == "" {
		user = "somebody"
	}
	return user + "@" + host
}

func (h Holder) String() string {
	if h.Operation == "" {
		return "an unknown operation"
	}
	s := fmt.Sprintf("%s by %s, process %d, since %s", h.Operation, h.Who, h.PID, h.Since.Format(time.RFC3339))
	if age := time.Since(h.Since).Round(time.Second); age >= 0 {
		s += fmt.Sprintf(" (%s ago)", age)
	}
	return s
}

// signed reads who holds a lock that was found taken. Its holder takes the lock
// first and signs then, so it may be a moment until there is a name.
func signed(ctx context.Context, read func(context.Context) Holder) Holder {
	const pause, tries = 50 * time.Millisecond, 20
	for range tries {
		if h := read(ctx); h.Operation != "" {
			return h
		}
		select {
		case <-ctx.Done():
			return Holder{}
		case <-time.After(pause):
		}
	}
	return read(ctx)
}

// LockedError says who holds the lock.
type LockedError struct {
	Where  string
	Holder Holder
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("state %s is in use: %s; wait for it, end that process, or run flowctl state unlock if it is gone", e.Where, e.Holder)
}

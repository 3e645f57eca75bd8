package state

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Holder is who has the state locked.
type Holder struct {
	Operation string    `json:"operation"`
	Who       string    `json:"who"` // user@host
	PID       int       `json:"pid"`
	Since     time.Time `json:"since"`
}

func (h Holder) String() string {
	return fmt.Sprintf("%s by %s, process %d, since %s", h.Operation, h.Who, h.PID, h.Since.Format(time.RFC3339))
}

// LockedError says who holds the lock.
type LockedError struct {
	Path   string
	Holder Holder
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("state %s is in use: %s; wait for it, or end that process", e.Path, e.Holder)
}

// Lock takes the lock for operation and returns what gives it back. The
// operating system gives it back as well when the process ends, however.
func (f *File) Lock(operation string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	l := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if !ok {
		return nil, &LockedError{f.path, f.holder()}
	}
	f.sign(operation)
	return func() {
		os.Remove(f.holderPath())
		l.Unlock()
	}, nil
}

// The holder's name lies beside the lock: a locked file cannot be read on
// every system.
func (f *File) holderPath() string { return f.path + ".holder" }

func (f *File) sign(operation string) {
	host, _ := os.Hostname()
	h := Holder{operation, os.Getenv("USER") + "@" + host, os.Getpid(), time.Now().UTC().Truncate(time.Second)}
	if b, err := json.Marshal(h); err == nil {
		os.WriteFile(f.holderPath(), b, 0o600)
	}
}

// holder is who signed last; unknown if that cannot be read.
func (f *File) holder() Holder {
	h := Holder{Operation: "unknown operation"}
	if b, err := os.ReadFile(f.holderPath()); err == nil {
		json.Unmarshal(b, &h)
	}
	return h
}

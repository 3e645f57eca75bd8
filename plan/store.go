package plan

import (
	"context"
	"errors"
	"time"
)

// Store keeps small blobs below one prefix of a container that flowctl owns:
// the ledger, and what must not be lost with a laptop.
type Store interface {
	// Get reads a blob whole, with its version; ErrNotFound if there is none.
	Get(ctx context.Context, name string) (b []byte, etag string, err error)
	// Put writes a blob whole and returns its version; ErrChanged if c does not
	// hold. A container that is missing is made.
	Put(ctx context.Context, name string, b []byte, c Condition) (etag string, err error)
	// Delete removes a blob; one that is not there is no error.
	Delete(ctx context.Context, name string) error
	// Names lists the blobs whose name begins with prefix, in order.
	Names(ctx context.Context, prefix string) ([]string, error)
	// Lease takes a blob's lease for d, which ends by itself; ErrLeased if
	// somebody else has it.
	Lease(ctx context.Context, name string, d time.Duration) (id string, err error)
	// Renew makes a lease last for its time again; ErrLeased or ErrNotFound if it is
	// no longer the caller's.
	Renew(ctx context.Context, name, id string) error
	// Release gives a lease back.
	Release(ctx context.Context, name, id string) error
	// Break ends the lease of whoever has it; none is no error.
	Break(ctx context.Context, name string) error
}

// Condition is what must hold for a write; the zero Condition always does.
type Condition struct {
	ETag  string // the version that is replaced
	New   bool   // there is none so far
	Lease string // the caller's lease
}

// ErrLeased says that somebody else holds a lease.
var ErrLeased = errors.New("somebody else holds the lease")

// Package blob is the sandbox's Blob service: the REST interface of Azure
// Storage blobs as an http.Handler. Most of what it serves is not
// stored anywhere: a Source makes flow logs and captures when they are read.
// What clients upload is kept in an Uploads.
//
// Shapes, headers and error codes follow the "Blob service REST API" pages of
// Microsoft's documentation.
package blob

import (
	"io"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"flowctl/plan"
)

// Account is a storage account as far as the Blob service knows it.
type Account struct {
	Name      string
	Tenant    string   // GUID, whose tokens are taken; named in the challenge to anonymous requests
	SharedKey bool     // requests may be signed with an account key
	Keys      [][]byte // with which requests are signed; none: any signature will do
	Secret    []byte   // of which user delegation keys are made

	ID     plan.ID
	Region string
	Closed bool // its network rules let no client in
}

// Source is what others than the clients put into storage accounts.
type Source interface {
	// Account returns the account of that name.
	Account(name string) (Account, bool)
	// Containers lists the containers of an account that the source filled.
	Containers(account string) ([]Container, error)
	// Names yields names that begin with prefix and are not before from, in
	// the order of their bytes. Some may turn out not to exist yet.
	Names(account, container, prefix, from string) iter.Seq2[string, error]
	// Blob returns one blob as it is now; false if there is none.
	Blob(account, container, name string) (Blob, bool, error)
}

// Container is a container of an account.
type Container struct {
	Name     string
	Modified time.Time

	containerState
}

// containerState is what clients set on a container.
type containerState struct {
	Changes  int               `json:"changes,omitzero"` // how often it was changed
	Metadata map[string]string `json:"metadata,omitempty"`
	Public   string            `json:"public,omitempty"` // what anybody may read: blob, container
	Policies []accessPolicy    `json:"policies,omitempty"`
	Lease    *lease            `json:"lease,omitempty"`
}

// Blob is one committed version of a blob.
type Blob struct {
	ETag              string // without quotes
	Created, Modified time.Time
	ContentType       string
	Metadata          map[string]string
	Blocks            []Block
	// Copy writes length bytes from offset, which lie within the blob.
	Copy func(w io.Writer, offset, length int64) error

	Kind     string            // BlockBlob if empty
	Headers  map[string]string // other headers of its content, by their canonical names
	Tags     map[string]string
	Tier     tier
	Sealed   bool
	Lease    *lease
	Copied   *copied
	Snapshot string // when the snapshot was taken; empty: the blob itself
	Removed  *removed
}

// Block is a committed block.
type Block struct {
	ID   string // base64, as the block list shows it
	Size int64
}

// Size is the length of the blob.
func (b Blob) Size() int64 {
	var n int64
	for _, k := range b.Blocks {
		n += k.Size
	}
	return n
}

// Options are what a Service serves from.
type Options struct {
	Source   Source
	Uploads  *Uploads
	Clock    plan.Clock
	PageSize int // most entries in one page of a listing; 0: Azure's 5000
	Logger   *slog.Logger
	Guard    Guard
	Real     func() time.Time // by which tokens and signatures are made; nil: time.Now
}

// Service is the Blob service of all accounts of a sandbox.
type Service struct {
	source  Source
	uploads *Uploads
	clock   plan.Clock
	page    int
	log     *slog.Logger
	guard   Guard
	real    func() time.Time

	operations []operation
}

// New returns the Blob service.
func New(o Options) *Service {
	s := &Service{source: o.Source, uploads: o.Uploads, clock: o.Clock, page: o.PageSize, log: o.Logger, guard: o.Guard, real: o.Real, operations: newOperations()}
	if s.page <= 0 || s.page > maxResults {
		s.page = maxResults
	}
	if s.real == nil {
		s.real = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := s.parse(w, r)
	q.commonHeaders()
	if err := q.serve(); err != nil {
		q.fail(err)
	}
}

// serve runs the operation that the request names, if its sender may.
func (q *request) serve() error {
	a, ok := q.s.source.Account(q.account)
	if !ok {
		return errAccount
	}
	if err := q.authorize(a); err != nil {
		return err
	}
	if q.op == nil {
		return q.unserved()
	}
	return q.op.run(q)
}

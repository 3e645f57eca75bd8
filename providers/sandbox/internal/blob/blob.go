// Package blob is the sandbox's Blob service: the REST interface of Azure
// Storage block blobs as an http.Handler. Most of what it serves is not
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
	Tenant    string // GUID, named in the challenge to anonymous requests
	SharedKey bool   // requests may be signed with an account key

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
}

// Blob is one committed version of a block blob.
type Blob struct {
	ETag              string // without quotes
	Created, Modified time.Time
	ContentType       string
	Metadata          map[string]string
	Blocks            []Block
	// Copy writes length bytes from offset, which lie within the blob.
	Copy func(w io.Writer, offset, length int64) error
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
}

// Service is the Blob service of all accounts of a sandbox.
type Service struct {
	source  Source
	uploads *Uploads
	clock   plan.Clock
	page    int
	log     *slog.Logger
	guard   Guard
}

// New returns the Blob service.
func New(o Options) *Service {
	s := &Service{source: o.Source, uploads: o.Uploads, clock: o.Clock, page: o.PageSize, log: o.Logger, guard: o.Guard}
	if s.page <= 0 || s.page > maxResults {
		s.page = maxResults
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
	err := q.authorize()
	if err == nil {
		err = q.serve()
	}
	if err != nil {
		q.fail(err)
	}
}

// serve picks the operation, as Azure does, by method, restype and comp.
func (q *request) serve() error {
	switch {
	case q.container == "":
		return q.serveAccount()
	case q.blob == "":
		return q.serveContainer()
	}
	return q.serveBlob()
}

func (q *request) serveAccount() error {
	if q.comp != "list" {
		return q.unserved()
	}
	return q.only(map[string]func() error{"GET": q.listContainers})
}

func (q *request) serveContainer() error {
	if q.query.Get("restype") != "container" {
		return q.unserved()
	}
	switch q.comp {
	case "list":
		return q.only(map[string]func() error{"GET": q.listBlobs})
	case "", "metadata":
		return q.only(map[string]func() error{
			"GET": q.containerProperties, "HEAD": q.containerProperties,
			"PUT": q.createContainer, "DELETE": q.deleteContainer,
		})
	}
	return q.unserved()
}

func (q *request) serveBlob() error {
	switch q.comp {
	case "":
		return q.only(map[string]func() error{
			"GET": q.getBlob, "HEAD": q.headBlob, "PUT": q.putBlob, "DELETE": q.deleteBlob,
		})
	case "block":
		return q.only(map[string]func() error{"PUT": q.putBlock})
	case "blocklist":
		return q.only(map[string]func() error{"GET": q.getBlockList, "PUT": q.putBlockList})
	case "metadata":
		return q.only(map[string]func() error{"GET": q.headBlob, "HEAD": q.headBlob})
	}
	return q.unserved()
}

// only runs the operation of the request's method.
func (q *request) only(ops map[string]func() error) error {
	if op, ok := ops[q.r.Method]; ok {
		return op()
	}
	q.s.log.Warn("the sandbox does not serve this blob method", "method", q.r.Method, "path", q.r.URL.Path, "comp", q.comp)
	return errUnsupportedVerb
}

func (q *request) unserved() error {
	q.s.log.Warn("the sandbox does not serve this blob operation", "method", q.r.Method, "path", q.r.URL.Path,
		"comp", q.comp, "restype", q.query.Get("restype"))
	return errUnsupportedQuery
}

// Package sandbox is an Azure that runs in the process: Resource Manager and
// Blob service over a simulated world with its own clock. Its provider is the
// azure provider with a transport that does not leave the process, so that all
// of flowctl runs as it would against Azure.
package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"flowctl/plan"
	"flowctl/providers/azure"
	"flowctl/providers/sandbox/internal/arm"
	"flowctl/providers/sandbox/internal/blob"
	"flowctl/providers/sandbox/internal/clock"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/login"
	"flowctl/providers/sandbox/internal/metadata"
	"flowctl/providers/sandbox/internal/recorded"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/wire"
	"flowctl/providers/sandbox/internal/world"
)

// DefaultFactor is how many seconds of the world pass in a real one, unless
// Options say otherwise: ten minutes.
const DefaultFactor = 600

// Options describe a sandbox. The zero value is the built-in world, kept in
// memory.
type Options struct {
	Dir       string    // where changes are kept; empty: in memory
	WorldPath string    // of a world in HCL; empty: the built-in one
	Clock     *float64  // world seconds per real one, 0: time passes only by Sleep; nil: DefaultFactor
	Seed      *int64    // of the traffic; nil: the world's own
	Epoch     time.Time // the world's time at its first use; zero: what the world says
	Join      bool      // another process may serve it: its clock is not set anew
	Logger    *slog.Logger

	Subscription string // of the world's, that the provider is for; empty: the first

	PageSize int              // entries in a page of a listing; 0: as Azure's
	Real     func() time.Time // real time; nil: time.Now

	// Around wraps the way of the provider's requests, for tests that end a run at
	// one of them; nil leaves it as it is.
	Around func(policy.Transporter) policy.Transporter
}

// Sandbox is a simulated Azure.
type Sandbox struct {
	World *world.World

	clock   *clock.Clock
	faults  *fault.Set
	arm     *arm.Server
	blob    *blob.Service
	login   *login.Service
	source  *recorded.Source
	options Options
}

// New returns the provider of the sandbox that o describes.
func New(o Options) (plan.Provider, error) {
	s, err := Open(o)
	if err != nil {
		return nil, err
	}
	return s.Provider()
}

// Open returns the sandbox that o describes. Several processes may have one
// folder open at a time.
func Open(o Options) (*Sandbox, error) {
	w, err := load(o)
	if err != nil {
		return nil, err
	}
	factor := float64(DefaultFactor)
	if o.Clock != nil {
		factor = *o.Clock
	}
	// What New waits for is a lock that others hold for milliseconds.
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	epoch := o.Epoch
	if epoch.IsZero() {
		epoch = w.Epoch
	}
	c, err := clock.New(ctx, clock.Options{Dir: o.Dir, Epoch: epoch, Factor: factor, Join: o.Join, Real: o.Real})
	if err != nil {
		return nil, err
	}
	faults, err := fault.Open(ctx, w, o.Dir, c.Now())
	if err != nil {
		return nil, err
	}
	s := &Sandbox{World: w, clock: c, faults: faults, options: o}
	return s, s.serve()
}

// lockTimeout is how long Open waits for another process.
const lockTimeout = 10 * time.Second

func load(o Options) (w *world.World, err error) {
	if o.WorldPath == "" {
		w, err = world.Builtin()
	} else {
		w, err = world.Load(o.WorldPath)
	}
	if err != nil {
		return nil, err
	}
	if o.Seed != nil {
		w.Seed = uint64(*o.Seed)
	}
	return w, w.CheckFaults(operations())
}

// operations are all that faults can strike.
func operations() []string { return slices.Concat(arm.Operations(), blob.Operations()) }

// serve makes the two services.
func (s *Sandbox) serve() (err error) {
	o := s.options
	s.arm, err = arm.New(arm.Options{World: s.World, Model: traffic.New(s.World), Clock: s.clock, Dir: o.Dir, PageSize: o.PageSize, Logger: o.Logger, Faults: s.faults,
		Containers: containers{s}, Real: o.Real})
	if err != nil {
		return err
	}
	uploads, err := blob.OpenUploads(o.Dir)
	if err != nil {
		return err
	}
	s.login = login.New(login.Options{Tenants: s.World.Tenants(), GUID: s.World.GUID, Home: s.home, Now: o.Real, Logger: o.Logger})
	s.source = recorded.New(recorded.Options{World: s.World, ARM: s.arm, Clock: s.clock, Faults: s.faults})
	s.blob = blob.New(blob.Options{Source: s.source, Uploads: uploads, Clock: s.clock, PageSize: o.PageSize, Logger: o.Logger,
		Real: o.Real, Guard: blob.Guard{World: s.World, Faults: s.faults, Permits: s.arm.Permits}})
	return nil
}

// home is the tenant of an application.
func (s *Sandbox) home(client string) string {
	all := s.World.Tenants()
	i := slices.IndexFunc(all, func(tenant string) bool { return strings.EqualFold(s.World.Application(tenant), client) })
	return all[max(i, 0)]
}

// AccountKeys are the keys of a storage account by its name, as Resource
// Manager lists them; none if there is no such account.
func (s *Sandbox) AccountKeys(name string) []string {
	a, ok := s.source.Account(name)
	if !ok {
		return nil
	}
	return s.World.AccountKeys(a.ID)
}

// Clock is the world's time.
func (s *Sandbox) Clock() plan.Clock { return s.clock }

// Handler serves Resource Manager and the Blob service, on any host: an
// account's Blob service is found by its host name, or else by the account's
// name at the beginning of the path. Beside them are the documents by which
// clients find a cloud's services, and the service that signs them in.
func (s *Sandbox) Handler() http.Handler {
	endpoints, manager := metadata.Handler(), wire.Handler(s.arm)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = oneSlash(r)
		switch {
		case blob.Host(r.Host):
			s.blob.ServeHTTP(w, r)
		case metadata.Serves(r):
			endpoints.ServeHTTP(w, r)
		case login.Serves(r):
			s.login.ServeHTTP(w, r)
		case s.namesAccount(r.URL.Path):
			s.blob.ServeHTTP(w, r)
		default:
			manager.ServeHTTP(w, r)
		}
	})
}

// oneSlash is a request whose path begins with one slash. Clients that join a
// path to an endpoint with a slash at its end write two.
func oneSlash(r *http.Request) *http.Request {
	if !strings.HasPrefix(r.URL.Path, "//") {
		return r
	}
	r = r.Clone(r.Context())
	r.URL.Path = "/" + strings.TrimLeft(r.URL.Path, "/")
	if r.URL.RawPath != "" {
		r.URL.RawPath = "/" + strings.TrimLeft(r.URL.RawPath, "/")
	}
	return r
}

func (s *Sandbox) namesAccount(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	_, ok := s.source.Account(strings.ToLower(first))
	return ok
}

// Transport carries requests to the sandbox without leaving the process.
func (s *Sandbox) Transport() policy.Transporter {
	return transporter{transport{unhurried(s.Handler())}}
}

// transporter is a round tripper as the SDK wants it.
type transporter struct{ http.RoundTripper }

// Do sends a request.
func (t transporter) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// Provider is the azure provider on this sandbox.
func (s *Sandbox) Provider() (plan.Provider, error) {
	sub, err := s.subscription()
	if err != nil {
		return nil, err
	}
	return azure.New(azure.Options{
		Subscription: sub.ID, Tenant: sub.Tenant, Credential: credential{s.login, sub.Tenant},
		Transport: s.around(), InProcess: true, Clock: s.clock,
		Logger: cmp.Or(s.options.Logger, slog.New(slog.DiscardHandler)),
	})
}

// subscription is the world's that the options choose.
func (s *Sandbox) subscription() (world.Subscription, error) {
	var known []string
	for _, sub := range s.World.Subscriptions {
		if s.options.Subscription == "" || strings.EqualFold(sub.ID, s.options.Subscription) {
			return sub, nil
		}
		known = append(known, sub.ID+" ("+sub.Name+")")
	}
	return world.Subscription{}, fmt.Errorf("the sandbox's world %s has no subscription %s; it has %s", s.World.Name, s.options.Subscription, strings.Join(known, ", "))
}

func (s *Sandbox) around() policy.Transporter {
	if s.options.Around == nil {
		return s.Transport()
	}
	return s.options.Around(s.Transport())
}

// credential signs flowctl in to the sandbox. Without an identity service its
// token says nothing, which the sandbox takes too.
type credential struct {
	login  *login.Service
	tenant string
}

// tokenLife is long enough that no run asks twice.
const tokenLife = 24 * time.Hour

// GetToken returns a token for what the scopes name.
func (c credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	at := time.Now().Add(tokenLife)
	if c.login == nil || len(o.Scopes) == 0 {
		return azcore.AccessToken{Token: "sandbox", ExpiresOn: at}, nil
	}
	return azcore.AccessToken{Token: c.login.Token(c.tenant, "flowctl", strings.TrimSuffix(o.Scopes[0], "/.default"), tokenLife), ExpiresOn: at}, nil
}

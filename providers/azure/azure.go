// Package azure is the provider that reaches Azure through its SDK for Go. It
// reads what a subscription holds, starts, watches, stops and removes flow
// logs and packet captures, and opens blobs. No type of the SDK leaves it
// except in Options, where a caller may hand in a credential or a transport.
//
// Time passes through plan.Clock alone: the SDK's own waiting and retrying,
// which sleep in real time, are switched off and done here, so that a
// simulated Azure can run on a simulated clock.
package azure

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
)

// Options say which Azure a Provider talks to, and how. Only Subscription
// must be set.
type Options struct {
	Subscription string // id

	Tenant         string // empty: the credential's own
	Environment    string // public, usgovernment or china; empty: public
	ClientID       string // of an application, or a managed or workload identity; empty: the environment's or the machine's own
	CredentialName string // one of CredentialNames; empty: default

	CertificatePath   string // of client_certificate, PEM or PKCS #12; empty: the environment's
	ServiceConnection string // id, of azure_pipelines; empty: the environment's

	Credential     azcore.TokenCredential // nil: the one that CredentialName names
	BlobCredential azcore.TokenCredential // nil: Credential

	Endpoint  string // of Azure Resource Manager; empty: the environment's
	Audience  string // of tokens for Endpoint; empty: Endpoint
	Authority string // where tokens are issued; empty: the environment's

	MetadataHost string // host[:port] whose /metadata/endpoints says the three above; empty: none

	Transport policy.Transporter // nil: the SDK's own
	InProcess bool               // Transport does not leave the process: tokens may go over http
	Clock     plan.Clock         // nil: Real
	Logger    *slog.Logger       // nil: nothing is logged
	Retries   int                // of what may have failed on the way; 0: 5, negative: none
	Timeout   time.Duration      // of one request to Resource Manager, in real time; 0: two minutes
	Silence   time.Duration      // of a service in the middle of an answer, in real time; 0: 30 seconds

	jitter func() float64 // of tests
}

const (
	defaultRetries = 5
	defaultTimeout = 2 * time.Minute
)

// Provider is one subscription. It may be used by several goroutines.
type Provider struct {
	subscription string
	clock        plan.Clock
	service      *serviceClock // the same, if it follows the service's; nil in process
	log          *slog.Logger
	retry        retry
	writes       keyedLock
	calls        calls

	network *armnetwork.ClientFactory
	compute *armcompute.ClientFactory
	storage *armstorage.ClientFactory
	generic *arm.Client // for resources of which the SDK's packages are not here

	blobCredential azcore.TokenCredential
	blobOptions    func(blobURL string) policy.ClientOptions
}

var _ plan.Provider = (*Provider)(nil)

// New returns the provider that o describes. It does not talk to Azure, except
// that it asks MetadataHost for its endpoints: a credential that does not work
// fails the first call.
func New(o Options) (*Provider, error) {
	if o.Subscription == "" {
		return nil, errors.New("provider azure: no subscription: set subscription_id to the id that az account show prints")
	}
	o = o.withDefaults()
	service := o.follow()
	forBlobs, arm := o.forBlobs(), o.guarded(newClient, false, service.heard())
	o = o.guarded(newClient, false, nil)
	o, err := o.discover()
	if err != nil {
		return nil, fmt.Errorf("provider azure: %w", err)
	}
	c, err := o.cloud()
	if err != nil {
		return nil, fmt.Errorf("provider azure: %w", err)
	}
	cred, err := o.credential(c)
	if err != nil {
		return nil, fmt.Errorf("provider azure: %w", err)
	}
	p := &Provider{
		subscription: o.Subscription, clock: o.Clock, service: service, log: o.Logger,
		retry: o.retry(),
	}
	if err := p.connect(o, cred, arm.armOptions(c, p)); err != nil {
		return nil, fmt.Errorf("provider azure: %w", err)
	}
	p.blobCredential = cred
	if o.BlobCredential != nil {
		p.blobCredential = identity{o.BlobCredential, "the given credential for blobs", ""}
	}
	p.blobOptions = func(blobURL string) policy.ClientOptions { return forBlobs.blobOptions(c, p, blobURL) }
	return p, nil
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = Real{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Retries == 0 {
		o.Retries = defaultRetries
	}
	if o.jitter == nil {
		o.jitter = rand.Float64
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return o
}

func (p *Provider) connect(o Options, cred azcore.TokenCredential, opts *arm.ClientOptions) (err error) {
	if p.network, err = armnetwork.NewClientFactory(o.Subscription, cred, opts); err != nil {
		return err
	}
	if p.compute, err = armcompute.NewClientFactory(o.Subscription, cred, opts); err != nil {
		return err
	}
	if p.storage, err = armstorage.NewClientFactory(o.Subscription, cred, opts); err != nil {
		return err
	}
	p.generic, err = arm.NewClient("flowctl/azure", "v1.0.0", cred, opts)
	return err
}

// Subscription is the id of the subscription.
func (p *Provider) Subscription() string { return p.subscription }

// Clock is the clock that deadlines are kept by: that of Azure, once it has
// answered.
func (p *Provider) Clock() plan.Clock { return p.clock }

// Calls is the number of requests to Azure Resource Manager so far, retries
// included. Requests for tokens and blobs are not counted.
func (p *Provider) Calls() int64 { return p.calls.arm.Load() }

// Requests counts these calls by method and resource type, such as "GET
// Microsoft.Compute/virtualMachines".
func (p *Provider) Requests() map[string]int {
	p.calls.mu.Lock()
	defer p.calls.mu.Unlock()
	return maps.Clone(p.calls.kind)
}

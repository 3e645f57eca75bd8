// Package providers is the visible map of what flowctl can act on.
package providers

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/providers/azure"
	"flowctl/providers/sandbox"
)

// Env is what a provider gets from the program beside its block in the file.
type Env struct {
	Dir string // for what it keeps
	Log *slog.Logger
}

// New makes a provider.
type New func(config.Provider, Env) (plan.Provider, error)

// Builtin maps the type of a provider block to its constructor.
var Builtin = map[string]New{
	config.Azure:   newAzure,
	config.Sandbox: newSandbox,
}

// Open makes the provider that p describes.
func Open(p config.Provider, env Env) (plan.Provider, error) {
	f, ok := Builtin[p.Type]
	if !ok {
		return nil, fmt.Errorf("no provider %q; flowctl has %s", p.Type, strings.Join(slices.Sorted(maps.Keys(Builtin)), ", "))
	}
	return f(p, env)
}

func newAzure(p config.Provider, env Env) (plan.Provider, error) {
	return azure.New(azure.Options{
		Subscription: p.SubscriptionID, Tenant: p.TenantID, Environment: p.Environment,
		CredentialName: p.Credential, ClientID: p.ClientID, MetadataHost: p.MetadataHost, Logger: env.Log,
		CertificatePath: p.CertificatePath, ServiceConnection: p.ServiceConnectionID,
	})
}

// newSandbox keeps each sandbox in a folder of its alias, so that two in one
// file are two worlds, unless they are for two subscriptions of one.
func newSandbox(p config.Provider, env Env) (plan.Provider, error) {
	clock := config.DefaultClock
	if p.Clock != nil {
		clock = *p.Clock
	}
	return sandbox.New(sandbox.Options{
		Dir: filepath.Join(env.Dir, cmp.Or(p.SameWorld, p.Alias)), WorldPath: p.World, Clock: &clock, Seed: p.Seed, Logger: env.Log,
		Subscription: p.SubscriptionID, Join: p.SameWorld != "",
	})
}

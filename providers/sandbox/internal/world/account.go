package world

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// Firewall is who may reach a storage account's data over the network.
type Firewall struct {
	Default string   // Allow, Deny
	Bypass  []string // AzureServices, Logging, Metrics; none: None
	IPs     []string // addresses and prefixes let in
	Subnets []plan.ID
}

// LifecycleRule is a rule of a storage account's management policy.
type LifecycleRule struct {
	Name     string
	Enabled  bool
	Prefixes []string // container and beginning of the name; none: all blobs
	Delete   int      // days after the last change; 0: never
	Cool     int      // days until blobs go to the cool tier; 0: never
}

// Immutability keeps blobs from being changed or deleted for a while.
type Immutability struct {
	Days          int
	State         string // Unlocked, Locked; Disabled of accounts
	AppendAllowed bool
}

// Container is a container that exists before flowctl comes.
type Container struct {
	Name         string
	LegalHold    []string      // tags; none: no hold
	Immutability *Immutability // or nil
}

// The limits of a management policy (Azure's documentation of lifecycle
// management).
const (
	MaxLifecycleRules    = 100
	MaxLifecyclePrefixes = 10
)

// guardAccount reads what stands guard over a storage account.
func (b *builder) guardAccount(s accountSpec, a *StorageAccount) {
	a.PublicNetwork = cmp.Or(s.PublicNetwork, "Enabled")
	b.oneOf(s.Body, "public_network_access", a.PublicNetwork, "Enabled", "Disabled", "SecuredByPerimeter")
	a.Firewall = Firewall{Default: "Allow", Bypass: []string{"AzureServices"}}
	if s.Firewall != nil {
		a.Firewall = b.firewall(s.Firewall)
	}
	for _, r := range s.Lifecycle {
		a.Lifecycle = append(a.Lifecycle, b.lifecycle(r))
	}
	if len(a.Lifecycle) > MaxLifecycleRules {
		b.errorf(s.Body, "", "Too many lifecycle rules", "%d rules; Azure allows %d in an account.", len(a.Lifecycle), MaxLifecycleRules)
	}
	if s.Immutability != nil {
		a.Immutability = b.immutability(s.Immutability)
	}
	for _, c := range s.Containers {
		a.Containers = append(a.Containers, b.container(c))
	}
	a.Versioning, a.SoftDelete = s.Versioning, s.SoftDelete
	if s.SoftDelete < 0 || s.SoftDelete > 365 {
		b.errorf(s.Body, "soft_delete_days", "Invalid days", "%d is not between 0 and 365.", s.SoftDelete)
	}
}

func (b *builder) firewall(s *firewallSpec) Firewall {
	f := Firewall{Default: cmp.Or(s.Default, "Deny"), Bypass: s.Bypass, IPs: s.IPs}
	b.oneOf(s.Body, "default", f.Default, "Allow", "Deny")
	for _, v := range s.Bypass {
		b.oneOf(s.Body, "bypass", v, "AzureServices", "Logging", "Metrics")
	}
	for _, text := range s.IPs {
		_, addr := netip.ParseAddr(text)
		if _, prefix := netip.ParsePrefix(text); addr != nil && prefix != nil {
			b.errorf(s.Body, "ips", "Invalid address", "%q is not an IP address or a prefix.", text)
		}
	}
	for _, name := range s.Subnets {
		if n := find(b, s.Body, "subnets", "subnet", b.subnets, name); n != nil {
			f.Subnets = append(f.Subnets, n.ID)
		}
	}
	return f
}

func (b *builder) lifecycle(s lifecycleSpec) LifecycleRule {
	r := LifecycleRule{Name: s.Name, Enabled: s.Enabled == nil || *s.Enabled, Prefixes: s.Prefixes, Delete: s.Delete, Cool: s.Cool}
	switch {
	case s.Delete < 0 || s.Cool < 0:
		b.errorf(s.Body, "delete_after_days", "Invalid days", "Days are counted from 0 on.")
	case s.Delete == 0 && s.Cool == 0:
		b.errorf(s.Body, "", "Rule without action", "Rule %q needs delete_after_days or cool_after_days.", s.Name)
	case len(s.Prefixes) > MaxLifecyclePrefixes:
		b.errorf(s.Body, "prefixes", "Too many prefixes", "%d prefixes; Azure allows %d in a rule.", len(s.Prefixes), MaxLifecyclePrefixes)
	}
	return r
}

func (b *builder) immutability(s *immutableSpec) *Immutability {
	i := &Immutability{Days: s.Days, State: cmp.Or(s.State, "Unlocked"), AppendAllowed: s.AppendAllowed}
	b.oneOf(s.Body, "state", i.State, "Unlocked", "Locked", "Disabled")
	if s.Days < 1 || s.Days > 146000 {
		b.errorf(s.Body, "days", "Invalid days", "%d is not between 1 and 146000.", s.Days)
	}
	return i
}

// containerName is Azure's rule for names of containers.
var containerName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,62}$`) })

func (b *builder) container(s containerSpec) Container {
	c := Container{Name: s.Name, LegalHold: s.LegalHold}
	if !containerName().MatchString(s.Name) {
		b.errorf(s.Body, "", "Invalid container name", "%q is not 3 to 63 lower-case letters, digits and single hyphens.", s.Name)
	}
	if s.Immutability != nil {
		c.Immutability = b.immutability(s.Immutability)
	}
	return c
}

// kinds and SKUs of storage accounts (Azure's documentation of storage
// accounts).
var (
	accountKinds = []string{"StorageV2", "Storage", "BlobStorage", "BlockBlobStorage", "FileStorage"}
	accountSKUs  = []string{"Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS",
		"Premium_LRS", "Premium_ZRS", "StandardV2_LRS", "StandardV2_ZRS", "StandardV2_GRS", "StandardV2_GZRS", "PremiumV2_LRS", "PremiumV2_ZRS"}
)

func (b *builder) accountType(body hcl.Body, a *StorageAccount) {
	b.oneOf(body, "sku", a.SKU, accountSKUs...)
	b.oneOf(body, "kind", a.Kind, accountKinds...)
	if premium := slices.Contains([]string{"BlockBlobStorage", "FileStorage"}, a.Kind); premium && !strings.HasPrefix(a.SKU, "Premium") {
		b.errorf(body, "kind", "Kind and SKU do not go together", "Accounts of kind %s are of a Premium SKU.", a.Kind)
	}
}

package world

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/plan"
)

// builder turns a decoded file into a World and collects what is wrong in it.
// The maps are by the names that the file uses.
type builder struct {
	spec  *fileSpec
	w     *World
	diags hcl.Diagnostics
	said  map[complaint]bool

	groups   register[*ResourceGroup]
	nsgs     register[*NSG]
	vnets    register[*VNet]
	subnets  register[*Subnet] // vnet/subnet
	vms      register[*VM]
	sets     register[*ScaleSet]
	nics     register[*NIC]
	accounts register[*StorageAccount]
	hosts    register[*Host]
	watched  register[*Watcher]
	ends     places            // of traffic; made when the rest is there
	taken    map[string]string // addresses and MACs, and who has them
}

// complaint tells what is wrong from what else is wrong.
type complaint struct {
	at     hcl.Range
	detail string
}

func newBuilder(spec *fileSpec) *builder {
	return &builder{
		spec: spec, w: &World{}, said: map[complaint]bool{},
		groups: register[*ResourceGroup]{}, nsgs: register[*NSG]{}, vnets: register[*VNet]{},
		subnets: register[*Subnet]{}, vms: register[*VM]{}, sets: register[*ScaleSet]{},
		nics: register[*NIC]{}, accounts: register[*StorageAccount]{}, hosts: register[*Host]{}, watched: register[*Watcher]{},
		taken: map[string]string{},
	}
}

func (b *builder) build() {
	b.top()
	b.registrations()
	b.resourceGroups()
	b.watchers()
	b.serviceTags()
	b.securityGroups()
	b.networks()
	b.peerings()
	b.adminRules()
	b.machines()
	b.scaleSets()
	b.looseNICs()
	b.fleets()
	b.gateways()
	b.storage()
	b.flowLogs()
	b.privateEndpoints()
	b.locks()
	b.policies()
	b.quotas()
	b.hostList()
	b.traffic()
	b.bindRules()
	b.faults()
	b.roles()
	b.throttles()
}

func (b *builder) top() {
	s := b.spec
	b.w.Name, b.w.Seed = s.Name, uint64(s.Seed)
	b.w.Epoch = b.time(s.Body, "epoch", s.Epoch)
	b.subscriptions()
	b.w.Regions = s.Regions
	if len(s.Regions) == 0 {
		b.errorf(s.Body, "regions", "No region", "A world needs at least one region, such as \"westeurope\".")
	}
}

func (b *builder) guid(body hcl.Body, attr, text string) string {
	id, err := uuid.Parse(text)
	if err != nil {
		b.errorf(body, attr, "Invalid GUID", "%q is not a GUID such as 7a1c2f0e-53f7-4f0b-8f2e-2c9d5b8a1e01.", text)
	}
	return id.String()
}

// GUID derives a GUID from the world's seed and a name. It is the same in
// every process.
func (w *World) GUID(name string) string {
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], w.Seed)
	return uuid.NewSHA1(uuid.NewSHA1(uuid.Nil, seed[:]), []byte(strings.ToLower(name))).String()
}

// resource makes the common part of a resource of type typ, such as
// Microsoft.Network/virtualNetworks.
func (b *builder) resource(body hcl.Body, group, region, typ, name string, tags map[string]string) Resource {
	g := find(b, body, "resource_group", "resource group", b.groups, group)
	if g == nil {
		g = &ResourceGroup{b.w.groupIn(b.w.Subscription, group, region)}
	}
	r := Resource{ID: g.ID + plan.ID("/providers/"+typ+"/"+name), Name: name, Group: g.Name, Location: cmp.Or(region, g.Location), Tags: tags}
	if region != "" {
		b.region(body, "region", region)
	}
	r.GUID = b.w.GUID(string(r.ID))
	return r
}

func (b *builder) region(body hcl.Body, attr, region string) {
	if !slices.Contains(b.w.Regions, region) {
		b.errorf(body, attr, "Unknown region", "%q is not one of the world's regions: %s.", region, strings.Join(b.w.Regions, ", "))
	}
}

func (b *builder) time(body hcl.Body, attr, text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		b.errorf(body, attr, "Invalid time", "%q is not a time such as 2026-11-12T08:00:00Z (RFC 3339).", text)
	}
	return t.UTC()
}

func (b *builder) duration(body hcl.Body, attr, text string, otherwise time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		b.errorf(body, attr, "Invalid duration", "%q is not a duration above zero such as \"30s\", \"1h30m\" or \"250ms\".", text)
	}
	return d
}

func (b *builder) addr(body hcl.Body, attr, text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		b.errorf(body, attr, "Invalid address", "%q is not an IP address.", text)
	}
	return a
}

func (b *builder) prefixes(body hcl.Body, attr string, texts []string) []netip.Prefix {
	var ps []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil || p != p.Masked() {
			b.errorf(body, attr, "Invalid prefix", "%q is not an address prefix such as 10.1.0.0/16.", text)
			continue
		}
		ps = append(ps, p)
	}
	return ps
}

// once refuses a second holder of an address or name.
func (b *builder) once(body hcl.Body, attr, what, holder string) {
	if first, ok := b.taken[what]; ok {
		b.errorf(body, attr, "Taken twice", "%s belongs to %s already.", what, first)
		return
	}
	b.taken[what] = holder
}

// errorf blames an attribute of body, or where it is missing the body itself.
func (b *builder) errorf(body hcl.Body, attr, summary, format string, args ...any) {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...)}
	d.Subject = body.MissingItemRange().Ptr()
	if sb, ok := body.(*hclsyntax.Body); ok && sb.Attributes[attr] != nil {
		d.Subject = sb.Attributes[attr].SrcRange.Ptr()
	}
	said := complaint{*d.Subject, d.Detail}
	if b.said[said] {
		return // a machine and its interfaces have the same mistake
	}
	b.said[said] = true
	b.diags = append(b.diags, d)
}

// Package servicetag names public addresses by the service tags that Azure
// publishes: which service an address is of, and in which region it lies.
//
// The prefixes of AzureCloud are often longer than those of a service in it, so
// plain longest prefix misnames addresses of Entra ID, Exchange and others. So the
// longest prefix of a service counts first, AzureCloud and its regions only where
// there is none, and the region is that of AzureCloud, whatever the service. Both are
// worked out once for every prefix of the list, so that naming an address is one walk
// in one trie.
package servicetag

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"
)

// Place is what a list says of an address.
type Place struct {
	Tag     string // the most specific service tag; Internet if Azure has none
	Service string // the tag without its region; empty outside of Azure
	Region  string // as Azure Resource Manager spells it; empty if the list has none
}

// Internet is the tag of public addresses that are not Azure's.
const Internet = "internet"

// cloud is the tag of all of Azure.
const cloud = "AzureCloud"

// List is a list of service tags.
type List struct {
	File         string // its name
	Cloud        string // Public, AzureGovernment, China …
	ChangeNumber string
	Date         string // of the file, as 2025-10-28; empty if its name has none
	API          bool   // Resource Manager's list, which has fewer tags than the weekly file
	Tags         int
	Prefixes     int

	places []Place // the first is that of the internet
	table  bart.Table[int32]
}

type tag struct {
	Place
	prefixes []netip.Prefix
	size     uint64 // IPv4 addresses
}

// cloudwide reports whether a tag is AzureCloud or that of a region.
func (t *tag) cloudwide() bool {
	return strings.EqualFold(t.Service, cloud) || strings.HasPrefix(strings.ToLower(t.Tag), "azurecloud.")
}

// before reports whether t counts before o, where both have one prefix: what has
// a region, then the smaller one, then the name.
func (t *tag) before(o *tag) bool {
	regional := func(t *tag) int {
		if t.Region != "" {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(regional(t), regional(o)), cmp.Compare(t.size, o.size), cmp.Compare(t.Tag, o.Tag)) < 0
}

// index works out the place of every prefix.
func (l *List) index(tags []tag) {
	var services, clouds, regions bart.Table[*tag]
	best := func(t *bart.Table[*tag], p netip.Prefix, of *tag) {
		t.Modify(p, func(was *tag, ok bool) (*tag, bool) {
			if ok && !of.before(was) {
				return was, false
			}
			return of, false
		})
	}
	for i := range tags {
		t := &tags[i]
		for _, p := range t.prefixes {
			if !t.cloudwide() {
				best(&services, p, t)
				continue
			}
			best(&clouds, p, t)
			if t.Region != "" {
				best(&regions, p, t)
			}
		}
	}
	l.places = []Place{{Tag: Internet}}
	numbers := map[Place]int32{l.places[0]: 0}
	number := func(p netip.Prefix) int32 {
		at := placeOf(p, &services, &regions, &clouds)
		n, ok := numbers[at]
		if !ok {
			n = int32(len(l.places))
			numbers[at], l.places = n, append(l.places, at)
		}
		return n
	}
	for _, t := range []*bart.Table[*tag]{&services, &clouds} {
		for p := range t.All() {
			l.table.Insert(p, number(p))
		}
	}
}

// placeOf is the place of the addresses of a prefix that no longer one holds.
func placeOf(p netip.Prefix, services, regions, clouds *bart.Table[*tag]) Place {
	in, regional := regions.LookupPrefix(p)
	out := Place{}
	if t, ok := services.LookupPrefix(p); ok {
		out = t.Place
	} else if regional {
		out = in.Place
	} else if t, ok := clouds.LookupPrefix(p); ok {
		out = t.Place
	}
	if regional {
		out.Region = in.Region
	}
	return out
}

// Places returns all that a list can say of addresses; Find returns numbers of it.
func (l *List) Places() []Place { return l.places }

// Find returns the number of the place of a public address: 0 is the internet.
func (l *List) Find(a netip.Addr) int32 {
	n, _ := l.table.Lookup(a.Unmap())
	return n
}

// Lookup returns the place of any address: of those that are not for tags, what
// Special says.
func (l *List) Lookup(a netip.Addr) Place {
	if s := Special(a); s != "" {
		return Place{Tag: s}
	}
	return l.places[l.Find(a)]
}

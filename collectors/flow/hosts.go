package flow

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"
)

// How a host name was learned.
const (
	FromDNS = "dns" // an answer named the address
	FromTLS = "tls" // a client asked the address for it (server name indication)
)

// Host is a name that an address was known by.
type Host struct {
	Name string
	How  string // FromDNS or FromTLS
}

// The most that a Hosts remembers, so that no capture can fill the memory.
const (
	maxHosts        = 1 << 18 // addresses
	maxNamesPerHost = 16
)

// Hosts collects the names of addresses that readers come across. It may be
// used by several goroutines. The zero value is ready.
type Hosts struct {
	mu sync.Mutex
	m  map[Addr][]Host

	told *toldFlows // nil if what single flows said is not wanted
}

// Add notes that a was known by name. Names beyond the first few of an address
// are not kept.
func (h *Hosts) Add(a Addr, name, how string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.m[a]
	if len(known) == maxNamesPerHost || known == nil && len(h.m) == maxHosts || slices.Contains(known, Host{name, how}) {
		return
	}
	if h.m == nil {
		h.m = map[Addr][]Host{}
	}
	h.m[a] = append(known, Host{name, how})
}

// Of returns the names of a, in the order in which they were learned.
func (h *Hosts) Of(a Addr) []Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.m[a])
}

// First returns the name of a that All yields first; empty if it has none.
func (h *Hosts) First(a Addr) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.m[a]
	if len(list) == 0 {
		return ""
	}
	return slices.MinFunc(list, Host.compare).Name
}

// compare orders names: those that clients asked for first, then by name.
func (x Host) compare(y Host) int {
	return cmp.Or(cmp.Compare(y.How, x.How), cmp.Compare(x.Name, y.Name))
}

// All yields the addresses with a name in their order, and their names, those
// that clients asked for first, then by name.
func (h *Hosts) All() iter.Seq2[Addr, []Host] {
	return func(yield func(Addr, []Host) bool) {
		h.mu.Lock()
		m := maps.Clone(h.m)
		h.mu.Unlock()
		for _, a := range slices.SortedFunc(maps.Keys(m), Addr.Compare) {
			names := slices.SortedFunc(slices.Values(m[a]), Host.compare)
			if !yield(a, names) {
				return
			}
		}
	}
}

// Len is the number of addresses with a name.
func (h *Hosts) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.m)
}

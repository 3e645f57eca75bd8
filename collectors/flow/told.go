package flow

import (
	"maps"
	"slices"
)

// Told is what the data of a flow's packets said: names that belong to this flow and to
// no other one of its addresses. Lists are in the order of their texts.
type Told struct {
	ServerName, Version string   // of TLS: asked for, and agreed on
	ALPN                []string // offered, or the one that was agreed on
	Host                string   // of HTTP
	Asked, Answered     []string // of DNS: names, and addresses or a code such as NXDOMAIN

	Hello bool // a ClientHello, or what stood in its place, was read
	Cut   bool // what may have named something was not captured whole
}

// mostTold is how many flows and how many texts of one are kept, so that no capture can
// fill the memory.
const (
	mostTold  = 1 << 18
	mostTexts = 32
)

// toldFlows are what flows said, by the key of the client's packets.
type toldFlows struct {
	m    map[Key]*Told
	full bool
}

// WantFlows has readers also note what each flow said. It is to be said before any reads.
func (h *Hosts) WantFlows() { h.told = &toldFlows{m: map[Key]*Told{}} }

// WantsFlows reports whether readers are to note what flows said.
func (h *Hosts) WantsFlows() bool { return h != nil && h.told != nil }

// Tell lets note change what a flow said.
func (h *Hosts) Tell(k Key, note func(*Told)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.told.m[k]
	if t == nil {
		if len(h.told.m) == mostTold {
			h.told.full = true
			return
		}
		t = &Told{}
		h.told.m[k] = t
	}
	note(t)
}

// Flows returns what flows said, and whether there were too many to keep all.
func (h *Hosts) Flows() (m map[Key]*Told, full bool) {
	if !h.WantsFlows() {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.told.m), h.told.full
}

// AddText adds a text to a list in order, each once.
func AddText(list []string, text string) []string {
	at, found := slices.BinarySearch(list, text)
	if found || text == "" || len(list) == mostTexts {
		return list
	}
	return slices.Insert(list, at, text)
}

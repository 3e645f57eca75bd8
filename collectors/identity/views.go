package identity

import (
	"fmt"
	"slices"
	"sync"
)

// views numbers sets of views, of which there are few.
type views struct {
	mu   sync.RWMutex
	sets [][]uint32
	ids  map[string]uint32
}

// single returns the number of the set of one view.
func (v *views) single(view uint32) uint32 { return v.number([]uint32{view}) }

// with returns the number of a set with one more view; more is false if the view
// is in it.
func (v *views) with(set, view uint32) (with uint32, more bool) {
	of := v.of(set)
	at, is := slices.BinarySearch(of, view)
	if is {
		return set, false
	}
	return v.number(slices.Insert(slices.Clone(of), at, view)), true
}

// of returns the views of a set.
func (v *views) of(set uint32) []uint32 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.sets[set]
}

func (v *views) number(of []uint32) uint32 {
	key := fmt.Sprint(of)
	v.mu.Lock()
	defer v.mu.Unlock()
	id, ok := v.ids[key]
	if !ok {
		if v.ids == nil {
			v.ids = map[string]uint32{}
		}
		id = uint32(len(v.sets))
		v.ids[key] = id
		v.sets = append(v.sets, of)
	}
	return id
}

package recorded

import (
	"container/list"
	"sync"
	"time"
)

// committed is a block of an hour blob without its bytes.
type committed struct {
	size int64
	at   time.Time // zero for head and tail
}

// sizes remembers the blocks of the hour blobs that were asked for last, so
// that listing them again does not make them again.
type sizes struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of entries, the last used in front
}

type sizesEntry struct {
	key    string
	blocks []committed
}

// maxSizes is how many hour blobs are remembered, some 20 MB.
const maxSizes = 8192

func newSizes() *sizes { return &sizes{byKey: map[string]*list.Element{}, order: list.New()} }

// get returns what is remembered under key, or what measure finds.
func (s *sizes) get(key string, measure func() []committed) []committed {
	s.mu.Lock()
	if e, ok := s.byKey[key]; ok {
		s.order.MoveToFront(e)
		s.mu.Unlock()
		return e.Value.(sizesEntry).blocks
	}
	s.mu.Unlock()
	blocks := measure()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byKey[key]; !ok {
		s.byKey[key] = s.order.PushFront(sizesEntry{key, blocks})
	}
	if s.order.Len() > maxSizes {
		last := s.order.Back()
		delete(s.byKey, s.order.Remove(last).(sizesEntry).key)
	}
	return blocks
}

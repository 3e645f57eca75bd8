package flow

import "sync"

// ID is the number of a text in a Names. 0 is the empty text.
type ID uint32

// Names numbers the texts that records refer to, so that records stay small
// and can be compared by word. One Names serves all readers of a run; it may
// be used by several goroutines. Readers should keep the IDs they see often.
type Names struct {
	mu    sync.RWMutex
	ids   map[string]ID
	texts []string
}

// NewNames returns a Names that holds only the empty text.
func NewNames() *Names {
	return &Names{ids: map[string]ID{"": 0}, texts: []string{""}}
}

// ID returns the number of text, which is copied if it is new.
func (n *Names) ID(text []byte) ID {
	n.mu.RLock()
	id, ok := n.ids[string(text)]
	n.mu.RUnlock()
	if ok {
		return id
	}
	return n.add(string(text))
}

// Of returns the number of text.
func (n *Names) Of(text string) ID { return n.ID([]byte(text)) }

func (n *Names) add(text string) ID {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id, ok := n.ids[text]; ok {
		return id
	}
	id := ID(len(n.texts))
	n.texts = append(n.texts, text)
	n.ids[text] = id
	return id
}

// Text returns the text with the number id.
func (n *Names) Text(id ID) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.texts[id]
}

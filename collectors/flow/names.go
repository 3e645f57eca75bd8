package flow

import (
	"slices"
	"sync"
)

// ID is the number of a text in a Names. 0 is the empty text.
type ID uint32

// Names numbers the texts that records refer to, so that records stay small
// and can be compared by word. One Names serves all readers of a run; it may
// be used by several goroutines. Readers should keep the IDs they see often.
type Names struct {
	mu    sync.RWMutex
	ids   map[string]ID
	texts []string

	encryptions []string // tokens that are not documented, in the order in which they came
}

// mostEncryptions is how many tokens that are not documented have a number of
// their own, and mostToken how long one may be.
const (
	mostEncryptions = 32
	mostToken       = 64
)

// Encryption returns the state that a token of a flow log stands for. One that
// is not documented has a number of this run; those beyond what can be numbered
// are EncryptionOther.
func (n *Names) Encryption(token []byte) Encryption {
	e := ParseEncryption(token)
	if e != EncryptionOther || len(token) > mostToken || string(token) == EncryptionOther.String() {
		return e
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.Index(n.encryptions, string(token))
	if i < 0 {
		if len(n.encryptions) == mostEncryptions {
			return EncryptionOther
		}
		i = len(n.encryptions)
		n.encryptions = append(n.encryptions, string(token))
	}
	return EncryptionOther + 1 + Encryption(i)
}

// EncryptionText returns the token of a state.
func (n *Names) EncryptionText(e Encryption) string {
	if e <= EncryptionOther {
		return e.String()
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.encryptions[e-EncryptionOther-1]
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

package storagetest

import "fmt"

// Seen is what was asked of an account.
type Seen struct {
	Lists    int      // requests for blobs
	Prefixes int      // requests for folders
	Stats    int      // requests for one blob
	Blocks   int      // requests for the blocks of one
	Reads    []string // first byte and length of each read, as "0+100"

	Listed int // blobs that listings have yielded
	Open   int // readers at the moment
	Peak   int // most readers at a time
}

// Seen returns what was asked until now.
func (a *Account) Seen() Seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen
}

// Forget lets what is asked count anew.
func (a *Account) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = Seen{Open: a.seen.Open}
}

// note adds one to a number of a.seen.
func (a *Account) note(kind *int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*kind++
}

// begin notes a read, and returns how many there were before it.
func (a *Account) begin(offset, length int64) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen.Reads = append(a.seen.Reads, fmt.Sprintf("%d+%d", offset, length))
	a.seen.Open++
	a.seen.Peak = max(a.seen.Peak, a.seen.Open)
	return len(a.seen.Reads) - 1
}

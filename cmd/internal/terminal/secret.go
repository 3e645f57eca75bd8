package terminal

import (
	"bytes"
	"strings"
)

// What stands before secrets: the signature of a SAS in a URL, and the key of a storage
// account in a connection string.
var secretNames = []string{"sig=", "sig%3d", "accountkey="}

// Hide puts … in place of signatures and keys in a text, which come with addresses that
// people paste.
func Hide(s string) string {
	places := secrets(s)
	if len(places) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, p := range places {
		b.WriteString(s[at:p[0]])
		b.WriteString("…")
		at = p[1]
	}
	b.WriteString(s[at:])
	return b.String()
}

// hideBytes puts a star for every byte of a secret, so that places stay where they are.
func hideBytes(b []byte) {
	for _, p := range secrets(string(b)) {
		copy(b[p[0]:p[1]], bytes.Repeat([]byte("*"), p[1]-p[0]))
	}
}

// secrets are the places of secrets in a text, in their order.
func secrets(s string) (places [][2]int) {
	if !strings.Contains(s, "=") && !strings.Contains(s, "%3") {
		return nil
	}
	for at := 0; at < len(s); {
		n := nameAt(s, at)
		if n == 0 {
			at++
			continue
		}
		end := at + n
		for end < len(s) && strings.IndexByte("&;\"'`<> \t\r\n\\", s[end]) < 0 {
			end++
		}
		if end > at+n {
			places = append(places, [2]int{at + n, end})
		}
		at = end
	}
	return places
}

// nameAt is the length of the name of a secret that begins at a place; 0 if none does.
func nameAt(s string, at int) int {
	if s[at]|0x20 != 's' && s[at]|0x20 != 'a' || at > 0 && isWord(s[at-1]) {
		return 0
	}
	for _, name := range secretNames {
		if len(s)-at >= len(name) && strings.EqualFold(s[at:at+len(name)], name) {
			return len(name)
		}
	}
	return 0
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-'
}

package world

import "strings"

// What Azure does by itself: no client calls it.
const (
	Record = "flow_log.record"       // writes blocks into an hour blob
	Upload = "packet_capture.upload" // puts the file of a capture that has ended
)

// Matches reports whether name is what pattern says, in which * stands for
// any text. Azure's names do not heed case, nor does this.
func Matches(pattern, name string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(name))
}

func glob(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}

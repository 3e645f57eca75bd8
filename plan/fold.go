package plan

import "strings"

// IndexFold is where text first stands in s, whatever the case of its letters,
// or -1. It is a place in s itself, which one in strings.ToLower(s) is not: some
// letters have another length in lower case, and so has what is not UTF-8.
func IndexFold(s, text string) int {
	for i := range len(s) - len(text) + 1 {
		if strings.EqualFold(s[i:i+len(text)], text) {
			return i
		}
	}
	return -1
}

// LastIndexFold is where text last stands in s, whatever the case of its
// letters, or -1.
func LastIndexFold(s, text string) int {
	for i := len(s) - len(text); i >= 0; i-- {
		if strings.EqualFold(s[i:i+len(text)], text) {
			return i
		}
	}
	return -1
}

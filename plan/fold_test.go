package plan

import "testing"

func TestIndexFold(t *testing.T) {
	tests := map[string]struct {
		s, text     string
		first, last int
	}{
		"same case":              {"/a/providers/x", "/providers/", 2, 2},
		"other case":             {"/a/PROVIDERS/x", "/providers/", 2, 2},
		"twice":                  {"/Providers/providers/", "/providers/", 0, 10},
		"longer in lower case":   {"İİİ/Providers/x", "/providers/", 6, 6},
		"shorter in lower case":  {"\u212a\u212a/Providers/x", "/providers/", 6, 6},
		"not UTF-8":              {"\xfc\xfc\xfc/providers/", "/providers/", 3, 3},
		"at the end":             {"x/PROVIDERS/", "/providers/", 1, 1},
		"not there":              {"/provider/", "/providers/", -1, -1},
		"text longer than it is": {"/", "/providers/", -1, -1},
		"nothing":                {"", "/providers/", -1, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if first, last := IndexFold(tt.s, tt.text), LastIndexFold(tt.s, tt.text); first != tt.first || last != tt.last {
				t.Errorf("%d and %d, want %d and %d", first, last, tt.first, tt.last)
			}
		})
	}
}

package terminal

import "testing"

func TestHide(t *testing.T) {
	for text, want := range map[string]string{
		"https://a.blob.core.windows.net/c?sv=2&sig=ab%2Bc%3D&sp=r": "https://a.blob.core.windows.net/c?sv=2&sig=…&sp=r",
		`x = "?SIG=abc"`: `x = "?SIG=…"`,
		"AccountName=a;AccountKey=abc==;EndpointSuffix=b": "AccountName=a;AccountKey=…;EndpointSuffix=b",
		"?a%3Db&sig%3Dabc": "?a%3Db&sig%3D…",
		"sig=a sig=b":      "sig=… sig=…",
		"design=a&xsig=b":  "design=a&xsig=b",
		"sig=":             "sig=",
		"signature":        "signature",
		"sig = \"a\"":      "sig = \"a\"",
	} {
		if got := Hide(text); got != want {
			t.Errorf("Hide(%q) = %q, want %q", text, got, want)
		}
		if got := Escape(text); got != want {
			t.Errorf("Escape(%q) = %q, want %q", text, got, want)
		}
		if got := string(Mask([]byte(text))); len(got) != len(text) || want != text && got == text {
			t.Errorf("Mask(%q) = %q", text, got)
		}
	}
}

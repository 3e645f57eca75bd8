package blob

import (
	"encoding/base64"
	"encoding/json"
)

// jwt is a token without a signature.
func jwt(claims map[string]any) string {
	segment := func(doc map[string]any) string {
		text, _ := json.Marshal(doc)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return segment(map[string]any{"typ": "JWT", "alg": "none"}) + "." + segment(claims) + "."
}

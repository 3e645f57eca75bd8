package world

import (
	"crypto/sha512"
	"encoding/base64"

	"flowctl/plan"
)

// AccountKeys are the two keys of a storage account, as Resource Manager lists
// them. They follow from the account's ID, so that nobody has to keep them.
func (w *World) AccountKeys(id plan.ID) []string {
	var keys []string
	for _, name := range []string{"key1", "key2"} {
		sum := sha512.Sum512([]byte(w.GUID(id.Key() + "/" + name)))
		keys = append(keys, base64.StdEncoding.EncodeToString(sum[:]))
	}
	return keys
}

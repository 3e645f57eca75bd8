package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// digest identifies what a run was told: files by their names without their
// folder, so that a folder can be moved, and the values of variables. A value
// goes in as a hash of its own, sensitive or not.
func digest(files map[string]*hcl.File, vars map[string]*variable, providers []Provider) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "file %q %x\n", filepath.Base(name), sha256.Sum256(files[name].Bytes))
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		fmt.Fprintf(h, "variable %q %x\n", name, sha256.Sum256(encode(vars[name].value)))
	}
	for _, p := range providers {
		fmt.Fprintf(h, "provider %q %q\n", p.Alias, p.SubscriptionID) // may come from the environment
	}
	return hex.EncodeToString(h.Sum(nil))
}

func encode(v cty.Value) []byte {
	v, _ = v.UnmarkDeep()
	if !v.IsWhollyKnown() {
		return nil
	}
	b, err := ctyjson.Marshal(v, cty.DynamicPseudoType)
	if err != nil {
		return nil
	}
	return b
}

package syntax

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// What a number may be. HCL counts with 512 bits and any exponent: 8E888888 is
// a word to write and minutes and gigabytes to print, so exponents end where
// those of IEEE 754 doubles do.
const (
	maxDigits   = 400
	maxExponent = 308
)

// extreme reports whether a literal is beyond what a number may be.
func extreme(literal string) bool {
	at := strings.IndexAny(literal, "eE")
	if at < 0 || len(literal) > maxDigits {
		return len(literal) > maxDigits
	}
	exponent, err := strconv.Atoi(literal[at+1:])
	return err != nil || exponent > maxExponent || exponent < -maxExponent
}

// Extreme reports whether v, or anything in it, is a number beyond what may be
// written: one that text was converted to.
func Extreme(v cty.Value) bool {
	found := false
	v, _ = v.UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.Number && v.IsKnown() && !v.IsNull() {
			found = found || wide(v.AsBigFloat())
		}
		return !found, nil
	})
	return found
}

// wide reports whether f has an exponent outside the limits; in bits these are
// those of the largest literal, maxDigits digits with maxExponent behind.
func wide(f *big.Float) bool {
	const bits = (maxDigits + maxExponent) * 4
	e := f.MantExp(nil)
	return f.IsInf() || e > bits || e < -bits
}

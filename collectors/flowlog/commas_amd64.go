package flowlog

// commas128 is commasScalar with vector instructions.
//
//go:noescape
func commas128(p *[128]byte) (low, high uint64)

//go:build !amd64

package flowlog

func commas128(p *[128]byte) (low, high uint64) { return commasScalar(p) }

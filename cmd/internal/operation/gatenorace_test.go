//go:build !race

package operation

const sparse = 1

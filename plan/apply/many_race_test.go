//go:build race

package apply_test

// stormTargets are a tenth of the thousand where the race detector makes
// everything ten times as slow.
const stormTargets = 20

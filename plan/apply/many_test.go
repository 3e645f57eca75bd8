//go:build !race

package apply_test

// stormTargets are in each of five regions: a thousand in all. Three in ten
// are captures, every fourth of those needs an agent.
const stormTargets = 200

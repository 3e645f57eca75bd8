package collectors

import "github.com/KimMachineGun/automemlimit/memlimit"

// leastMemory is what rows may take where nobody can say how much there is.
const leastMemory = 80 << 20

// memory is how many bytes rows may take unless the user says otherwise: a
// quarter of what the process may use, which is the limit of its control group
// or the machine's memory.
func memory() int64 {
	all, err := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)()
	if err != nil {
		return leastMemory
	}
	return max(leastMemory, int64(min(all/4, 1<<50)))
}

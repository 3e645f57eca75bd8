package collectors

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"testing"
)

// TestGarbage wants a fifth of what is in use and 32 MiB to be allowed as
// garbage, at once and at no cost of memory. It does so in a process of its
// own, since what other tests have touched would be touched again.
func TestGarbage(t *testing.T) {
	const alone = "FLOWCTL_TEST_GARBAGE"
	if os.Getenv(alone) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestGarbage$")
		cmd.Env = append(os.Environ(), alone+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	before := resident()
	restore := boundGarbage()
	defer restore()
	kept := make([]byte, 50<<20)
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	goal, live := int64(s[0].Value.Uint64()), int64(s[1].Value.Uint64())
	if may := goal - live; may < leastGarbage || may > leastGarbage+int64(len(kept))/2 {
		t.Errorf("%d bytes may be garbage beside %d", may, live)
	}
	if more := resident() - before; more > 80<<20 {
		t.Errorf("%d bytes of memory are taken", more)
	}
	runtime.KeepAlive(kept)
}

// resident is how much memory the system says that the process has; 0 where
// it does not say so in Linux's way.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	fmt.Sscan(string(b), &size, &pages)
	return pages * int64(os.Getpagesize())
}

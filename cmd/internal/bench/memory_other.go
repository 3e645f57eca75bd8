//go:build !unix

package bench

import "os"

// Memory is not known here.
func peakMemory(*os.ProcessState) int64 { return 0 }

func ownMemory() int64 { return 0 }

//go:build !linux

package enginetest

import (
	"os"
	"testing"
)

const dirVariable = "FLOWCTL_CHDB_NODE"

// Main runs the tests of a package.
func Main(m *testing.M) {
	os.Unsetenv(Library) // of Linux
	os.Exit(m.Run())
}

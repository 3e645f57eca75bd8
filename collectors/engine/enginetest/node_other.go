//go:build !linux

package enginetest

import (
	"os"
	"testing"
)

// Main runs the tests of a package.
func Main(m *testing.M) {
	Serve()
	os.Exit(m.Run())
}

// Serve makes tests skip: the library is for Linux.
func Serve() { os.Unsetenv(Library) }

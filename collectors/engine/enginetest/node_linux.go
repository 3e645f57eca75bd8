package enginetest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
)

// dirVariable names the folder of the node that a process is to be.
const dirVariable = "FLOWCTL_CHDB_NODE"

// Main runs the tests of a package, or a node if the process was started to be
// one. A package whose tests start nodes calls it from its TestMain.
func Main(m *testing.M) {
	Serve()
	os.Exit(m.Run())
}

// Serve is a node, and does not return, if the process was started to be one.
func Serve() {
	if dir := os.Getenv(dirVariable); dir != "" {
		panic(serve(dir))
	}
}

// statements open the ports and then never end.
const statements = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) SETTINGS max_block_size = 1 FORMAT Null"

// serve is a node until its standard input ends. What it returns is why it could not
// be one.
func serve(dir string) error {
	go func() {
		_, _ = io.Copy(io.Discard, os.NewFile(0, "standard input"))
		os.Exit(0)
	}()
	lib, err := purego.Dlopen(os.Getenv(Library), purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	var query func(argc int32, argv unsafe.Pointer) uintptr
	var failure func(result uintptr) string
	purego.RegisterLibFunc(&query, lib, "chdb_query_cmdline")
	purego.RegisterLibFunc(&failure, lib, "chdb_result_error")
	args := []string{"clickhouse", "--config-file=" + filepath.Join(dir, "config.xml"), "--path=" + filepath.Join(dir, "data"), "--query=" + statements}
	var argv []*byte
	for _, a := range args {
		argv = append(argv, &append([]byte(a), 0)[0])
	}
	argv = append(argv, nil)
	return fmt.Errorf("ClickHouse ended: %s", failure(query(int32(len(args)), unsafe.Pointer(&argv[0]))))
}

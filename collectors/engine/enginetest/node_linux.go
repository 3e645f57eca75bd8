package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Main runs the tests of a package, or a node if the process was started to be
// one. A package whose tests start nodes calls it from its TestMain.
func Main(m *testing.M) {
	Serve()
	os.Exit(m.Run())
}

// Serve is a node, or asks one thing, and does not return, if the process was started for it.
func Serve() {
	if dir := os.Getenv(dirVariable); dir != "" {
		go func() {
			_, _ = io.Copy(io.Discard, os.NewFile(0, "standard input"))
			os.Exit(0)
		}()
		_, err := query("--config-file="+filepath.Join(dir, "config.xml"), "--path="+filepath.Join(dir, "data"), "--query="+statements)
		panic(fmt.Sprint("ClickHouse ended: ", err))
	}
	if text := os.Getenv(queryVariable); text != "" {
		out, err := query("--query=" + text)
		if err != nil {
			panic(err)
		}
		_, _ = os.NewFile(1, "standard output").Write(out)
		os.Exit(0)
	}
}

// statements open the ports and then never end.
const statements = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) SETTINGS max_block_size = 1 FORMAT Null"

// query is clickhouse local with some options.
func query(options ...string) ([]byte, error) {
	lib, err := purego.Dlopen(os.Getenv(Library), purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, err
	}
	var run func(argc int32, argv unsafe.Pointer) uintptr
	var failure func(result uintptr) string
	var buffer func(result uintptr) unsafe.Pointer
	var length func(result uintptr) uintptr
	purego.RegisterLibFunc(&run, lib, "chdb_query_cmdline")
	purego.RegisterLibFunc(&failure, lib, "chdb_result_error")
	purego.RegisterLibFunc(&buffer, lib, "chdb_result_buffer")
	purego.RegisterLibFunc(&length, lib, "chdb_result_length")
	var argv []*byte
	for _, a := range append([]string{"clickhouse"}, options...) {
		argv = append(argv, &append([]byte(a), 0)[0])
	}
	r := run(int32(len(argv)), unsafe.Pointer(&append(argv, nil)[0]))
	if text := failure(r); text != "" {
		return nil, errors.New(text)
	}
	return bytes.Clone(unsafe.Slice((*byte)(buffer(r)), length(r))), nil
}

package flowlog

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

// repeated returns the records of a blob times times, on one line, as one
// document.
func repeated(blob []byte, times int) io.Reader {
	body := blob[len(`{"records":[`) : len(blob)-len(`]}`)]
	parts := []io.Reader{strings.NewReader(`{"records":[`)}
	for k := range times {
		if k > 0 {
			parts = append(parts, strings.NewReader(","))
		}
		parts = append(parts, bytes.NewReader(body))
	}
	return io.MultiReader(append(parts, strings.NewReader(`]}`))...)
}

// TestMemory reads 200 MB and wants to see no more memory taken in all than a
// few windows and batches have.
func TestMemory(t *testing.T) {
	data, totals := blob(t, flowlogtest.Spec{Flows: flowlogtest.FlowsFor(8 << 20), IPv6: 0.05})
	times := 200<<20/len(data) + 1
	in := testInput()
	stream := repeated(data, times)
	var before, after, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var n, peak, batches uint64
	for b, err := range Read(stream, in) {
		if err != nil {
			t.Fatal(err)
		}
		n += uint64(len(b))
		if batches++; batches%500 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	runtime.ReadMemStats(&after)
	if n != totals.Tuples*uint64(times) || in.Source.Status != flow.OK || in.Source.Bytes < 200<<20 {
		t.Errorf("%d tuples of %d, %d bytes, status %s", n, totals.Tuples*uint64(times), in.Source.Bytes, in.Source.Status)
	}
	const most = 8 << 20
	if taken := after.TotalAlloc - before.TotalAlloc; taken > most {
		t.Errorf("%d bytes were allocated in all, want at most %d", taken, most)
	}
	if peak > before.HeapAlloc+most {
		t.Errorf("the heap grew from %d to %d bytes", before.HeapAlloc, peak)
	}
}

// TestLargeRecord reads a record that is larger than the usual window, skips
// one that is larger than allowed, and reads on.
func TestLargeRecord(t *testing.T) {
	large := vnet(strings.Split(strings.Repeat(tupleE+" ", 40_000), " ")[:40_000]...)
	for name, o := range both {
		res := readAll([]byte(records(vnet(tupleB), large, vnet(tupleD))), o)
		if len(res.records) != 40_002 || len(res.skipped) > 0 || res.err != nil {
			t.Errorf("%s: %d tuples, skipped %v, error %v", name, len(res.records), res.skipped, res.err)
		}
		o.maxRecord = 1 << 20
		res = readAll([]byte(records(vnet(tupleB), large, vnet(tupleD))), o)
		if len(res.records) != 2 || res.err != nil || res.source.Status != flow.Corrupt {
			t.Errorf("%s: %d tuples, status %s, error %v", name, len(res.records), res.source.Status, res.err)
		}
		want := "record is larger than a flow log record can be"
		if len(res.skipped) == 0 || res.skipped[0].Reason != want || res.skipped[0].Offset != int64(len(records(vnet(tupleB)))-1) {
			t.Errorf("%s: skipped %v", name, res.skips())
		}
	}
}

// TestHostile reads what would take for ever if every brace were a new start.
func TestHostile(t *testing.T) {
	tests := map[string]struct {
		again string
		want  int // tuples of the record at the end
	}{
		"objects": {`{"time":`, 0}, // never end, so the record is lost in them
		"both":    {`{"time":[`, 0},
		"arrays":  {`[`, 1},
		"records": {`{"records":[`, 1},
		"rubbish": {`{"time"`, 1},
		"quotes":  {`"`, 1},
		"ends":    {`]}`, 1},
		"letters": {`x`, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			data := strings.Repeat(tt.again, 1<<20/len(tt.again)) + vnet(tupleE)
			res := readAll([]byte(data), options{maxRecord: 1 << 20})
			if len(res.records) != tt.want {
				t.Errorf("%d tuples, want %d, error %v", len(res.records), tt.want, res.err)
			}
		})
	}
}

// brokenReader fails after some bytes.
type brokenReader struct {
	io.Reader
	err error
}

func (r brokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		err = r.err
	}
	return n, err
}

func TestReadError(t *testing.T) {
	head := `{"records":[` + vnet(tupleE)
	res := readFrom(brokenReader{strings.NewReader(head), io.ErrClosedPipe}, both["fast"])
	if len(res.records) != 1 || res.err == nil || !strings.Contains(res.err.Error(), "closed pipe") {
		t.Errorf("%d tuples, error %v", len(res.records), res.err)
	}
	res = readFrom(brokenReader{strings.NewReader(head), io.ErrUnexpectedEOF}, both["fast"])
	if len(res.records) != 1 || res.err != nil || res.source.Status != flow.Truncated || len(res.skipped) != 1 {
		t.Errorf("cut stream: %d tuples, skipped %v, error %v", len(res.records), res.skipped, res.err)
	}
	res = readFrom(brokenReader{strings.NewReader(""), io.ErrUnexpectedEOF}, both["fast"])
	if res.err == nil {
		t.Error("no error from a stream that is cut before it begins")
	}
}

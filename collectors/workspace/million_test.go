package workspace

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"flowctl/collectors/flow"
)

// export is the CSV of so many rows of NTANetAnalytics, made as it is read: conversations of
// 1,000 machines, in hourly intervals.
type export struct {
	rows, next int
	left       []byte
}

const head = "SubType,FaSchemaVersion,FlowIntervalStartTime,FlowIntervalEndTime,FlowStartTime,FlowEndTime,SrcIp,DestIp,DestPort,L4Protocol,FlowDirection,FlowStatus,AclGroup,AclRule,MacAddress,FlowLogResourceId,AllowedInFlows,DeniedInFlows,AllowedOutFlows,DeniedOutFlows,PacketsSrcToDest,PacketsDestToSrc,BytesSrcToDest,BytesDestToSrc,FlowEncryption\n"

func (e *export) Read(b []byte) (int, error) {
	for len(e.left) == 0 {
		switch n := e.next; {
		case n > e.rows:
			return 0, io.EOF
		case n == 0:
			e.left = append(e.left[:0], head...)
		default:
			m, at := n%1000, n/50_000%24
			e.left = fmt.Appendf(e.left[:0], "FlowLog,3,2025-08-24T%02d:00:00Z,2025-08-24T%02d:59:59Z,2025-08-24T%02d:01:00Z,2025-08-24T%02d:50:00Z,10.0.%d.%d,10.1.%d.%d,%d,TCP,Outbound,Allowed,s/rg/nsg,userrule_x,00-0D-3A-00-%02X-%02X,s/rg/w/l,0,0,2,0,10,20,1000,2000,Unencrypted\n",
				at, at, at, at, m/250, m%250, n/250%250, n%250, n%60_000, m>>8, m&255)
		}
		e.next++
	}
	n := copy(b, e.left)
	e.left = e.left[n:]
	return n, nil
}

// TestRowsTakeNoMemory: what was read is not kept, so that memory does not grow with the rows.
// The records of these would take 40 MB.
func TestRowsTakeNoMemory(t *testing.T) {
	const rows, most = 200_000, 20 << 20
	peak, records, bytes := readMeasured(t, rows)
	if records != rows || bytes != rows*3000 {
		t.Errorf("%d records with %d bytes of %d rows", records, bytes, rows)
	}
	if peak > most {
		t.Errorf("the heap grew by %d bytes, and %d are enough", peak, most)
	}
}

// BenchmarkMillionRows reads a million rows.
func BenchmarkMillionRows(b *testing.B) {
	const rows = 1_000_000
	for b.Loop() {
		peak, records, _ := readMeasured(b, rows)
		if records != rows {
			b.Fatalf("%d records", records)
		}
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// readMeasured reads an export and returns how far the heap grew beyond what it was, and
// what was read.
func readMeasured(t testing.TB, rows int) (peak, records, bytes uint64) {
	t.Helper()
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	before := mem.HeapAlloc
	in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	for batch, err := range Read(&export{rows: rows}, in) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			bytes += batch[i].Sent.IPBytes + batch[i].Received.IPBytes
		}
		if records += uint64(len(batch)); records%(64*batchRecords) == 0 {
			runtime.ReadMemStats(&mem)
			peak = max(peak, mem.HeapAlloc-min(before, mem.HeapAlloc))
		}
	}
	return peak, records, bytes
}

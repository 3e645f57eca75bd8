// Package flowlog reads the hour files (PT1H.json) that Azure Network Watcher
// writes for VNet flow logs (version 4) and NSG flow logs (versions 1 and 2),
// and knows where in a storage account they lie.
//
// The formats are those of Microsoft Learn, "VNet flow logs overview" and
// "NSG flow logs overview" (sections "Log format"), and of files seen in the
// wild, which differ: keys in any order, records nested in records, bare
// records, mixed versions, files that grow or are cut.
package flowlog

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"regexp"
	"sync"

	"flowctl/collectors/flow"
)

// ErrNoFlowRecords says that a file holds no record of a flow log that could
// be read. Errors that wrap it say what the file looks like instead.
var ErrNoFlowRecords = errors.New("no flow log records")

// MaxRecord is the size in bytes of the largest JSON record that is read. A
// record is what one network interface saw in a minute; a larger one is
// skipped and counted.
const MaxRecord = 64 << 20

var bom = []byte("\xef\xbb\xbf")

// Detect reports whether head, the first bytes of a file, may begin a flow
// log: after a byte order mark, white space and commas (a range of a growing
// blob begins with one) it has an opening bracket, or it is a text that begins
// inside a record.
func Detect(head []byte) bool {
	text := bytes.TrimPrefix(head, bom)
	text = bytes.TrimLeft(text, " \t\r\n,")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[') || inside(head)
}

// part is what stands in a record and hardly elsewhere: keys of its objects, and
// tuples.
var part = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"(flowLogVersion|flowLogGUID|flowLogResourceID|targetResourceID|macAddress|flowRecords|flowGroups|flowTuples|aclID)"\s*:` +
		`|FlowLogFlowEvent|NetworkSecurityGroupFlowEvent|\d{9,15},[0-9a-fA-F.:]+,[0-9a-fA-F.:]+,\d{1,5},\d{1,5},\w{1,3},[IO],`)
})

// inside reports whether a text looks like what is inside a record.
func inside(head []byte) bool {
	const enough = 512
	return part().Match(head[:min(len(head), enough)])
}

// Read yields the flow tuples of one file, as a flow.Reader. It goes over the
// bytes once, in memory that depends on the largest record and not on the
// file.
//
// The source of a tuple is the side that opened the flow. First and Last are
// the tuple's time; Point is the MAC address, ACL the aclID as it stands in
// the file, Target the targetResourceID and Log the flowLogResourceID in upper
// case; in NSG flow logs all three are the NSG's resourceId. Packets and IP bytes are measured in tuples that
// continue or end a flow and have counters. An allowed tuple of version 1,
// which has no state, begins a flow.
//
// Tuples and records that cannot be read are counted in in.Skipped by reason,
// with the offset of the first; the records around them are kept. A record is
// taken whole or not at all. The error, if any, is ErrNoFlowRecords or wraps
// what r returned.
func Read(r io.Reader, in flow.Input) iter.Seq2[flow.Batch, error] {
	return read(r, in, options{maxRecord: MaxRecord})
}

// options are what tests vary.
type options struct {
	maxRecord int   // largest record, in bytes
	reference bool  // leave everything to encoding/json
	scalar    bool  // use no vector instructions for what is added up
	part      int64 // bytes that one goroutine of ReadAt reads at a time, at least
}

func read(r io.Reader, in flow.Input, o options) iter.Seq2[flow.Batch, error] {
	return func(yield func(flow.Batch, error) bool) {
		d := newDocument(r, in, o)
		d.yield = func(b flow.Batch) bool { return yield(b, nil) }
		err := d.run()
		if d.stopped {
			return
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

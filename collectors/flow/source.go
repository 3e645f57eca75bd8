package flow

import (
	"cmp"
	"io"
	"iter"
	"slices"
	"sync"
)

// Status says how far a source could be read.
type Status string

// The statuses of a source.
const (
	OK         Status = "ok"         // read to its end, whether or not it holds an observation
	Truncated  Status = "truncated"  // ends inside a record; what came before was kept
	Corrupt    Status = "corrupt"    // a part of it is damaged; what could be read was kept
	Unreadable Status = "unreadable" // nothing could be read
)

// Kind is what a source turned out to be, from its content and never from its
// name: "vnet-flow-log", "nsg-flow-log", "traffic-analytics", "vm-agent", "log-analytics", "pcap", "pcapng", "snoop",
// "netmon", "etl", "flowctl-parquet", "flowctl-engine".
type Kind string

// The kinds of source.
const (
	VNetFlowLog Kind = "vnet-flow-log"
	NSGFlowLog  Kind = "nsg-flow-log"
	Pcap        Kind = "pcap"
	Pcapng      Kind = "pcapng"
	Snoop       Kind = "snoop"
	NetMon      Kind = "netmon"          // of Network Monitor 2 and 3
	EventTrace  Kind = "etl"             // of Windows
	Parquet     Kind = "flowctl-parquet" // flows that flowctl kept, see collectors/parquet

	Engine Kind = "flowctl-engine" // flows that an engine has, see collectors/engine

	TrafficAnalytics Kind = "traffic-analytics" // rows of its tables in a Log Analytics workspace
	AgentTable       Kind = "vm-agent"          // connections that agents on machines reported to a workspace
	WorkspaceTable   Kind = "log-analytics"     // another table of a workspace, which holds no flows
)

// Log reports whether sources of k are flow logs.
func (k Kind) Log() bool { return k == VNetFlowLog || k == NSGFlowLog }

// Source is what is learned about one file or blob while it is read.
type Source struct {
	Path    string
	Kind    Kind
	Status  Status
	Detail  string   // of a kind: "version 4", "little-endian, microseconds, Ethernet"
	Bytes   int64    // read, after decompression
	Records uint64   // flow tuples, or packets
	Outside uint64   // of Records: before or after the window
	Again   Count    // of captures: packets of Records that other interfaces of the capture had too; they count once
	AgainIn int      // captures that Again is of; 0 for this one
	Points  []string // where it was seen, at most a few
	Span    Span     // of captures: when its packets were
	Holds   []Kind   // of Parquet and Engine: what its flows were read from
	Empty   []Kind   // of these: what was read for them and had none
	Files   int      // that it stands for, if more than one: Path is a folder of theirs
	Copy    bool     // it has the same bytes as another one, which counts
	View    string   // what of it was wanted, in words of no one else's; empty for all
	Remarks []Remark // what answers from it must say besides
}

// Span is a time from First to Last, in Unix nanoseconds. It is not known unless Known.
type Span struct {
	First, Last int64
	Known       bool
}

// Add widens s to t, unless that is NoTime.
func (s *Span) Add(t int64) {
	if t == NoTime {
		return
	}
	if !s.Known {
		*s = Span{t, t, true}
	}
	s.First, s.Last = min(s.First, t), max(s.Last, t)
}

// Remark is something that a reader found out about what its source does not say.
type Remark struct {
	Code  string // what it is, as coverage names it
	Count uint64 // how often; 0 if that is not counted
	Text  string // of the source, such as the message of an error; empty if there is none
}

// Remark notes a remark n more times.
func (s *Source) Remark(code, text string, n uint64) {
	for i := range s.Remarks {
		if r := &s.Remarks[i]; r.Code == code && r.Text == text {
			r.Count += n
			return
		}
	}
	if len(s.Remarks) < mostRemarks {
		s.Remarks = append(s.Remarks, Remark{code, n, text})
	}
}

// mostRemarks bounds how many a source has, of which some have text of the file.
const mostRemarks = 64

// Holding is what the records of s were read from in the first place: its
// kind, or what it holds.
func (s *Source) Holding() []Kind {
	if s.Kind == Parquet || s.Kind == Engine {
		return s.Holds
	}
	return []Kind{s.Kind}
}

// Note gives a source a worse status; a better one changes nothing.
func (s *Source) Note(st Status) {
	if rank(st) > rank(s.Status) {
		s.Status = st
	}
}

func rank(s Status) int {
	for i, t := range []Status{"", OK, Truncated, Corrupt, Unreadable} {
		if s == t {
			return i
		}
	}
	return 0
}

// Skip counts the parts of one source that were left out for one reason.
// Offset is where the first of them began, in bytes after decompression.
type Skip struct {
	Source string
	Reason string
	Count  uint64
	Offset int64
}

// Skipped collects what readers left out. It may be used by several
// goroutines. The zero value is ready. Beyond mostSkips, what sources left out
// is counted by reason, with no source, and beyond as many reasons in one. Which
// are told one by one does not depend on the order in which they come: the first
// by source and reason are.
type Skipped struct {
	mu     sync.Mutex
	all    skips
	others skips // by reason
	rest   Skip  // further reasons
}

const mostSkips = 2000

// Add counts one part of source that was left out, at offset.
func (s *Skipped) Add(source, reason string, offset int64) { s.AddN(source, reason, 1, offset) }

// AddN counts n parts of source that were left out, the first at offset.
func (s *Skipped) AddN(source, reason string, n uint64, offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	over, more := s.all.add(Skip{source, reason, n, offset})
	if more {
		over.Source, over.Offset = "", 0
		over, more = s.others.add(over)
	}
	if more {
		s.rest = Skip{Reason: "for further reasons", Count: s.rest.Count + over.Count}
	}
}

// All returns what was counted, by source, place and reason.
func (s *Skipped) All() []Skip {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Skip
	list = append(list, s.all...)
	slices.SortStableFunc(list, func(a, b Skip) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Offset, b.Offset)) })
	list = append(list, s.others...)
	if s.rest.Count > 0 {
		list = append(list, s.rest)
	}
	return list
}

// skips are the first by source and reason, in this order.
type skips []Skip

// add counts one more, and returns what there is no room for.
func (l *skips) add(s Skip) (over Skip, more bool) {
	i, known := slices.BinarySearchFunc(*l, s, func(a, b Skip) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Reason, b.Reason))
	})
	if known {
		at := &(*l)[i]
		at.Count += s.Count
		at.Offset = min(at.Offset, s.Offset)
		return Skip{}, false
	}
	if i == mostSkips {
		return s, true
	}
	*l = slices.Insert(*l, i, s)
	if len(*l) <= mostSkips {
		return Skip{}, false
	}
	over = (*l)[mostSkips]
	*l = (*l)[:mostSkips]
	return over, true
}

// Input is what a reader is given beside the bytes. All of it may be shared
// by readers that run at the same time, except Source, which the reader fills.
type Input struct {
	Source  *Source
	Names   *Names
	Skipped *Skipped
	Room    *Room  // of the run; nil if its sums cannot overflow
	Point   string // of captures: where it was taken; the reader falls back to Source.Path
	Target  string // of captures: resource id of the machine, if known
	Log     string // of flow logs: resource id of the log where the file itself names none
	Hosts   *Hosts // of captures: where names of addresses go; nil if they are not wanted
	// Inventories takes JSON of the inventories that kept flows have with them; nil
	// if they are not wanted.
	Inventories func([]byte) error
	// Dictionary takes JSON of what people call networks, likewise.
	Dictionary func([]byte) error
	// Minutes takes JSON of which minutes kept flows are of; nil if that is not wanted.
	Minutes func([]byte) error
	// Successors takes JSON of which captures that kept flows are of go on with others.
	Successors func([]byte) error

	Brief  bool  // of captures: what TCP headers say, as Record.TCP has it, is not wanted
	Fine   bool  // of captures: no record is of two seconds of the clock, so that time can be cut
	Memory int64 // of captures: bytes that conversations that are going on may take, about; 0 for a bound of the reader's own
	// Evidence is asked which records count; nil if all do.
	Evidence Evidence
	// Whole asks of flow logs, if there is no Cache, that a batch is all that counts of one
	// record, the one that Evidence met last.
	Whole bool
	Cache Cache // lets the reader add up what it sees of a flow; nil if every record is wanted

	// Start and End, if End is not 0, are the window of captures, in Unix
	// nanoseconds: packets before Start, or not before End, are not counted.
	Start, End int64
}

// Within reports whether t is in the window, which there is. What has no time
// is not.
func (in *Input) Within(t int64) bool { return t >= in.Start && t < in.End && t != NoTime }

// Sink takes the records that a reader of large files gives on, from one
// goroutine. Add reports false when no more are wanted; Done is called when no
// more will come.
type Sink struct {
	Add      func(Batch) bool
	Cache    Cache    // see Input; nil if every record is wanted
	Evidence Evidence // see Input
	Done     func()
}

// Workers take the records of a source: Main those of the caller's goroutine.
// Extra returns the sink of one more worker, if one is idle; readers ask it on
// the caller's goroutine between parts. Nil has none.
type Workers struct {
	Main  func(Batch) bool
	Extra func() (Sink, bool)
}

// More returns the sink of an extra worker, if there is one.
func (w *Workers) More() (Sink, bool) {
	if w.Extra == nil {
		return Sink{}, false
	}
	return w.Extra()
}

// A Reader yields the records of one source in batches that are valid until
// the next one. What could not be read is counted in in.Skipped. The error,
// if any, comes last: nothing after it can be read, what came before stands.
type Reader func(r io.Reader, in Input) iter.Seq2[Batch, error]

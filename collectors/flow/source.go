package flow

import (
	"io"
	"iter"
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
// name: "vnet-flow-log", "nsg-flow-log", "pcap", "pcapng", "snoop", "etl", "flowctl-parquet".
type Kind string

// The kinds of source.
const (
	VNetFlowLog Kind = "vnet-flow-log"
	NSGFlowLog  Kind = "nsg-flow-log"
	Pcap        Kind = "pcap"
	Pcapng      Kind = "pcapng"
	Snoop       Kind = "snoop"
	EventTrace  Kind = "etl"             // of Windows
	Parquet     Kind = "flowctl-parquet" // flows that flowctl kept, see collectors/parquet
)

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
	Points  []string // where it was seen, at most a few
	Holds   []Kind   // of Parquet: what its flows were read from
	Files   int      // that it stands for, if more than one: Path is a folder of theirs
}

// Holding is what the records of s were read from in the first place: its
// kind, or what it holds.
func (s *Source) Holding() []Kind {
	if s.Kind == Parquet {
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
// is counted by reason, with no source, and beyond as many reasons in one.
type Skipped struct {
	mu    sync.Mutex
	index map[[2]string]int
	all   []Skip
}

const mostSkips = 2000

// Add counts one part of source that was left out, at offset.
func (s *Skipped) Add(source, reason string, offset int64) { s.AddN(source, reason, 1, offset) }

// AddN counts n parts of source that were left out, the first at offset.
func (s *Skipped) AddN(source, reason string, n uint64, offset int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := [2]string{source, reason}
	i, ok := s.index[k]
	if !ok && len(s.all) >= mostSkips {
		source, offset = "", 0
		if len(s.all) >= 2*mostSkips && s.index[[2]string{"", reason}] == 0 {
			reason = "for further reasons"
		}
		k = [2]string{source, reason}
		i, ok = s.index[k]
	}
	if !ok {
		if s.index == nil {
			s.index = map[[2]string]int{}
		}
		i = len(s.all)
		s.index[k] = i
		s.all = append(s.all, Skip{Source: source, Reason: reason, Offset: offset})
	}
	s.all[i].Count += n
	s.all[i].Offset = min(s.all[i].Offset, offset)
}

// All returns what was counted, in the order in which it was first seen.
func (s *Skipped) All() []Skip {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Skip(nil), s.all...)
}

// Input is what a reader is given beside the bytes. All of it may be shared
// by readers that run at the same time, except Source, which the reader fills.
type Input struct {
	Source  *Source
	Names   *Names
	Skipped *Skipped
	Point   string // of captures: where it was taken; the reader falls back to Source.Path
	Target  string // of captures: resource id of the machine, if known
	Log     string // of flow logs: resource id of the log where the file itself names none
	Hosts   *Hosts // of captures: where names of addresses go; nil if they are not wanted
	Brief   bool   // of captures: what TCP headers say, as Record.TCP has it, is not wanted
	Fine    bool   // of captures: no record is of two seconds of the clock, so that time can be cut
	// Evidence is asked which records count; nil if all do.
	Evidence Evidence
	Cache    Cache // lets the reader add up what it sees of a flow; nil if every record is wanted

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

// A Reader yields the records of one source in batches that are valid until
// the next one. What could not be read is counted in in.Skipped. The error,
// if any, comes last: nothing after it can be read, what came before stands.
type Reader func(r io.Reader, in Input) iter.Seq2[Batch, error]

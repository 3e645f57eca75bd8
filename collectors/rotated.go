package collectors

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/storage"
)

// rotations holds back the files that may be of captures that were rotated, by
// what their names have in common, until all names are known: of a ring, the
// first file by name need not be the first by time.
type rotations struct{ byName map[string][]*member }

// member is a file of what may be a rotated capture.
type member struct {
	*job
	sure  bool   // its name is that of such a file
	form  string // see pcap.Beginning
	first int64
	begun bool // these are known

	kind   flow.Kind
	head   [sha256.Size]byte // of its first bytes
	copied *member           // that has the same bytes, or begins with these
	part   bool              // the other one has more
}

// add holds j back if it may be a file of a rotated capture.
func (s *rotations) add(j *job, path string) bool {
	name, sure, ok := rotatedName(j.Path)
	if !ok || j.Blob == nil && !regular(path) {
		return false
	}
	if s.byName == nil {
		s.byName = map[string][]*member{}
	}
	key := strings.Join([]string{name, j.Point, j.Target}, "\x00")
	s.byName[key] = append(s.byName[key], &member{job: j, sure: sure})
	return true
}

// groups yields the files whose names have much in common.
func (s *rotations) groups() iter.Seq[[]*member] {
	return func(yield func([]*member) bool) {
		for _, name := range slices.Sorted(maps.Keys(s.byName)) {
			if !yield(s.byName[name]) {
				return
			}
		}
	}
}

// rotated reports whether all of n files are, by their names, of one capture.
func (s *rotations) rotated(n int) bool {
	for list := range s.groups() {
		return len(list) == n && !slices.ContainsFunc(list, func(m *member) bool { return !m.sure })
	}
	return false
}

var (
	captureName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(^|[._-])(p?cap|pcapng|ntar|dmp|trc)[0-9]*($|[._-])|^[^.]*cap[^.]*$`)
	})
	// counter is a number with what sets it apart; the first file may have none.
	counter = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[ ._-]*\(?[0-9]+\)?`) })
	// numbered names are those of dumpcap's files, of files by time, and of
	// tcpdump's, whose number comes after the extension.
	numbered = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)[_-][0-9]{4,}|\.p?cap(ng)?\.?[0-9]+$|\.p?cap(ng)?$`)
	})
)

// rotatedName is what the names of the files of a rotated capture have in
// common with that of path: all but numbers. It is sure if only such files have
// names like that.
func rotatedName(path string) (name string, sure, ok bool) {
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	if !captureName().MatchString(base) {
		return "", false, false
	}
	name = path[:len(path)-len(base)] + counter().ReplaceAllString(base, "")
	return name, numbered().MatchString(base), true
}

// headOfCapture is how much of a file is looked at for its first packets.
const headOfCapture = 64 << 10

// firstOfCapture is how much of captures is equal that may be copies: their header
// and most of a packet.
const firstOfCapture = 100

// rotation reads files whose names have much in common, in the order of their
// first packets. As long as one begins where another ends they are one capture:
// a point, at which connections go on from file to file.
func (r *reading) rotation(ctx context.Context, list []*member, w *worker) {
	if len(list) > 1 {
		slices.SortStableFunc(list, func(a, b *member) int {
			return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(len(a.Path), len(b.Path)), strings.Compare(a.Path, b.Path))
		})
	}
	var s *pcap.Series
	var last *member // of s
	point := ""
	for _, m := range list {
		if ctx.Err() != nil {
			return
		}
		if m.copied != nil {
			r.copy(m)
			continue
		}
		if s == nil || !m.begun || m.form != last.form || !s.Continues(m.first, m.sure && last.sure) || r.sameTraffic(ctx, last.job, m) {
			s, point = &pcap.Series{}, cmp.Or(m.Point, m.Path)
		}
		last = m
		open := r.open
		if m.begun {
			open = func(ctx context.Context, j *job, in flow.Input, to sinks) error {
				in.Point = point
				return r.member(ctx, j, s, in, to)
			}
		}
		r.file(ctx, m.job, w, open)
		r.settle(m.job, w)
	}
}

// sameTraffic reports whether a file that begins before another one ends has the same
// packets then: it is of another place, whatever it is called.
func (r *reading) sameTraffic(ctx context.Context, last *job, m *member) bool {
	ends := last.source.Span
	if !ends.Known || m.first >= ends.Last {
		return false
	}
	b := newBorder(&place{first: last, last: last}, &place{first: m.job, last: m.job}, ends.Last, m.first)
	return r.compareAt(ctx, b) && b.sameTraffic()
}

// begin looks at the beginning of the file, which is at path unless it is a blob.
func (m *member) begin(ctx context.Context, path string) {
	f, err := m.open(ctx, path, headOfCapture)
	if err != nil {
		return
	}
	defer f.Close()
	plain, _, err := decompressed(f)
	if err != nil {
		return
	}
	defer plain.Close()
	head := make([]byte, headOfCapture)
	n, _ := io.ReadFull(plain, head)
	if kind, ok := pcap.Detect(head[:n]); ok {
		m.kind, m.head = kind, sha256.Sum256(head[:min(n, firstOfCapture)])
		m.form, m.first, m.begun = pcap.Beginning(head[:n])
	}
}

// member reads a file as the next one of s.
func (r *reading) member(ctx context.Context, j *job, s *pcap.Series, in flow.Input, to sinks) error {
	var at io.ReaderAt
	var size int64
	if j.Blob != nil {
		ranges := storage.NewRanges(ctx, j.From, *j.Blob)
		at, size = ranges, ranges.Size()
	} else {
		f, err := os.Open(r.path(j))
		if err != nil {
			return unreadable(in, err)
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			return unreadable(in, err)
		}
		at, size = f, st.Size()
	}
	plain, packed, err := decompressed(io.NewSectionReader(counted{at, to.bytes}, 0, size))
	if err != nil {
		return unreadable(in, err)
	}
	defer plain.Close()
	workers := to.Workers
	if packed || size < wideFrom {
		workers.Extra = nil
	}
	return s.Read(plain, in, workers)
}

// decompressed is what r holds, and whether that was compressed.
func decompressed(r io.Reader) (plain io.ReadCloser, packed bool, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(4)
	open := wrapping(head)
	if open == nil {
		return io.NopCloser(br), false, nil
	}
	plain, err = open(br)
	return plain, true, err
}

package collectors

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"flowctl/collectors/flow"
	"flowctl/collectors/parquet"
	"flowctl/collectors/summary"
)

// Flows that were kept and what they were made from are one traffic, and so are two files
// that were made from the same. So files of kept flows are read last, when it is known what
// else was read.

// keptFile is a file of kept flows.
type keptFile struct {
	*job
	size int64
	self flow.Source       // as files that are made from it name it
	sum  [sha256.Size]byte // if another file has as many bytes
	from []flow.Source
	all  bool // from names every source
}

// holdsFlows reports whether j is a file of kept flows, by its first bytes.
func (r *reading) holdsFlows(j *job) bool {
	if j.Stream != nil || j.Blob != nil || strings.HasSuffix(strings.ToLower(j.Path), ".json") || !regular(r.path(j)) {
		return false
	}
	f, err := os.Open(r.path(j))
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, _ := io.ReadFull(f, head)
	return parquet.Detect(head[:n])
}

// once returns those of files of kept flows that count: neither what they were made from nor
// another one that was made from the same was read.
func (r *reading) once(ctx context.Context, jobs []*job) (list []*job) {
	files := r.described(jobs)
	met := map[origin]bool{}
	for _, s := range r.list.single() {
		o := originOf(&s.Source)
		if !s.own { // the window of the run is that of kept flows too
			o.view = ""
		}
		met[o] = true
	}
	read := map[[sha256.Size]byte]string{}
	for _, f := range files {
		of, same := read[f.sum]
		switch n := f.among(met); {
		case ctx.Err() != nil:
		case same && f.sum != [sha256.Size]byte{}:
			r.leaveOut(f, "the same bytes as "+of)
			continue
		case n > 0 && n == len(f.from) && f.all || met[originOf(&f.self)]:
			r.leaveOut(f, "made from what is read here")
			continue
		case n > 0:
			r.kin = append(r.kin, f)
		}
		read[f.sum] = f.Path
		for _, s := range append(f.from, f.self) {
			met[originOf(&s)] = true
		}
		list = append(list, f.job)
	}
	return list
}

// described says of files what is known before they are read: the one that was made from
// most comes first.
func (r *reading) described(jobs []*job) (list []*keptFile) {
	sizes := map[int64]int{}
	for _, j := range jobs {
		k := &keptFile{job: j}
		if f, err := os.Open(r.path(j)); err == nil {
			if st, err := f.Stat(); err == nil {
				k.size = st.Size()
				var rows uint64
				k.from, k.all, rows, _ = parquet.Made(f, k.size) // an error comes again when it is read
				k.self = flow.Source{Path: k.Path, Kind: flow.Parquet, Bytes: k.size, Records: rows}
			}
			f.Close()
		}
		k.from = slices.DeleteFunc(k.from, func(s flow.Source) bool { return s.Records == 0 })
		j.mixed = mixed(k.from)
		sizes[k.size]++
		list = append(list, k)
	}
	for _, k := range list {
		if sizes[k.size] > 1 {
			k.sum, _ = sumOfFile(r.path(k.job))
		}
	}
	slices.SortFunc(list, func(a, b *keptFile) int {
		return cmp.Or(cmp.Compare(len(b.from), len(a.from)), cmp.Compare(a.Path, b.Path))
	})
	return list
}

// mixed reports whether some of sources are flow logs, and some are not.
func mixed(sources []flow.Source) bool {
	log := func(s flow.Source) bool { return s.Kind.Log() }
	return slices.ContainsFunc(sources, log) && slices.ContainsFunc(sources, func(s flow.Source) bool { return !log(s) })
}

func sumOfFile(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err = io.Copy(h, f); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// among is how many of its sources were met.
func (f *keptFile) among(met map[origin]bool) (n int) {
	for i := range f.from {
		o := originOf(&f.from[i])
		if met[o] {
			n++
		} else if o.view = ""; met[o] {
			n++
		}
	}
	return n
}

// origin is what tells sources of kept flows apart, which may have been moved since, and what
// was wanted of them; empty for all.
type origin struct {
	name    string
	kind    flow.Kind
	bytes   int64
	records uint64
	view    string
}

func originOf(s *flow.Source) origin {
	return origin{s.Path[strings.LastIndexAny(s.Path, `/\`)+1:], s.Kind, s.Bytes, s.Records, s.View}
}

// leaveOut tells of a file of kept flows that other files have, and takes over the names
// that it brings.
func (r *reading) leaveOut(f *keptFile, why string) {
	f.source.Kind, f.source.Detail, f.source.Copy = flow.Parquet, why, true
	f.source.Note(flow.OK)
	if file, err := os.Open(r.path(f.job)); err == nil {
		if err := parquet.ReadNames(file, f.size, flow.Input{Names: r.names, Inventories: r.found.add, Dictionary: r.found.addDictionary}); err != nil {
			f.source.Detail += "; names that it has could not be read: " + err.Error()
		}
		file.Close()
	}
	r.leftOut = append(r.leftOut, f)
	r.settle(f.job, nil)
}

// leaves reports whether an item was left out.
func (r *reading) leaves(i Item) bool {
	return slices.ContainsFunc(r.leftOut, func(f *keptFile) bool { return f.Path == i.Path })
}

// keptCoverage says which kept flows do not count, or may count twice.
func (r *reading) keptCoverage() (list []summary.Coverage) {
	if len(r.leftOut) > 0 {
		f := r.leftOut[0]
		list = append(list, summary.Coverage{Code: "kept-flows-repeated", Text: fmt.Sprintf(
			"What files of kept flows hold was read once: %s (files: %d; %s).", f.Path, len(r.leftOut), f.source.Detail)})
	}
	if len(r.kin) > 0 {
		list = append(list, summary.Coverage{Code: "kept-flows-overlap", Text: fmt.Sprintf(
			"%s was made in part from what was read here besides, which counts twice (files: %d). Give either the kept flows or what they were made from.", r.kin[0].Path, len(r.kin))})
	}
	return list
}

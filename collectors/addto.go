package collectors

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"flowctl/collectors/engine"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/parquet"
	"flowctl/collectors/workspace"
)

// Added is what was put into an engine.
type Added struct {
	Files atomic.Int64 // that are in now
	Known atomic.Int64 // that were in already
	Rows  atomic.Int64 // that were sent
	Bytes atomic.Int64 // of the files, as they lie there
}

// unitBytes is how much of flow logs comes in as one unit: small files together, so that
// the engine gets few large inserts.
const unitBytes = 256 << 20

// AddTo puts what is new of s.Items into an engine: flow logs some files at a time, and
// then all captures as one unit, since those are compared with one another. Windows are no
// matter: the engine gets what the files have.
func (s Sum) AddTo(ctx context.Context, e *engine.Engine, version string, done *Added) (Problems, error) {
	known, err := e.Known(ctx)
	if err != nil {
		return Problems{}, err
	}
	a := adding{Sum: s, e: e, version: version, done: done}
	var logs, captures []offered
	size := int64(0)
	for item, err := range s.Items {
		if ctx.Err() != nil {
			break
		}
		var o offered
		if err == nil {
			o, err = offer(ctx, item)
		}
		switch {
		case err != nil:
			a.bad(item.Path, err)
		case known[o.digest]:
			done.Known.Add(1)
		case !o.log:
			captures, known[o.digest] = append(captures, o), true
		default:
			logs, known[o.digest] = append(logs, o), true
			if size += o.size; size >= unitBytes {
				if err := a.unit(ctx, engine.Logs, logs); err != nil {
					return a.problems, err
				}
				logs, size = nil, 0
			}
		}
	}
	return a.problems, errors.Join(ctx.Err(), a.unit(ctx, engine.Logs, logs), a.unit(ctx, engine.Captures, captures))
}

// offered is a file that is new to the engine.
type offered struct {
	Item
	digest string // of its bytes; of a blob of its name and ETag
	size   int64
	log    bool // it is of flow logs
}

// offer looks at a file.
func offer(ctx context.Context, i Item) (offered, error) {
	o := offered{Item: Item{Path: i.Path, Point: i.Point, Target: i.Target, Blob: i.Blob, From: i.From}}
	var r io.ReadCloser
	var err error
	h := sha256.New()
	switch {
	case i.Stream != nil:
		return o, errors.New("is read as it comes, and could not be sent again if something failed: save it first")
	case i.Blob != nil:
		o.size = i.Blob.Size
		fmt.Fprintf(h, "%s\x00%s\x00%d", i.Path, i.Blob.ETag, i.Blob.Size)
		r, err = i.From.Open(ctx, *i.Blob, 0, min(64<<10, i.Blob.Size))
	default:
		r, err = os.Open(i.Path)
	}
	if err != nil {
		return o, err
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 64<<10)
	if o.log, err = flowLogIn(in); err == nil && i.Blob == nil {
		o.size, err = io.Copy(h, in)
	}
	o.digest = hex.EncodeToString(h.Sum(nil))
	return o, err
}

// flowLogIn reports whether a file is a flow log, and why it cannot be kept if that is so.
func flowLogIn(r *bufio.Reader) (bool, error) {
	head, err := r.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if open := wrapping(head); open != nil {
		plain, err := open(strings.NewReader(string(head)))
		if err != nil {
			return false, fmt.Errorf("decompress: %w", err)
		}
		defer plain.Close()
		if head, err = io.ReadAll(io.LimitReader(plain, headSize)); len(head) == 0 {
			return false, err
		}
	}
	switch first := head[:min(len(head), headSize)]; {
	case len(head) == 0:
		return false, errors.New("is empty: 0 bytes")
	case format(first) == nil:
		return false, describe(head)
	case workspace.Detect(first):
		return false, errSums
	case parquet.Detect(first):
		return false, errKept
	default:
		return flowlog.Detect(first), nil
	}
}

// adding is what AddTo is about.
type adding struct {
	Sum
	e        *engine.Engine
	version  string
	done     *Added
	problems Problems
}

func (a *adding) bad(path string, err error) {
	if a.problems.Count++; len(a.problems.First) < mostBad {
		a.problems.First = append(a.problems.First, Problem{path, err})
	}
}

// unit puts files in. Those that could not be read to their end are asked for again
// another time.
func (a *adding) unit(ctx context.Context, kind string, files []offered) error {
	if len(files) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	slices.SortFunc(files, func(x, y offered) int { return cmp.Compare(x.Path, y.Path) })
	u := engine.Unit{Kind: kind, Name: files[0].Path}
	if len(files) > 1 {
		u.Name = fmt.Sprintf("%s and %d more", u.Name, len(files)-1)
	}
	h := sha256.New()
	for _, f := range files {
		u.Bytes += f.size
		io.WriteString(h, f.digest)
	}
	u.ID = hex.EncodeToString(h.Sum(nil))
	w, err := a.e.Begin(ctx, u)
	if err != nil {
		return err
	}
	s := a.Sum
	s.Items = offeredItems(files)
	meta, problems, err := s.Put(ctx, a.version, w.Keeper)
	if err != nil {
		return err
	}
	for _, p := range problems.First {
		a.bad(p.Path, p.Err)
		files = slices.DeleteFunc(files, func(f offered) bool { return f.Path == p.Path })
	}
	if problems.Count > len(problems.First) {
		files = nil
	}
	for _, f := range files {
		w.Holds(f.digest)
	}
	n, err := w.Commit(ctx, meta)
	a.done.Files.Add(int64(len(files)))
	a.done.Rows.Add(int64(n))
	a.done.Bytes.Add(u.Bytes)
	return err
}

func offeredItems(files []offered) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for _, f := range files {
			if !yield(f.Item, nil) {
				return
			}
		}
	}
}

// Fingerprints looks at items, and returns those that can be kept as flows, with digests of
// what is in them by their paths.
func Fingerprints(ctx context.Context, items iter.Seq2[Item, error]) (list []Item, digests map[string]string, problems Problems) {
	digests = map[string]string{}
	a := adding{}
	for item, err := range items {
		if ctx.Err() != nil {
			break
		}
		var o offered
		if err == nil {
			o, err = offer(ctx, item)
		}
		if err != nil {
			a.bad(item.Path, err)
			continue
		}
		list, digests[item.Path] = append(list, item), o.digest
	}
	return list, digests, a.problems
}

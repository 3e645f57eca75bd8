package fetch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
	"flowctl/plan/session"
)

// job asks for the files of one session.
type job struct {
	session   plan.Session
	recording plan.Recording
	start     time.Time // of the window; flow logs have a file per hour
	end       time.Time
	macs      map[string]bool // of flow logs: the interfaces to read; nil for all
	machines  int             // of captures: how many write a file of their own
	blobs     plan.Blobs
	folder    session.Folder
	have      []session.Artifact // what was fetched before
	transfer  *Transfer          // shared with other jobs; nil: its own
}

// run brings what is in storage and not yet in the folder, many files at a
// time, and returns all artifacts of the session in the order of their hours
// and names. Artifacts that were fetched whole stand even if there is an
// error; the first error ends the rest.
func (j job) run(ctx context.Context) ([]session.Artifact, error) {
	if j.session.Mechanism == plan.PacketCapture {
		return j.capture(ctx)
	}
	return j.flowLog(ctx)
}

// flowLog brings the hours of the window. Their blobs are listed only as far
// ahead as there are places to fetch them.
func (j job) flowLog(ctx context.Context) ([]session.Artifact, error) {
	b := j.begin(ctx)
	for hour, blobs := range j.listed(b.ctx) {
		what := fmt.Sprintf("flow log %s, hour %s", j.recording.ID.Name(), hour.Format("2006-01-02T15"))
		if !j.hour(b, what, hour, blobs) {
			break
		}
	}
	return b.end()
}

// hour has the blobs of one hour brought; false means that the batch is over.
// An interface may have one in either layout of names.
func (j job) hour(b *batch, what string, hour time.Time, blobs iter.Seq2[plan.Blob, error]) bool {
	folder := path.Join("flowlogs", j.recording.ID.Name(), hour.Format("20060102T15"))
	seen := map[string]int{}
	for blob, err := range blobs {
		if err != nil {
			b.fail(fmt.Errorf("fetch %s: %w", what, err))
			return false
		}
		p, _ := flowlog.ParsePath(blob.Name)
		name := numbered(seen, path.Join(folder, p.MAC+".json"))
		if !b.add(item{blob: blob, name: name, target: j.session.Target.ID, what: what}) {
			return false
		}
	}
	return true
}

// list yields the blobs of one hour that the session is about, in either
// layout of their names.
func (j job) list(ctx context.Context, hour time.Time) iter.Seq2[plan.Blob, error] {
	container, prefixes := flowlog.VNetContainer, flowlog.Prefixes(j.recording.ID.Parent(), j.recording.ID.Name(), hour)
	if j.recording.OfNSG() {
		container, prefixes = flowlog.NSGContainer, []string{flowlog.NSGPrefix(j.recording.Target, hour)}
	}
	return func(yield func(plan.Blob, error) bool) {
		for _, prefix := range prefixes {
			for b, err := range j.blobs.List(ctx, container, prefix) {
				if errors.Is(err, plan.ErrNotFound) {
					break // no container yet: nothing was ever written
				}
				if err == nil && !j.wanted(b) {
					continue
				}
				if !yield(b, err) {
					return
				}
			}
		}
	}
}

func (j job) wanted(b plan.Blob) bool {
	p, ok := flowlog.ParsePath(b.Name)
	return ok && (j.macs == nil || j.macs[p.MAC])
}

// size is how much of a flow log is in storage; a capture has no size before
// its end.
func (j job) size(ctx context.Context) (int64, error) {
	var n int64
	if j.session.Mechanism != plan.FlowLog {
		return 0, nil
	}
	for _, blobs := range j.listed(ctx) {
		for b, err := range blobs {
			if err != nil {
				return n, err
			}
			n += b.Size
		}
	}
	return n, nil
}

package flowlogtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func generate(t *testing.T, s Spec) ([]byte, Totals) {
	t.Helper()
	var b bytes.Buffer
	totals, err := Generate(&b, s)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), totals
}

// TestBlocks takes a blob apart as Azure would have committed it: a head of 12
// bytes, a record a minute that begins with a comma but for the first, and a
// tail of 2 bytes.
func TestBlocks(t *testing.T) {
	for _, version := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			data, totals := generate(t, Spec{Version: version, Flows: 300})
			if !json.Valid(data) || totals.Bytes != int64(len(data)) {
				t.Fatalf("not JSON, or %d bytes instead of %d", len(data), totals.Bytes)
			}
			blocks := totals.Blocks
			if uint64(len(blocks)) != totals.Records+2 || blocks[0] != 12 || blocks[len(blocks)-1] != 2 {
				t.Fatalf("blocks %v of %d records", blocks, totals.Records)
			}
			at, tuples := int64(0), 0
			for k, size := range blocks {
				part := data[at : at+size]
				at += size
				if k == 0 || k == len(blocks)-1 {
					continue
				}
				if comma := part[0] == ','; comma != (k > 1) || !json.Valid(bytes.TrimPrefix(part, []byte(","))) {
					t.Fatalf("block %d is %s", k, part)
				}
				tuples += strings.Count(string(part), ",T,") + strings.Count(string(part), ",U,")
			}
			if at != int64(len(data)) || version != 4 && uint64(tuples) != totals.Tuples {
				t.Errorf("blocks end at %d of %d; %d tuples of %d", at, len(data), tuples, totals.Tuples)
			}
		})
	}
}

// TestSeed wants the same blob for the same seed, and another for another.
func TestSeed(t *testing.T) {
	a, at := generate(t, Spec{Seed: 5, Flows: 200})
	b, bt := generate(t, Spec{Seed: 5, Flows: 200})
	c, _ := generate(t, Spec{Seed: 6, Flows: 200})
	if !bytes.Equal(a, b) {
		t.Error("the same seed gives two blobs")
	}
	if diff := cmp.Diff(at, bt); diff != "" {
		t.Errorf("totals differ: %s", diff)
	}
	if bytes.Equal(a, c) {
		t.Error("two seeds give the same blob")
	}
}

// TestTotals wants all kinds of tuples, within the hour.
func TestTotals(t *testing.T) {
	hour := time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC)
	_, v := generate(t, Spec{Flows: 5000, IPv6: 0.1, Hour: hour.Add(17 * time.Minute)})
	if v.Begun == 0 || v.Going == 0 || v.Ended == 0 || v.Denied == 0 || v.IPv6 == 0 || v.Flows != 5000 {
		t.Errorf("totals %+v", v)
	}
	if v.Begun+v.Going+v.Ended+v.Denied != v.Tuples || v.Records != 60 {
		t.Errorf("totals %+v do not add up", v)
	}
	if v.First.Before(hour) || !v.Last.Before(hour.Add(time.Hour)) {
		t.Errorf("tuples from %s to %s", v.First, v.Last)
	}
}

// TestSize wants the size that was asked for, more or less.
func TestSize(t *testing.T) {
	const want = 20 << 20
	totals, err := Generate(io.Discard, Spec{Flows: FlowsFor(want), IPv6: 0.05})
	if err != nil || totals.Bytes < want*3/4 || totals.Bytes > want*5/4 {
		t.Errorf("%d bytes, want about %d; error %v", totals.Bytes, want, err)
	}
}

func TestHours(t *testing.T) {
	seen := map[string]bool{}
	seeds := map[uint64]bool{}
	for name, s := range Hours(Spec{Seed: 1}, 3, 4) {
		seen[name], seeds[s.Seed] = true, true
	}
	if len(seen) != 12 || len(seeds) != 12 {
		t.Errorf("%d names and %d seeds, want 12", len(seen), len(seeds))
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrors(t *testing.T) {
	if _, err := Generate(full{}, Spec{}); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
	if _, err := Generate(io.Discard, Spec{Version: 3}); err == nil {
		t.Error("version 3 is written")
	}
}

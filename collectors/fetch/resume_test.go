package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/storage"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan/session"
)

// same checks that what was fetched of the only blob is what is stored now.
func same(t *testing.T, f job, a *storagetest.Account, got []session.Artifact) {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("got %d artifacts, want one", len(got))
	}
	name := a.Names("")[0]
	want := a.Bytes(name)
	file, err := os.ReadFile(filepath.Join(f.folder.Path, got[0].Path))
	if err != nil {
		t.Fatal(err)
	}
	if string(file) != string(want) {
		t.Errorf("the file has %d bytes that are not the %d of the blob", len(file), len(want))
	}
	sum := sha256.Sum256(want)
	if b, err := a.Stat(t.Context(), "", name); err != nil || got[0].SHA256 != hex.EncodeToString(sum[:]) || got[0].Size != int64(len(want)) || got[0].ETag != b.ETag {
		t.Errorf("artifact %+v is not of the blob of %d bytes", got[0], len(want))
	}
}

// minute is a block of an hour's blob of about n bytes, as no other minute's.
func minute(i, n int) string {
	s := fmt.Sprintf(`{"minute":%d,"x":"%s"}`, i, strings.Repeat(fmt.Sprint(i%10), n))
	if i > 0 {
		s = "," + s
	}
	return s
}

// hourOf are the blocks of an hour until after a minute.
func hourOf(minutes, n int) []string {
	blocks := []string{head}
	for i := range minutes {
		blocks = append(blocks, minute(i, n))
	}
	return append(blocks, end)
}

func lengthOf(blocks []string) int { return len(strings.Join(blocks, "")) }

// Of a blob that has grown only what is new is read, and a little before it to
// see that it goes on from there; of one that was rewritten everything is. The
// file is that of the blob each time.
func TestFetchAgain(t *testing.T) {
	const size = 3000
	before := hourOf(10, size)
	data := lengthOf(before) - len(end)
	grown := hourOf(12, size)
	resumed := fmt.Sprintf("%d+%d", data-overlap, lengthOf(grown)-data+overlap)
	whole := func(blocks []string) string { return fmt.Sprintf("0+%d", lengthOf(blocks)) }
	rewritten := append([]string{}, grown...)
	rewritten[10] = strings.ToUpper(rewritten[10]) // of the size it had
	lastAnew := append(append([]string{}, before[:10]...), strings.Repeat(" ", 3)+before[10], minute(10, size), end)
	merged := []string{head, strings.Join(before[1:11], ""), minute(10, size), end}
	cut := []string{strings.Join(grown, "")}

	tests := map[string]struct {
		now    []string
		noList bool
		harm   func(file string) error // what happens to the file meanwhile
		forget bool                    // nobody knows what was fetched
		read   []string
	}{
		"nothing new":                   {before, false, nil, false, nil},
		"grown":                         {grown, false, nil, false, []string{resumed}},
		"grown, no block list":          {grown, true, nil, false, []string{resumed}},
		"grown, stored at once":         {cut, false, nil, false, []string{whole(cut)}},
		"grown, blocks merged":          {merged, false, nil, false, []string{fmt.Sprintf("%d+%d", data-overlap, lengthOf(merged)-data+overlap)}},
		"grown, nobody knows the file":  {grown, false, nil, true, []string{resumed}},
		"rewritten":                     {rewritten, false, nil, false, []string{resumed, whole(rewritten)}},
		"rewritten, no block list":      {rewritten, true, nil, false, []string{resumed, whole(rewritten)}},
		"the last block is another":     {lastAnew, false, nil, false, []string{fmt.Sprintf("%d+%d", lengthOf(before[:10])-overlap, lengthOf(lastAnew[10:])+overlap)}},
		"shorter":                       {hourOf(9, size), false, nil, false, []string{whole(hourOf(9, size))}},
		"of the same size":              {append(append([]string{}, before[:10]...), strings.ToUpper(before[10]), end), false, nil, false, []string{whole(before)}},
		"the file was damaged":          {grown, false, func(f string) error { return overwrite(f, 100, "###") }, false, []string{whole(grown)}},
		"the file lost its tail":        {grown, false, func(f string) error { return os.Truncate(f, 5000) }, false, []string{whole(grown)}},
		"the file is gone":              {before, false, os.Remove, false, []string{whole(before)}},
		"the file was cut, nothing new": {before, false, func(f string) error { return os.Truncate(f, 5000) }, false, []string{whole(before)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := &storagetest.Account{NoBlocks: tt.noList}
			blob := blobName(hour, "000D3A000001")
			a.Put(blob, before...)
			f := fetchOf(t, a)
			got, err := f.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			same(t, f, a, got)
			f.have = got
			a.Forget()
			if tt.forget {
				f.have = nil
			}
			if tt.harm != nil {
				if err := tt.harm(filepath.Join(f.folder.Path, got[0].Path)); err != nil {
					t.Fatal(err)
				}
			}
			if lengthOf(tt.now) != lengthOf(before) || tt.now[10] != before[10] {
				a.Put(blob, tt.now...)
			}
			got, err = f.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			same(t, f, a, got)
			if diff := cmp.Diff(tt.read, a.Seen().Reads); diff != "" {
				t.Errorf("read (-want +got)\n%s", diff)
			}
		})
	}
}

func overwrite(file string, at int64, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte(text), at)
	return err
}

// A blob that grows between a look and a read is read as it is by then.
func TestFetchOfABlobThatGrowsMeanwhile(t *testing.T) {
	name := blobName(hour, "000D3A000001")
	a := &storagetest.Account{}
	a.Put(name, hourOf(3, 100)...)
	a.Opened = func(_ context.Context, _ string, n int) error {
		if n < storage.Changes {
			a.Put(name, hourOf(4+n, 100)...)
		}
		return nil
	}
	f := fetchOf(t, a)
	got, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, f, a, got)
}

// A large blob that grows while it is read goes on from what is there.
func TestFetchOfALargeBlobThatGrowsMeanwhile(t *testing.T) {
	name := blobName(hour, "000D3A000001")
	a := &storagetest.Account{}
	a.Put(name, hourOf(5, 1<<20)...)
	f := fetchOf(t, a)
	first, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.Put(name, hourOf(30, 1<<20)...) // 25 MiB more
	f.have = first
	a.Forget()
	a.Opened = func(_ context.Context, _ string, n int) error {
		if n == 1 { // the second piece
			a.Put(name, hourOf(31, 1<<20)...)
		}
		return nil
	}
	got, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, f, a, got)
	least := first[0].Size - int64(len(end)) + pieceSize - overlap // the first piece was whole before the others began
	for i, r := range a.Seen().Reads[1:] {
		var from, n int64
		if _, err := fmt.Sscanf(r, "%d+%d", &from, &n); err != nil || from < least {
			t.Errorf("read %d was %s: what was read before the change does not stay", i+1, r)
		}
	}
}

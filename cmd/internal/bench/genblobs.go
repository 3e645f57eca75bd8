package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/plan"
	"flowctl/providers/azure"
	"flowctl/providers/sandbox"
)

// Blobs is a container of flow logs to be served.
type Blobs struct {
	Count  int    // small hour blobs, which are made when they are read
	Folder string // serve the files below it instead
	Seed   uint64
}

// servedBlobs is what gen blobs prints.
type servedBlobs struct {
	URL    string `json:"url"` // of the container, signed
	Blobs  int    `json:"blobs"`
	Tuples uint64 `json:"tuples"` // 0 if they come from a folder
	Bytes  int64  `json:"bytes"`
}

// Serve serves the container on this machine until ctx ends.
func (o Blobs) Serve(ctx context.Context, s Streams) error {
	var src sandbox.BlobSource
	var doc servedBlobs
	var err error
	if o.Folder != "" {
		src, doc, err = folderBlobs(o.Folder)
	} else {
		src, doc, err = o.small()
	}
	if err != nil {
		return err
	}
	handler, err := sandbox.BlobHandler(src, azure.Real{}, s.Log)
	if err != nil {
		return err
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: handler}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	doc.URL = fmt.Sprintf("http://%s/bench/%s?sig=bench", at.Addr(), flowlog.VNetContainer)
	if err := json.NewEncoder(s.Out).Encode(doc); err != nil {
		return err
	}
	if err := server.Serve(at); ctx.Err() == nil {
		return err
	}
	return nil
}

// oneAccount is the account of all sources here, with one container.
type oneAccount struct{}

func (oneAccount) Account(name string) (sandbox.BlobAccount, bool) {
	return sandbox.BlobAccount{Name: name, SharedKey: true}, true
}

func (oneAccount) Containers(string) ([]sandbox.BlobContainer, error) {
	return []sandbox.BlobContainer{{Name: flowlog.VNetContainer, Modified: genFirst}}, nil
}

// genFirst is the first hour of small blobs, genNICs how many interfaces have
// one in each hour, and genTexts how many of them differ.
var genFirst = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	genNICs    = 50
	genTexts   = 16
	genWatcher = plan.ID("/subscriptions/7f2c1b9e-0000-4a1c-9d53-2b60b0a5f001/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope")
)

// smallBlobs are hour blobs that are made when they are read, of a few texts.
type smallBlobs struct {
	oneAccount
	count int
	texts [][]byte
}

func (o Blobs) small() (sandbox.BlobSource, servedBlobs, error) {
	s, doc := &smallBlobs{count: o.Count}, servedBlobs{Blobs: o.Count}
	for i := range genTexts {
		var b bytes.Buffer
		t, err := flowlogtest.Generate(&b, flowlogtest.Spec{Seed: o.Seed + uint64(i), NIC: i, Flows: 1 + i%5})
		if err != nil {
			return nil, doc, err
		}
		s.texts = append(s.texts, b.Bytes())
		n := (o.Count + genTexts - 1 - i) / genTexts // how many have this text
		doc.Tuples += uint64(n) * t.Tuples
		doc.Bytes += int64(n) * int64(b.Len())
	}
	return s, doc, nil
}

func (s *smallBlobs) name(i int) string {
	hour := genFirst.Add(time.Duration(i/genNICs) * time.Hour)
	return flowlog.Prefixes(genWatcher, "bench", hour)[0] + fmt.Sprintf("002248%06X/PT1H.json", i%genNICs)
}

// Names yields names from one on; they are in the order of their numbers.
func (s *smallBlobs) Names(_, _, prefix, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		from = max(from, prefix)
		for i := sort.Search(s.count, func(i int) bool { return s.name(i) >= from }); i < s.count; i++ {
			if name := s.name(i); !strings.HasPrefix(name, prefix) || !yield(name, nil) {
				return
			}
		}
	}
}

// Blob returns the blob of a name.
func (s *smallBlobs) Blob(_, _, name string) (sandbox.Blob, bool, error) {
	p, ok := flowlog.ParsePath(name)
	var nic int
	if _, err := fmt.Sscanf(p.MAC, "002248%06X", &nic); !ok || err != nil {
		return sandbox.Blob{}, false, nil
	}
	i := int(p.Hour.Sub(genFirst)/time.Hour)*genNICs + nic
	if i < 0 || i >= s.count {
		return sandbox.Blob{}, false, nil
	}
	text := s.texts[i%genTexts]
	return servedBlob(p.Hour, int64(len(text)), func(w io.Writer, offset, length int64) error {
		_, err := w.Write(text[offset : offset+length])
		return err
	}), true, nil
}

func servedBlob(at time.Time, size int64, send func(w io.Writer, offset, length int64) error) sandbox.Blob {
	return sandbox.Blob{ETag: "0x8DE0000000000", Created: at, Modified: at, ContentType: "application/octet-stream",
		Blocks: []sandbox.BlobBlock{{Size: size}}, Copy: send}
}

// filesAsBlobs are the files below a folder.
type filesAsBlobs struct {
	oneAccount
	root  string
	names []string
}

func folderBlobs(root string) (sandbox.BlobSource, servedBlobs, error) {
	s, doc := &filesAsBlobs{root: root}, servedBlobs{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		s.names = append(s.names, filepath.ToSlash(rel))
		doc.Bytes += st.Size()
		return err
	})
	slices.Sort(s.names)
	doc.Blobs = len(s.names)
	return s, doc, err
}

// Names yields names from one on.
func (s *filesAsBlobs) Names(_, _, prefix, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range s.names {
			if name >= from && strings.HasPrefix(name, prefix) && !yield(name, nil) {
				return
			}
		}
	}
}

// Blob returns the blob of a name.
func (s *filesAsBlobs) Blob(_, _, name string) (sandbox.Blob, bool, error) {
	if _, ok := slices.BinarySearch(s.names, name); !ok {
		return sandbox.Blob{}, false, nil
	}
	path := filepath.Join(s.root, filepath.FromSlash(name))
	st, err := os.Stat(path)
	if err != nil {
		return sandbox.Blob{}, false, err
	}
	return servedBlob(st.ModTime(), st.Size(), func(w io.Writer, offset, length int64) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		_, err = io.CopyN(w, f, length)
		return err
	}), true, nil
}

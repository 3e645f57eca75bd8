package operation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"time"

	"flowctl/collectors/files"
	"flowctl/collectors/storage"
)

// Follow summarizes what o names, and again whenever it may have changed, until ctx ends
// or show fails; show closes nothing. Wait returns when it is time to look again, and is
// told how long the last reading took. Files that are as they were are not read again;
// what is in storage is read at every look.
func Follow(ctx context.Context, s Settings, o SummarizeOptions, wait func(ctx context.Context, took time.Duration) error, show func(*Answer) error) error {
	for last := ""; ; {
		began := time.Now()
		now, err := versionOf(o.Paths)
		if err != nil && last == "" {
			return err
		}
		if now != last || now == "" {
			if err := summarizeOnce(ctx, s, o, show); err != nil {
				return err
			}
			last = now
		}
		if err := wait(ctx, time.Since(began)); err != nil {
			return err
		}
	}
}

func summarizeOnce(ctx context.Context, s Settings, o SummarizeOptions, show func(*Answer) error) error {
	a, err := Summarize(ctx, s, o)
	if err != nil {
		return err
	}
	return errors.Join(show(a), a.Close())
}

// versionOf says in which state the files are that paths name: their names, lengths and
// times; empty if that is not known, as of what is in storage.
func versionOf(paths []string) (string, error) {
	sum := sha256.New()
	for _, path := range paths {
		if storage.IsURL(path) {
			return "", nil
		}
		for name, err := range (&files.Walker{}).Walk(path) {
			if err != nil {
				return "", err
			}
			if st, err := os.Stat(name); err == nil {
				fmt.Fprintf(sum, "%q %d %d\n", name, st.Size(), st.ModTime().UnixNano())
			}
		}
	}
	return string(sum.Sum(nil)), nil
}

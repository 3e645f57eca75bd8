package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
)

// rowsJob asks for what Traffic Analytics wrote of one flow log.
type rowsJob struct {
	want      apply.Want
	workspace plan.ID
	logs      plan.LogReader
	macs      map[string]bool
	folder    session.Folder
}

func (c Collector) rowsJob(w apply.Want) (rowsJob, error) {
	workspace := w.Recording.ID.Parent()
	for _, p := range c.Providers {
		if logs, ok := p.(plan.LogReader); ok && strings.EqualFold(p.Subscription(), workspace.Subscription()) {
			return rowsJob{w, workspace, logs, c.macs(w), c.Folder}, nil
		}
	}
	if logs, ok := c.Providers[w.Session.Target.Provider].(plan.LogReader); ok { // one token reads all that its holder may
		return rowsJob{w, workspace, logs, c.macs(w), c.Folder}, nil
	}
	return rowsJob{}, fmt.Errorf("workspace %s is in no subscription that the file's providers see; add a provider for subscription %s", workspace.Name(), workspace.Subscription())
}

// hours counts the rows of a time by the hour.
func (j rowsJob) hours(ctx context.Context, from, to time.Time) ([]plan.Hour, error) {
	body, err := j.logs.Logs(ctx, j.workspace, j.query(countRows(j.want.Recording.Log, j.macs, from, to), from, to))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var doc struct {
		Tables []struct {
			Columns []struct{ Name string }
			Rows    [][]json.RawMessage
		}
		Error json.RawMessage
	}
	if err := json.NewDecoder(body).Decode(&doc); err != nil {
		return nil, fmt.Errorf("query workspace %s: answer is not what the API says: %w", j.workspace.Name(), err)
	}
	if len(doc.Error) > 0 && string(doc.Error) != "null" {
		return nil, fmt.Errorf("query workspace %s: the rows could not be counted: %s", j.workspace.Name(), doc.Error)
	}
	var out []plan.Hour
	for _, t := range doc.Tables {
		for _, r := range t.Rows {
			h, ok := countedHour(t.Columns, r)
			if !ok {
				return nil, fmt.Errorf("query workspace %s: a row of the count is %s, which is not what was asked for", j.workspace.Name(), r)
			}
			out = append(out, h)
		}
	}
	return out, nil
}

func countedHour(columns []struct{ Name string }, row []json.RawMessage) (h plan.Hour, ok bool) {
	for i, c := range columns {
		if i >= len(row) {
			return h, false
		}
		var err error
		var n float64
		switch c.Name {
		case "Hour":
			err = json.Unmarshal(row[i], &h.Start)
		case "Rows":
			err = json.Unmarshal(row[i], &n)
			h.Rows = int64(n)
		case "Bytes":
			err = json.Unmarshal(row[i], &n)
			h.Bytes = int64(n)
		}
		if err != nil {
			return h, false
		}
	}
	return h, h.Rows > 0 && !h.Start.IsZero()
}

func (j rowsJob) query(text string, from, to time.Time) plan.LogQuery {
	return plan.LogQuery{Text: text, From: from, To: to.Add(lateRows)}
}

// run brings the rows of the session's times, hour by hour and slice by slice. What is there from
// an earlier run is not asked for again.
func (j rowsJob) run(ctx context.Context) ([]session.Artifact, error) {
	have := map[string]session.Artifact{}
	for _, a := range j.want.Have {
		have[a.Path] = a
	}
	spans := j.want.Session.Spans
	if len(spans) == 0 {
		spans = []plan.Span{{From: j.want.Start, To: j.want.End}}
	}
	var out []session.Artifact
	for _, s := range spans {
		hours, err := j.hours(ctx, s.From, s.To)
		if err != nil {
			return out, err
		}
		for _, h := range hours {
			got, err := j.hour(ctx, s, h, have)
			if out = append(out, got...); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// hour brings the rows of one hour, as far as it is in s.
func (j rowsJob) hour(ctx context.Context, s plan.Span, h plan.Hour, have map[string]session.Artifact) ([]session.Artifact, error) {
	from, to := h.Start, h.Start.Add(time.Hour)
	if from.Before(s.From) {
		from = s.From
	}
	if to.After(s.To) {
		to = s.To
	}
	n := int((h.Rows + mostRows - 1) / mostRows)
	var out []session.Artifact
	for i := range n {
		name := path.Join("workspace", j.want.Session.Name, fmt.Sprintf("%s-%d-of-%d.json", from.UTC().Format("20060102T1504"), i+1, n))
		a, ok := have[name]
		if !ok || !j.there(a) {
			var err error
			if a, err = j.slice(ctx, name, sliceRows(j.want.Recording.Log, j.macs, from, to, i, n), from, to); err != nil {
				return out, err
			}
		}
		out = append(out, a)
	}
	return out, nil
}

func (j rowsJob) there(a session.Artifact) bool {
	dest, err := j.folder.Join(a.Path)
	if err != nil {
		return false
	}
	st, err := os.Stat(dest)
	return err == nil && st.Size() == a.Size
}

// slice writes an answer to a file as it comes. It is there whole or not at all.
func (j rowsJob) slice(ctx context.Context, name, text string, from, to time.Time) (a session.Artifact, err error) {
	dest, err := j.folder.Join(name)
	if err != nil {
		return a, err
	}
	body, err := j.logs.Logs(ctx, j.workspace, j.query(text, from, to))
	if err != nil {
		return a, err
	}
	defer body.Close()
	if err := os.MkdirAll(filepath.Dir(dest), 0o700); err != nil {
		return a, fmt.Errorf("fetch rows of %s: %w", j.workspace.Name(), err)
	}
	part := dest + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return a, fmt.Errorf("fetch rows of %s: %w", j.workspace.Name(), err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), body)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, dest)
	}
	if err != nil {
		return a, fmt.Errorf("fetch rows of workspace %s: %w", j.workspace.Name(), errors.Join(err, ctx.Err()))
	}
	return session.Artifact{Path: name, Session: j.want.Session.Name, Blob: j.workspace.Name() + "/" + path.Base(name), Size: n,
		SHA256: hex.EncodeToString(sum.Sum(nil)), Target: j.want.Session.Target.ID, Kind: plan.FlowLog}, nil
}

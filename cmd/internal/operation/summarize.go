package operation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"flowctl/collectors"
	"flowctl/collectors/storage"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/session"
	"flowctl/providers"
)

// SummarizeOptions say what to read and what to answer.
type SummarizeOptions struct {
	Stdin        io.Reader            // what the path - names
	Paths        []string             // files, folders, patterns, URLs; or one results folder
	Start, End   time.Time            // count only what happened between them; zero for all
	MetadataHost string               // names the cloud of storage accounts; empty to tell it from their names
	Memory       int64                // that rows may take; 0 for the default
	Flows        string               // file to keep the flows in as Parquet; empty for none
	Question     *Question            // to answer alone; nil for all answers
	Compared     bool                 // its answer is to be compared with another, see summary.Compared
	Progress     *collectors.Progress // to be kept up to date; nil if nobody looks
}

// Question is what flows are asked, as text.
type Question struct {
	By     []string
	Where  string
	Top    int
	Having string // over the measures of rows; empty for all
	Order  string // such as -denied; empty: the most bytes first
	Single bool   // rows are single flows, and not by By
}

func (q Question) name() string {
	if q.Where != "" {
		return "where " + q.Where
	}
	return "all flows"
}

// Summarize answers from captures and flow logs on disk and in storage.
func Summarize(ctx context.Context, s Settings, o SummarizeOptions) (*Answer, error) {
	options := summary.Options{}
	if q := o.Question; q != nil {
		compiled, err := compileText(q.name(), *q)
		if err != nil {
			return nil, err
		}
		options = summary.Options{Questions: []*summary.Question{compiled}, Only: true}
		if o.Compared {
			options.Questions = summary.Compared(compiled)
		}
	}
	if s.Tags != nil {
		options.Tags = s.Tags.List
	}
	options.Dictionary, options.Inventories = s.Names, s.Inventories
	options.Prices = s.Prices
	sum := collectors.Sum{Start: o.Start, End: o.End, Options: options}
	folder := ""
	e, err := s.engineOf(ctx, o.Paths)
	if err != nil {
		return nil, err
	}
	if e != nil {
		defer e.Close()
		if summary.AsksTold(options.Questions) {
			return nil, errors.New("an engine keeps no contents of packets, so it cannot say what TLS, HTTP or DNS said of a flow: ask the captures")
		}
		sum.Items = ofEngine(e)
	} else if len(o.Paths) == 1 && session.Is(o.Paths[0]) {
		folder = o.Paths[0]
		if sum, err = ofFolder(session.Folder{Path: folder}, options, o.Start, o.End); err != nil {
			return nil, err
		}
	} else {
		var runs runs
		args := collectors.Args{List: o.Paths, Open: s.opener(o.MetadataHost), Start: o.Start, End: o.End, Run: runs.items, Stdin: o.Stdin}
		sum.Items, sum.Late = args.Walk(ctx), runs.late
	}
	sum.Memory, sum.Progress = o.Memory, o.Progress
	doc, problems, err := sumFlows(ctx, sum, o.Flows, s.Version)
	if err != nil {
		return nil, err
	}
	a := &Answer{Doc: doc, Problems: problems, Folder: folder}
	if m, err := (session.Folder{Path: folder}).Manifest(); folder != "" && err == nil {
		a.Meta, doc.Simulated = meta(m), m.Investigation.Simulated
		if !options.Only && o.End.IsZero() {
			if err := sinceBefore(ctx, session.Folder{Path: folder}, m, doc); err != nil {
				return nil, errors.Join(err, a.Close())
			}
		}
		if !options.Only {
			if err := overTime(ctx, sum, m, doc); err != nil {
				return nil, errors.Join(err, a.Close())
			}
		}
	}
	return a, nil
}

// ofFolder is what there is to sum up in a results folder: by the questions of
// its file, if no other is asked.
func ofFolder(folder session.Folder, options summary.Options, start, end time.Time) (collectors.Sum, error) {
	m, err := folder.Manifest()
	if err != nil {
		return collectors.Sum{}, err
	}
	if !options.Only {
		if options.Questions, err = keptQuestions(m); err != nil {
			return collectors.Sum{}, err
		}
	}
	sum, err := folderSum(folder, m, options.Questions)
	if err != nil {
		return sum, err
	}
	sum.Options.Only = options.Only
	sum.Options.Dictionary = slices.Concat(options.Dictionary, sum.Options.Dictionary)
	sum.Options.Inventories = append(sum.Options.Inventories, options.Inventories...)
	if options.Prices != nil {
		sum.Options.Prices = options.Prices
	}
	if options.Tags != nil { // which was given, in place of the one that was kept
		sum.Options.Tags = options.Tags
		sum.Options.Coverage = slices.DeleteFunc(sum.Options.Coverage, func(c summary.Coverage) bool { return c.Code == "service-tags" })
	}
	return sum, narrow(&sum, start, end)
}

// narrow leaves of a run's window what is between start and end too.
func narrow(sum *collectors.Sum, start, end time.Time) error {
	if end.IsZero() {
		return nil
	}
	if start.After(sum.Start) {
		sum.Start = start
	}
	if sum.End.IsZero() || end.Before(sum.End) {
		sum.End = end
	}
	if !sum.End.After(sum.Start) {
		return fmt.Errorf("nothing of %s to %s is in the run's window", start.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	return nil
}

// opener returns what opens storage accounts. Each is opened once, so that a
// token serves all that is read of it.
func (s Settings) opener(metadataHost string) func(storage.Location) (plan.Blobs, error) {
	opened := map[[2]string]plan.Blobs{}
	return func(p storage.Location) (plan.Blobs, error) {
		key := [2]string{p.Account, p.SAS}
		if b, ok := opened[key]; ok {
			return b, nil
		}
		b, err := providers.OpenStorage(p.Account, p.SAS, metadataHost, providers.Env{Dir: s.Dir, Log: s.Log})
		if err == nil {
			opened[key] = b
		}
		return b, err
	}
}

// Package workspace reads what people export from a Log Analytics workspace: the
// tables of Traffic Analytics (NTANetAnalytics, and AzureNetworkAnalytics_CL of
// NSG flow logs in both of its schemas), and of agents on machines (VMConnection,
// WireData). Other tables that hold no flows are named.
//
// An export is a CSV file of the portal, the JSON of az monitor log-analytics query,
// an answer of the query API, or JSON lines of a data export rule. All hold rows of
// named columns, in any order and some of them, so a row is read the same whatever
// the form: the same rows give the same answer.
//
// A row is not a flow. It is the sum of all flows of an interval with the same ends,
// destination port and rule; source ports are gone. A row is told as one record of
// class Analytics or Agent, with as many flows as it says began. Public peers are
// folded in one row with counters of their own: each is a record. What a row does
// not say is unknown, and what an export lacks is remarked on in its Source.
//
// What was chosen: rows as slots of known columns, filled by each form. What was left:
// a type for each table (the columns have three spellings), and encoding/json's
// decoder for whole documents (it gives up at the first damaged row).
package workspace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"sync"

	"flowctl/collectors/flow"
)

// ErrNoRows says that a file holds no row that could be read. Errors that wrap it
// say what the file is instead.
var ErrNoRows = errors.New("no rows of Log Analytics")

// MaxRow is the size in bytes of the largest row that is read.
const MaxRow = 4 << 20

// Detect reports whether head, the first bytes of a file, may begin an export: JSON
// with a column of a table or an answer of the query API, or lines that begin with
// names of columns.
func Detect(head []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	if len(text) == 0 {
		return false
	}
	if text[0] == '{' || text[0] == '[' {
		return answer().Match(text) || key().Match(text)
	}
	return isCSV(text)
}

var bom = []byte("\xef\xbb\xbf")

// answer is how answers of the query API begin, of a batch too.
var answer = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\{\s*"(tables|responses)"\s*:\s*\[|^\{\s*"(error)"\s*:\s*\{`)
})

// key is a member that rows have and records of flow logs have not.
var key = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)[{,]\s*"(` + ownColumns + `)"\s*:`)
})

// Read yields the records of one export, as a flow.Reader. It goes over the bytes
// once, in memory that depends on the largest row. Rows that cannot be read are
// counted in in.Skipped by reason, with the offset of the first. The error, if any,
// is ErrNoRows or wraps what r returned.
func Read(r io.Reader, in flow.Input) iter.Seq2[flow.Batch, error] {
	return func(yield func(flow.Batch, error) bool) {
		d := &document{in: in, r: bufio.NewReaderSize(r, 64<<10), seen: map[string]uint64{}, versions: map[string]bool{}}
		d.rows.init(d, func(b flow.Batch) bool { return yield(b, nil) })
		err := d.read()
		if !d.rows.stopped {
			if err = d.finish(err); err != nil {
				yield(nil, err)
			}
		}
	}
}

// document is an export that is being read.
type document struct {
	in   flow.Input
	r    *bufio.Reader
	off  int64 // of what r gives next
	form string
	rows rows

	total    uint64            // rows of any kind
	seen     map[string]uint64 // of them, by table without flows
	versions map[string]bool   // of schemas that were read
	tables   []string          // with flows
	refused  string            // why a row of a table with flows was not read
	bad      uint64
	failure  string // of an answer that is an error
	cut      bool
	damaged  bool
}

func (d *document) read() error {
	if head, _ := d.r.Peek(len(bom)); bytes.Equal(head, bom) {
		d.discard(len(bom))
	}
	switch c, err := d.peek(); {
	case err != nil:
		return err
	case c == '[':
		d.form = formAz
		return d.array(d.object)
	case c == '{':
		return d.objects()
	}
	return d.csv()
}

// skip counts a row that cannot be read.
func (d *document) skip(reason string, at int64) {
	d.bad++
	d.in.Skipped.Add(d.in.Source.Path, reason, at)
	d.damaged = true
}

// finish fills in what the source turned out to be, and returns the error that
// ends the sequence.
func (d *document) finish(err error) error {
	src := d.in.Source
	d.rows.end()
	d.describe()
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		src.Note(flow.Truncated)
		return fmt.Errorf("read export of Log Analytics at byte %d: %w", d.off, err)
	}
	if d.cut || err != nil && d.total > 0 {
		src.Note(flow.Truncated)
		d.in.Skipped.Add(src.Path, "file is cut off", d.off)
	}
	switch {
	case d.failure != "" && d.total == 0:
		src.Note(flow.Unreadable)
		return fmt.Errorf("%w: it is an error of the query API in place of rows: %s", ErrNoRows, d.failure)
	case d.failure != "":
		src.Remark("partial-result", d.failure, 1)
	case d.total == d.bad && d.refused != "":
		src.Note(flow.Unreadable)
		return fmt.Errorf("%w: %s", ErrNoRows, d.refused)
	case d.total == 0 && (d.bad > 0 || err != nil):
		src.Note(flow.Unreadable)
		return fmt.Errorf("%w: it is damaged or cut off in its first row", ErrNoRows)
	}
	if src.Kind == "" {
		src.Kind = flow.WorkspaceTable
	}
	if d.damaged {
		src.Note(flow.Corrupt)
	}
	src.Note(flow.OK)
	return nil
}

// formAz is what az monitor log-analytics query -o json writes: an array of rows.
const formAz = "az monitor log-analytics query"

// limits are the most rows that the portal exports and that the query API answers.
var limits = map[uint64]string{30_000: "30,000 rows, of the portal", 500_000: "500,000 rows, of a query"}

package arm

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"flowctl/providers/sandbox/internal/kql"
)

// logsBody is a question to Log Analytics.
type logsBody struct {
	Query    string `json:"query"`
	Timespan string `json:"timespan"`
}

type logsTable struct {
	Name    string       `json:"name"`
	Columns []logsColumn `json:"columns"`
	Rows    [][]any      `json:"rows"`
}

type logsColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// logsRows is the most rows of an answer (Microsoft's "Azure Monitor service limits").
const logsRows = 500_000

// queryLogs answers a query of a workspace: the part of Kusto that Resource Graph has too, over the
// tables of Traffic Analytics. What it does not serve it refuses by name and place.
func (q *request) queryLogs() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	id := q.pathID(st, workspaceType)
	if q.at(st, id) == nil {
		return reply{}, q.missing(id, workspaceType)
	}
	var body logsBody
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	from, to, ok := spanOf(body.Timespan, q.now)
	if !ok {
		return logsRefusal(&logsError{Code: "BadArgumentError", Message: "The request had some invalid properties", Inner: &logsError{Code: "InvalidTimespan", Message: "The timespan '" + body.Timespan + "' is not in a form that the sandbox serves: PT1H, P1D, or two times with a slash between."}})
	}
	query, err := kql.Parse(body.Query, q.now)
	var table *kql.Table
	if err == nil {
		table, err = query.Run(func(name string, _ func(string) bool) *kql.Table {
			if strings.EqualFold(name, "NTANetAnalytics") {
				return q.analytics(st, id, from, to)
			}
			return nil
		})
	}
	if e := (*kql.Error)(nil); errors.As(err, &e) {
		return logsRefusal(logsFault(e))
	}
	if err != nil {
		return reply{}, err
	}
	return q.logsAnswer(table)
}

func (q *request) logsAnswer(table *kql.Table) (reply, error) {
	doc := map[string]any{}
	out := logsTable{Name: "PrimaryResult", Columns: []logsColumn{}, Rows: [][]any{}}
	for _, c := range table.Columns {
		out.Columns = append(out.Columns, logsColumn{c, typeOf(c, table)})
	}
	for i, r := range table.Rows {
		if i == logsRows { // the documented form of an answer that is cut
			doc["error"] = logsError{Code: "PartialError", Message: "There were some errors when processing your query.",
				Details: []logsError{{Code: "QueryLimitsExceeded", Message: "The query result has been truncated to 500000 rows."}}}
			break
		}
		row := make([]any, len(table.Columns))
		for i, c := range table.Columns {
			row[i] = logsValue(r[c])
		}
		out.Rows = append(out.Rows, row)
	}
	doc["tables"] = []logsTable{out}
	return ok(doc)
}

// logsValue is a value as Log Analytics writes it: times without trailing zeros.
func logsValue(v any) any {
	if t, ok := v.(time.Time); ok {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return kql.JSON(v)
}

// typeOf is the type of a column: of a table's the documented one, else that of its values.
func typeOf(name string, t *kql.Table) string {
	if i := slices.IndexFunc(analyticsColumns, func(c [2]string) bool { return c[0] == name }); i >= 0 {
		return analyticsColumns[i][1]
	}
	for _, r := range t.Rows {
		switch v := r[name].(type) {
		case nil:
		case time.Time:
			return "datetime"
		case bool:
			return "bool"
		case float64:
			if v == float64(int64(v)) {
				return "long"
			}
			return "real"
		case []any, map[string]any:
			return "dynamic"
		default:
			return "string"
		}
	}
	return "string"
}

// spanOf reads a time of the form from/to, or a length before now; without one it is the last
// seven days.
func spanOf(text string, now time.Time) (from, to time.Time, ok bool) {
	if text == "" {
		return now.AddDate(0, 0, -7), now, true
	}
	if a, b, two := strings.Cut(text, "/"); two {
		from, err1 := time.Parse(time.RFC3339, a)
		to, err2 := time.Parse(time.RFC3339, b)
		return from, to, err1 == nil && err2 == nil
	}
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(text, "P"), "T")))
	if days, isDays := strings.CutSuffix(text, "D"); isDays {
		d, err = time.ParseDuration(strings.TrimPrefix(days, "P") + "h")
		d *= 24
	}
	return now.Add(-d), now, err == nil && d > 0
}

// logsError is an error in the form of Log Analytics (recordings logs-querylogs-bad-query and
// logs-queryresource-bad-query-with-invalid-tab).
type logsError struct {
	Message string      `json:"message"`
	Code    string      `json:"code"`
	ID      string      `json:"correlationId,omitempty"`
	Inner   *logsError  `json:"innererror,omitempty"`
	Details []logsError `json:"details,omitempty"`
	Line    int         `json:"line,omitempty"`
	Pos     int         `json:"pos,omitempty"`
	Token   string      `json:"token,omitempty"`
}

func logsFault(e *kql.Error) *logsError {
	out := &logsError{Code: "BadArgumentError", Message: "The request had some invalid properties", ID: uuid.NewString()}
	if e.Code == kql.ParserFailure {
		out.Inner = &logsError{Code: "SyntaxError", Message: "A recognition error occurred in the query.", Inner: &logsError{Code: "SYN0002", Message: "Query could not be parsed at '" + e.Token + "' on line [" + strconv.Itoa(e.Line) + "," + strconv.Itoa(e.Column) + "]: " + e.Message, Line: e.Line, Pos: e.Column, Token: e.Token}}
		return out
	}
	message := e.Message
	if e.Line > 0 {
		message += " (line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ", '" + e.Token + "')"
	}
	out.Inner = &logsError{Code: "SemanticError", Message: "A semantic error occurred.", Inner: &logsError{Code: "SEM0100", Message: message, Line: e.Line, Pos: e.Column, Token: e.Token}}
	return out
}

func logsRefusal(e *logsError) (reply, error) {
	return reply{status: http.StatusBadRequest, body: map[string]*logsError{"error": e}}, nil
}

package arm

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/kql"
)

func graphRoutes() []route {
	return []route{act("/providers/Microsoft.ResourceGraph/resources", (*request).queryGraph)}
}

// graphBody is a question to Resource Graph (Microsoft.ResourceGraph, resources).
type graphBody struct {
	Subscriptions []string `json:"subscriptions"`
	Query         string   `json:"query"`
	Options       struct {
		Top       *int   `json:"$top"`
		Skip      int    `json:"$skip"`
		SkipToken string `json:"$skipToken"`
		Format    string `json:"resultFormat"`
	} `json:"options"`
}

// Microsoft's documentation of Resource Graph: a page holds 1000 rows at most
// and 100 unless asked for more, and a caller has 15 queries in 5 seconds.
const (
	graphTop     = 1000
	graphDefault = 100
	graphQueries = 15
	graphWindow  = 5 * time.Second
)

// graph is what the server remembers of Resource Graph: how many queries came
// of late, and the last answer, of which more pages may be asked for.
type graph struct {
	mu    sync.Mutex
	since time.Time
	used  int
	asked string
	last  *kql.Table
}

// take counts a query. It returns how many are left and when they come back;
// ok is false if there was none left.
func (g *graph) take(now time.Time) (left int, after time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.since) || now.Sub(g.since) >= graphWindow {
		g.since, g.used = now, 0
	}
	after = graphWindow - now.Sub(g.since)
	if g.used >= graphQueries {
		return 0, after, false
	}
	g.used++
	return graphQueries - g.used, after, true
}

func (q *request) queryGraph() (reply, error) {
	var body graphBody
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	left, after, free := q.graph.take(q.now)
	header := http.Header{
		"X-Ms-User-Quota-Remaining": {strconv.Itoa(left)}, "X-Ms-User-Quota-Resets-After": {clockTime(after)},
		"X-Ms-Resource-Graph-Request-Duration": {"0:00:00:00.0100000"},
	}
	if !free {
		header.Set("Retry-After", strconv.Itoa(seconds(after)))
		return q.graphRefusal(http.StatusTooManyRequests, header, "RateLimiting", graphDetail{Code: "RateLimiting",
			Message: "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."}), nil
	}
	table, err := q.answer(body)
	if e := (*kql.Error)(nil); errors.As(err, &e) {
		return q.graphRefusal(http.StatusBadRequest, header, "BadRequest", details(e)...), nil
	}
	if err != nil {
		return reply{}, err
	}
	return q.graphPage(body, table, header)
}

// answer runs a query, unless it is asked for the next page of the last one.
func (q *request) answer(body graphBody) (*kql.Table, error) {
	g := &q.graph
	asked := q.tenant() + " " + strings.Join(body.Subscriptions, " ") + "\n" + body.Query
	if body.Options.SkipToken != "" || body.Options.Skip > 0 {
		g.mu.Lock()
		last := g.last
		same := last != nil && g.asked == asked
		g.mu.Unlock()
		if same {
			return last, nil
		}
	}
	query, err := kql.Parse(body.Query, q.now)
	if err != nil {
		return nil, err
	}
	st, err := q.State()
	if err != nil {
		return nil, err
	}
	within := func(id plan.ID) bool {
		return q.inTenant(id) && (len(body.Subscriptions) == 0 || slices.ContainsFunc(body.Subscriptions, func(s string) bool { return strings.EqualFold(s, id.Subscription()) }))
	}
	table, err := query.Run(func(name string, wants func(string) bool) *kql.Table { return q.graphTable(st, name, within, wants) })
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.asked, g.last = asked, table
	g.mu.Unlock()
	return table, nil
}

type graphDoc struct {
	Total     int    `json:"totalRecords"`
	Count     int    `json:"count"`
	Data      any    `json:"data"`
	Facets    []any  `json:"facets"`
	Truncated string `json:"resultTruncated"`
	SkipToken string `json:"$skipToken,omitempty"`
}

// graphPage answers with a part of a table. It can be gone on with only if the
// rows have ids, as in Azure.
func (q *request) graphPage(body graphBody, table *kql.Table, header http.Header) (reply, error) {
	top := graphDefault
	if body.Options.Top != nil {
		top = *body.Options.Top
	}
	if top < 1 || top > graphTop || body.Options.Skip < 0 {
		return q.graphRefusal(http.StatusBadRequest, header, "BadRequest", graphDetail{Code: "InvalidOptions",
			Message: fmt.Sprintf("$top must be between 1 and %d, and $skip not below 0.", graphTop)}), nil
	}
	from := body.Options.Skip
	if token := body.Options.SkipToken; token != "" {
		text, err := base64.StdEncoding.DecodeString(token)
		n, err2 := strconv.Atoi(strings.TrimPrefix(string(text), "row "))
		if err != nil || err2 != nil || n < 0 {
			return q.graphRefusal(http.StatusBadRequest, header, "BadRequest", graphDetail{Code: "InvalidSkipToken", Message: "The $skipToken is invalid."}), nil
		}
		from = n
	}
	from = min(from, len(table.Rows))
	to := min(from+min(top, q.page), len(table.Rows))
	doc := graphDoc{Total: len(table.Rows), Count: to - from, Facets: []any{}, Truncated: "false"}
	if to < len(table.Rows) {
		doc.Truncated = "true"
		if slices.Contains(table.Columns, "id") {
			doc.SkipToken = base64.StdEncoding.EncodeToString([]byte("row " + strconv.Itoa(to)))
		}
	}
	doc.Data = graphData(table, from, to, q.graphFormat(body))
	return reply{status: http.StatusOK, header: header, body: doc}, nil
}

// graphFormat is objectArray or table, which the first versions answered with.
func (q *request) graphFormat(body graphBody) string {
	if body.Options.Format == "" && q.param("api-version") < "2020" {
		return "table"
	}
	return body.Options.Format
}

func graphData(t *kql.Table, from, to int, format string) any {
	if strings.EqualFold(format, "table") {
		rows := [][]any{}
		for _, r := range t.Rows[from:to] {
			var row []any
			for _, c := range t.Columns {
				row = append(row, kql.JSON(r[c]))
			}
			rows = append(rows, row)
		}
		var columns []any
		for _, c := range t.Columns {
			columns = append(columns, map[string]any{"name": c, "type": kindOfColumn(rows, len(columns))})
		}
		return map[string]any{"columns": columns, "rows": rows}
	}
	data := []map[string]any{}
	for _, r := range t.Rows[from:to] {
		row := make(map[string]any, len(t.Columns))
		for _, c := range t.Columns {
			row[c] = kql.JSON(r[c])
		}
		data = append(data, row)
	}
	return data
}

func kindOfColumn(rows [][]any, i int) string {
	for _, r := range rows {
		switch r[i].(type) {
		case string:
			return "string"
		case float64:
			return "integer"
		case bool:
			return "boolean"
		case []any, map[string]any:
			return "object"
		}
	}
	return "string"
}

// graphDetail is one of the things that are wrong with a query.
type graphDetail struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Line      int    `json:"line,omitempty"`
	Character int    `json:"characterPositionInLine,omitempty"`
	Token     string `json:"token,omitempty"`
}

func details(e *kql.Error) []graphDetail {
	what := graphDetail{Code: e.Code, Message: e.Message, Line: e.Line, Character: e.Column, Token: e.Token}
	return []graphDetail{{Code: "InvalidQuery", Message: "Query is invalid. Please refer to the documentation for the Azure Resource Graph service " +
		"and fix the error before retrying."}, what}
}

// graphRefusal has Resource Graph's form, whose details say what is wrong.
func (q *request) graphRefusal(status int, header http.Header, code string, all ...graphDetail) reply {
	var body struct {
		Error struct {
			Code    string        `json:"code"`
			Message string        `json:"message"`
			Details []graphDetail `json:"details"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Details = code, all
	body.Error.Message = "Please provide below info when asking for support: timestamp = " + q.now.UTC().Format(sevenDigits) +
		", correlationId = " + uuid.NewString() + "."
	q.log.Debug("the sandbox's Resource Graph refuses", "code", all[len(all)-1].Code, "message", all[len(all)-1].Message)
	return reply{status: status, header: header, body: body}
}

func seconds(d time.Duration) int { return max(int((d+time.Second-1)/time.Second), 1) }

// clockTime writes a duration as 00:00:05.
func clockTime(d time.Duration) string {
	s := seconds(d)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

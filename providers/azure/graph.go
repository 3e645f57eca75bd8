package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"flowctl/plan"
)

// graphQuery is a question to Resource Graph
// (Microsoft.ResourceGraph/resources, API version 2024-04-01).
type graphQuery struct {
	Subscriptions []string     `json:"subscriptions"`
	Query         string       `json:"query"`
	Options       graphOptions `json:"options"`
}

type graphOptions struct {
	Format    string `json:"resultFormat"`
	Top       int    `json:"$top"`
	SkipToken string `json:"$skipToken,omitempty"`
}

type graphPage struct {
	Data      json.RawMessage `json:"data"`
	Truncated string          `json:"resultTruncated"`
	SkipToken string          `json:"$skipToken"`
}

const (
	graphPath    = "/providers/Microsoft.ResourceGraph/resources"
	graphVersion = "2024-04-01"
	graphTop     = 1000 // the most that Azure gives at a time
)

// Query returns the ids that a Resource Graph query selects, in the order of
// its answer and each once. It looks in the subscriptions named or, if none
// is, in the provider's own. Resource Graph lags behind by seconds to minutes.
func (p *Provider) Query(ctx context.Context, query string, subscriptions []string) ([]plan.ID, error) {
	if len(subscriptions) == 0 {
		subscriptions = []string{p.subscription}
	}
	var out []plan.ID
	seen := map[string]bool{}
	err := graph(ctx, p, query, subscriptions, func(row idOf) error {
		if row.ID == "" {
			return errors.New("it selects rows without the column id: end it with | project id")
		}
		if !seen[row.ID.Key()] {
			seen[row.ID.Key()] = true
			out = append(out, row.ID)
		}
		return nil
	})
	return out, err
}

// graph asks Resource Graph for all pages of an answer.
func graph[R any](ctx context.Context, p *Provider, query string, subscriptions []string, each func(R) error) error {
	q := graphQuery{subscriptions, query, graphOptions{Format: "objectArray", Top: graphTop}}
	for seen := (turned{}); ; {
		page, header, err := p.graphPage(ctx, q)
		if err != nil {
			return fmt.Errorf("query Resource Graph: %w", err)
		}
		var rows []R
		if err := decode(page.Data, &rows); err != nil {
			return fmt.Errorf("query Resource Graph: %w", err)
		}
		for _, r := range rows {
			if err := each(r); err != nil {
				return fmt.Errorf("query Resource Graph: %w", err)
			}
		}
		if page.SkipToken == "" {
			return whole(page)
		}
		if err := seen.turn(page.SkipToken); err != nil {
			return fmt.Errorf("query Resource Graph: %w", err)
		}
		q.Options.SkipToken = page.SkipToken
		if err := p.graphPause(ctx, header); err != nil {
			return err
		}
	}
}

func (p *Provider) graphPage(ctx context.Context, q graphQuery) (page graphPage, header http.Header, err error) {
	doc, err := p.ask(ctx, p.address(graphPath, graphVersion), q)
	if err != nil {
		return page, nil, err
	}
	return page, doc.header, decode(doc.body, &page)
}

// whole refuses an answer of which a part is missing without a way to it,
// which happens to queries that do not select ids.
func whole(page graphPage) error {
	if page.Truncated == "true" {
		return fmt.Errorf("query Resource Graph: the answer was cut after %d rows, since the query does not select the column id, by which it is continued", graphTop)
	}
	return nil
}

// graphPause waits until Azure takes further queries of this caller, if the
// last answer said that it does not.
func (p *Provider) graphPause(ctx context.Context, h http.Header) error {
	left, err := strconv.Atoi(h.Get("X-Ms-User-Quota-Remaining"))
	if err != nil || left > 0 {
		return nil
	}
	wait := min(clockTime(h.Get("X-Ms-User-Quota-Resets-After")), longestAfter)
	p.log.DebugContext(ctx, "no queries of Resource Graph are left", "in", wait)
	return p.clock.Sleep(ctx, max(wait, time.Second))
}

// clockTime is a time such as 00:00:05, and 0 for anything else.
func clockTime(s string) (d time.Duration) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0
	}
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 || n > 60 {
			return 0
		}
		d += time.Duration(n) * unit
	}
	return d
}

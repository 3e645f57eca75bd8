package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// Log Analytics is asked by way of Resource Manager: that needs no endpoint, audience and firewall
// rule of its own, and keeps to the pace and the retries of all other reads.
// The SDK's azquery and azlogs hold an answer whole, as text and decoded; here it is read as it
// comes.

const (
	logsVersion = "2020-08-01"
	// logsWait is how long the service may work on a query, in seconds: less than a request may take.
	logsWait = "wait=100"
)

var _ plan.LogReader = (*Provider)(nil)

// Logs answers a query over a workspace.
func (p *Provider) Logs(ctx context.Context, workspace plan.ID, q plan.LogQuery) (io.ReadCloser, error) {
	p.log.DebugContext(ctx, "query of Log Analytics", "workspace", workspace.Name(), "from", q.From, "to", q.To, "query", q.Text)
	body, err := json.Marshal(map[string]string{"query": q.Text, "timespan": q.From.UTC().Format(time.RFC3339) + "/" + q.To.UTC().Format(time.RFC3339)})
	if err != nil {
		return nil, err
	}
	req, err := runtime.NewRequest(asRead(ctx), http.MethodPost, p.address(string(workspace)+"/api/query", logsVersion))
	if err != nil {
		return nil, err
	}
	req.Raw().Header.Set("Prefer", logsWait)
	runtime.SkipBodyDownload(req)
	if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
		return nil, err
	}
	resp, err := p.generic.Pipeline().Do(req)
	switch {
	case err != nil:
		return nil, fmt.Errorf("query workspace %s: %w", workspace.Name(), plain(err))
	case resp.StatusCode == http.StatusNoContent:
		resp.Body.Close()
		return io.NopCloser(bytes.NewReader([]byte(`{"tables":[]}`))), nil
	case resp.StatusCode != http.StatusOK:
		defer resp.Body.Close()
		return nil, fmt.Errorf("query workspace %s: %w", workspace.Name(), plain(runtime.NewResponseError(resp)))
	}
	return resp.Body, nil
}

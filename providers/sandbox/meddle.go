package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// requestVersion is the api-version of a request that names none.
const requestVersion = "2024-05-01"

// Request sends a request to Resource Manager as somebody else would with another tool, and
// returns what it answers. Path is a resource's id, with api-version if it matters.
func (s *Sandbox) Request(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	if !strings.Contains(path, "api-version=") {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "api-version=" + requestVersion
	}
	req, err := http.NewRequestWithContext(ctx, strings.ToUpper(method), "https://management.azure.com/"+strings.TrimPrefix(path, "/"), bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer sandbox")
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Transport().Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("request: %w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// Pass lets time pass in the world at once, however its clock runs.
func (s *Sandbox) Pass(ctx context.Context, d time.Duration) (now time.Time, err error) {
	if d <= 0 {
		return now, fmt.Errorf("%s: time passes forwards only", d)
	}
	err = s.clock.Skip(ctx, d)
	return s.clock.Now(), err
}

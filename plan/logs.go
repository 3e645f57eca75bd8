package plan

import (
	"context"
	"io"
	"time"
)

// LogQuery is a question to a Log Analytics workspace.
type LogQuery struct {
	Text     string    // in Kusto's language
	From, To time.Time // of the time at which rows were taken in, which is after that of what they tell
}

// LogReader asks Log Analytics workspaces.
type LogReader interface {
	// Logs answers a question as the query API does, in JSON, as it comes: an answer that is cut
	// or in part wrong has a member error and no error here. ErrNotFound if there is no such
	// workspace.
	Logs(ctx context.Context, workspace ID, q LogQuery) (io.ReadCloser, error)
}

package plan

// Severity says what a finding means for apply.
type Severity string

// The severities: an error stops apply, a warning says what will be missing
// or go wrong, an info what is good to know.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Finding is something that a plan has to say before anything is done: what
// would fail, what will be missing. Its code is stable.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail"` // with the way out
	Watch    string   `json:"watch,omitempty"`
	Target   ID       `json:"target,omitempty"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
}

// Blocking reports whether any finding stops apply.
func Blocking(fs []Finding) bool {
	for _, f := range fs {
		if f.Severity == Error {
			return true
		}
	}
	return false
}

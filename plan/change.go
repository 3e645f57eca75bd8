package plan

// Action is what a plan does about one session; its text is the symbol that
// people see.
type Action string

// The actions.
const (
	Create  Action = "+"
	Reuse   Action = "="   // somebody else's flow log covers the target: read, never changed
	Keep    Action = "~"   // ours is there and goes on
	Finish  Action = ">"   // ours is past its deadline: collect, then remove
	Replace Action = "-/+" // ours is there with other settings: collect, remove, create
	Update  Action = "*"   // ours, of a monitor, is there and not as the file says: set so in its place
	Delete  Action = "-"   // ours is there and the file has its watch no more: end, collect, remove
	Leave   Action = "."   // recorded and collected before, or too late
)

// Word is the action for JSON and logs.
func (a Action) Word() string {
	return map[Action]string{
		Create: "create", Reuse: "reuse", Keep: "keep", Finish: "finish",
		Replace: "replace", Update: "update", Delete: "delete", Leave: "leave",
	}[a]
}

// Change is what a plan does about one session. Session is nil for what
// nothing asks for, Recording for what is not there.
type Change struct {
	Action    Action     `json:"action"`
	Reason    string     `json:"reason"`
	Session   *Session   `json:"session,omitempty"`
	Recording *Recording `json:"recording,omitempty"`
}

// Target is what the change is about.
func (c Change) Target() ID {
	if c.Session != nil {
		return c.Session.Target.ID
	}
	return c.Recording.Target
}

// Mechanism is how the target is or was recorded.
func (c Change) Mechanism() Mechanism {
	if c.Session != nil {
		return c.Session.Mechanism
	}
	return c.Recording.Mechanism
}

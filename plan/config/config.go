package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/dictionary"
	"flowctl/plan/question"
)

// Inputs are what the values of variables come from besides the files. A
// later source wins: Environ, then VarFiles in order, then Vars in order.
type Inputs struct {
	Vars     []string // of --var, as name=value
	VarFiles []string // of --var-file, paths
	Environ  []string // as os.Environ returns it; FLOWCTL_VAR_name counts

	// Open says that variables need no values: what depends on one is not checked.
	Open bool
	// Empty says that a file may have no investigation: the state may know of monitors
	// that were taken out of it.
	Empty bool
}

// Config is what a file or a folder says.
type Config struct {
	Path           string               `json:"-"`
	Files          map[string]*hcl.File `json:"-"` // by name as in ranges; files of variables are not among them, they may hold secrets
	Providers      []Provider           `json:"providers"`
	Investigations []*Investigation     `json:"investigations"`
	State          State                `json:"-"` // may hold secrets
	Engine         *Engine              `json:"-"` // nil for none
	Given          []string             `json:"-"` // name=value of variables that are not sensitive, as flags and the environment gave them
	Withheld       []string             `json:"-"` // names of sensitive variables that were given so
	Unset          []string             `json:"-"` // names of variables without a value, if Inputs was open
	Digest         string               `json:"-"` // SHA-256 in hex over the files and the values of variables
}

// The types of provider.
const (
	Azure   = "azure"
	Sandbox = "sandbox"
)

// DefaultClock is how much faster than real time a sandbox runs that says nothing else.
const DefaultClock = 600.0

// Provider is one Azure that watches can choose. There is always at least
// one: a file that declares none has the embedded sandbox.
type Provider struct {
	Type  string    `json:"type"`  // Azure or Sandbox
	Alias string    `json:"alias"` // the type unless the file says otherwise
	Range hcl.Range `json:"-"`     // empty if not declared

	// Of azure.
	SubscriptionID string `json:"subscription_id,omitempty"`
	TenantID       string `json:"-"`                       // may be sensitive: not to be shown
	ClientID       string `json:"-"`                       // of an application, a user-assigned managed or a workload identity; may be sensitive
	Environment    string `json:"environment,omitempty"`   // public, usgovernment, china
	MetadataHost   string `json:"metadata_host,omitempty"` // host[:port] of another cloud
	Credential     string `json:"credential,omitempty"`    // how to sign in: default, cli, client_secret …

	CertificatePath     string `json:"client_certificate_path,omitempty"` // of client_certificate, from the working directory
	ServiceConnectionID string `json:"service_connection_id,omitempty"`   // of azure_pipelines

	// Of sandbox.
	World string   `json:"world,omitempty"` // path of a world, from the working directory; empty for the embedded one
	Clock *float64 `json:"clock,omitempty"` // times real time; 0: time passes only while flowctl waits; nil: DefaultClock
	Seed  *int64   `json:"seed,omitempty"`  // nil: the world's own

	SameWorld string `json:"same_world,omitempty"` // alias of the provider in whose world its subscription is, if it is not its own
}

// Investigation is one question, with its time box.
type Investigation struct {
	Name      string        `json:"name"`
	Reason    string        `json:"reason"`
	Owner     string        `json:"owner"`
	Ticket    string        `json:"ticket,omitempty"`
	Window    time.Duration `json:"window"` // End-Start if those are given
	Start     time.Time     `json:"start,omitzero"`
	End       time.Time     `json:"end,omitzero"`
	Before    time.Duration `json:"before,omitempty"` // the window ends so long before it is first applied; Start and End are set then
	Storage   []Storage     `json:"storage,omitempty"`
	Watches   []Watch       `json:"watches"`
	Summaries []Summary     `json:"summaries,omitempty"`
	Expects   []Expect      `json:"expects,omitempty"`
	Report    Report        `json:"report"`
	Budget    *Budget       `json:"budget,omitempty"`

	Monitor      *plan.Monitor `json:"monitor,omitempty"` // of a standing watch; nil: it has an end
	MonitorRange hcl.Range     `json:"-"`                 // of every
	Removed      bool          `json:"-"`                 // a monitor that is in the file no more, as the ledger knows it

	// Past says that the window was over before the investigation began: nothing is recorded, and
	// what is there is read. It is set by whoever plans, who knows the time.
	Past bool `json:"-"`

	// MaxTotalBytes is how much all sessions may record together before the run ends; 0: no limit.
	MaxTotalBytes  int64 `json:"max_total_bytes,omitempty"`
	CreateWatchers bool  `json:"create_watchers,omitempty"` // Network Watchers that are missing may be made
	AlignedStart   bool  `json:"aligned_start,omitempty"`   // captures wait for one another and begin together

	// Dictionary names networks and addresses.
	Dictionary []dictionary.Entry `json:"dictionary,omitempty"`

	Moved map[string]string `json:"moved,omitempty"` // address of a watch → the one it had before

	Range       hcl.Range `json:"-"` // its header
	WindowRange hcl.Range `json:"-"` // of window, or of end
	StartRange  hcl.Range `json:"-"` // of start, if given
}

// Storage is an account that Azure may write to. There may be one per region.
type Storage struct {
	AccountID    plan.ID   `json:"account_id"`
	Range        hcl.Range `json:"-"`
	AccountRange hcl.Range `json:"-"` // of the id
}

// The kinds of watch.
const (
	VNet   = "vnet"
	Subnet = "subnet"
	NIC    = "nic"
	NSG    = "nsg"
	VM     = "vm"
	VMSS   = "vmss"
)

// Watch selects resources and says how they are recorded. At least one of
// FlowLog and Capture is set: what the file leaves open has its default,
// capture for machines and flow log for everything else.
type Watch struct {
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Key      string   `json:"key,omitempty"`  // of for_each
	Each     bool     `json:"each,omitempty"` // made by for_each
	Provider string   `json:"provider"`       // alias
	Select   Selector `json:"select"`
	FlowLog  *FlowLog `json:"flow_log,omitempty"`
	Capture  *Capture `json:"packet_capture,omitempty"`

	Range         hcl.Range `json:"-"` // its header
	SelectRange   hcl.Range `json:"-"` // of id, name or tags
	ProviderRange hcl.Range `json:"-"` // of provider, or the header
}

// Address is what names the watch in a file: vm.db, or vm.db["prod"] if it
// was made by for_each.
func (w Watch) Address() string {
	if w.Each {
		return fmt.Sprintf("%s.%s[%q]", w.Kind, w.Name, w.Key)
	}
	return w.Kind + "." + w.Name
}

// Selector says which resources of a kind are meant: those with one of the
// ids, those with one of the names in a resource group (and, of subnets, in
// a virtual network), those that have all of the tags, or those that a
// Resource Graph query returns.
type Selector struct {
	IDs           []plan.ID         `json:"ids,omitempty"`
	Names         []string          `json:"names,omitempty"`
	ResourceGroup string            `json:"resource_group,omitempty"`
	VNet          string            `json:"vnet,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
	Query         string            `json:"query,omitempty"` // of Resource Graph; the IDs are its answer, once it was asked
}

// FlowLog asks for flow logs on what a watch selects, on the interfaces of
// machines, and on the subnets and interfaces of an NSG.
type FlowLog struct {
	Spec     plan.FlowLogSpec `json:"spec"`
	Declared bool             `json:"declared"` // there is a block for it
	Range    hcl.Range        `json:"-"`        // of the block's header, or the watch's

	// Of parts of it, or of the block where there are none.
	RetentionRange, RecordTypesRange, FilterRange hcl.Range `json:"-"`
}

// Capture asks for a packet capture on each machine that a watch selects.
// The Duration of a ring is the ring's, its MaxBytes what the ring can hold;
// Azure is told neither in the place of a plain capture's.
type Capture struct {
	Spec         plan.CaptureSpec `json:"spec"`
	Declared     bool             `json:"declared"`
	InstallAgent bool             `json:"install_agent,omitempty"` // the agent may be installed where it is missing
	Range        hcl.Range        `json:"-"`

	// Of parts of it, or of the block where there are none; FilterRanges has
	// one for each filter.
	DurationRange, SizeRange, PathRange hcl.Range   `json:"-"`
	FilterRanges                        []hcl.Range `json:"-"`
}

// Summary is a question about the flows.
type Summary struct {
	Name      string   `json:"name"`
	Condition string   `json:"where,omitempty"`  // Where as it is written
	Selection string   `json:"having,omitempty"` // Having as it is written
	By        []string `json:"by,omitempty"`     // names of fields of flows; none: one total
	Top       int      `json:"top"`
	Order     string   `json:"order,omitempty"` // such as -denied; none: the most bytes first

	Compare string `json:"compare,omitempty"` // Previous, or empty

	// Question is what the block asks. Its condition is nil too while variables
	// have no values.
	Question *question.Question `json:"-"`

	// Where selects flows and Having rows; nil for all. Context holds the
	// variables, locals and functions that they may use; none of the values that
	// they use is sensitive.
	Where, Having hcl.Expression   `json:"-"`
	Context       *hcl.EvalContext `json:"-"`

	Range   hcl.Range `json:"-"`
	ByRange hcl.Range `json:"-"`
}

// Previous is what an answer can be compared with: that of the run before.
const Previous = "previous"

// The report formats.
const (
	HTML     = "html"
	Markdown = "markdown"
	JSON     = "json"
)

// Report says which documents are written.
type Report struct {
	Formats []string  `json:"formats"`
	Range   hcl.Range `json:"-"`
}

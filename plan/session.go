package plan

import "time"

// Mechanism is how a target is recorded.
type Mechanism string

// The mechanisms.
const (
	FlowLog       Mechanism = "flow_log"
	PacketCapture Mechanism = "packet_capture"
)

// Target is a resource that a watch selected.
type Target struct {
	Kind     string `json:"kind"` // vnet, subnet, nic, vm, vmss
	ID       ID     `json:"id"`
	Location string `json:"location"`
	Provider string `json:"provider"` // alias in the file

	Called string `json:"called,omitempty"` // its name and its group's, where other targets of the watch have the name too
}

// Session is one thing in Azure that records one target until its deadline.
type Session struct {
	Name      string            `json:"name"`    // of the resource; see Name
	Watches   []string          `json:"watches"` // the watches that want it, as in the file
	Why       string            `json:"why"`     // why this mechanism on this target
	Mechanism Mechanism         `json:"mechanism"`
	Target    Target            `json:"target"`
	Within    []ID              `json:"within,omitempty"` // what holds the target: subnet, VNet
	Watcher   ID                `json:"watcher"`
	Storage   ID                `json:"storage"`
	Deadline  time.Time         `json:"deadline"`
	Tags      map[string]string `json:"tags,omitempty"` // flow logs only; captures have none
	FlowLog   *FlowLogSpec      `json:"flow_log,omitempty"`
	Capture   *CaptureSpec      `json:"packet_capture,omitempty"`

	// Spans are the times that count of it; none: all of the window. Where a workspace has hours of
	// which storage has not all, they say which times are read there and which here.
	Spans []Span `json:"spans,omitempty"`

	// What is missing and the file lets flowctl make before the session starts.
	CreateWatcher bool   `json:"create_watcher,omitempty"`
	InstallAgent  string `json:"install_agent,omitempty"` // the machine's OS: Linux or Windows
}

// Standing reports whether s is of a monitor: it has no end.
func (s Session) Standing() bool { return s.Deadline.Equal(Forever) }

// FlowLogSpec are the settings of a flow log.
type FlowLogSpec struct {
	RetentionDays    int               `json:"retention_days,omitempty"` // 0: flowctl leaves retention off
	RecordTypes      string            `json:"record_types,omitempty"`   // "B,C,E,D"; empty: all
	Filter           string            `json:"filter,omitempty"`         // enabledFilteringCriteria
	TrafficAnalytics *TrafficAnalytics `json:"traffic_analytics,omitempty"`
}

// TrafficAnalytics sends a flow log to a Log Analytics workspace as well.
type TrafficAnalytics struct {
	Workspace ID  `json:"workspace"`
	Interval  int `json:"interval_minutes"` // 10 or 60
}

// CaptureSpec are the settings of a packet capture.
type CaptureSpec struct {
	Duration       time.Duration   `json:"duration"`
	MaxBytes       int64           `json:"max_bytes"`
	BytesPerPacket int64           `json:"bytes_per_packet"` // 0: whole packets
	Filters        []CaptureFilter `json:"filters,omitempty"`
	Ring           *Ring           `json:"ring,omitempty"`
	Include        []string        `json:"include,omitempty"` // instances of a scale set
	Exclude        []string        `json:"exclude,omitempty"`
	LocalPath      string          `json:"local_path,omitempty"`
}

// CaptureFilter is one filter in the service's own terms: fields are joined
// by and, several filters by or, an empty field is any.
type CaptureFilter struct {
	Protocol      string `json:"protocol,omitempty"` // TCP, UDP, Any
	LocalAddress  string `json:"local_address,omitempty"`
	LocalPort     string `json:"local_port,omitempty"`
	RemoteAddress string `json:"remote_address,omitempty"`
	RemotePort    string `json:"remote_port,omitempty"`
}

// Whole returns the protocols of which filters let all packets through.
func (c *CaptureSpec) Whole() []string {
	var all []string
	for _, f := range c.Filters {
		if f == (CaptureFilter{Protocol: f.Protocol}) && f.Protocol != "" {
			all = append(all, f.Protocol)
		}
	}
	return all
}

// Ring are the settings of a continuous capture.
type Ring struct {
	Files    int           `json:"files"`
	FileSize int64         `json:"file_size"`
	Duration time.Duration `json:"duration"`
}

// Recording is a flow log or packet capture as Azure shows it, whoever made it.
type Recording struct {
	ID           ID                `json:"id"`
	Mechanism    Mechanism         `json:"mechanism"`
	Location     string            `json:"location"`
	Target       ID                `json:"target"`
	Storage      ID                `json:"storage"`
	Enabled      bool              `json:"enabled"` // of flow logs
	Tags         map[string]string `json:"tags,omitempty"`
	Provisioning string            `json:"provisioning"`
	Log          ID                `json:"log,omitempty"` // of rows in a workspace: the flow log they are of
	FlowLog      *FlowLogSpec      `json:"flow_log,omitempty"`
	Capture      *CaptureSpec      `json:"packet_capture,omitempty"`
	Within       []ID              `json:"within,omitempty"`    // what holds the target; set by resolve
	Guards       []ID              `json:"guards,omitempty"`    // of a log of an NSG: subnets and interfaces that it is on; set by resolve
	GuardsIn     []ID              `json:"guards_in,omitempty"` // and what holds those
	Path         string            `json:"path,omitempty"`      // URL of a capture's blob, as Azure states it

	// Of captures, once asked for with Provider.Status.
	State      CaptureState `json:"state,omitempty"`
	StopReason string       `json:"stop_reason,omitempty"` // Azure's own word, not to be interpreted
	Errors     []string     `json:"errors,omitempty"`
	Started    time.Time    `json:"started,omitzero"`
}

// rowsType is the last part of the type of what stands for a flow log's rows in a workspace, which
// have no id of their own.
const rowsType = "trafficAnalytics"

// Rows is what Traffic Analytics wrote of flow log r to its workspace, as a recording that is
// read; ok is false if it writes to none.
func (r Recording) Rows() (rows Recording, ok bool) {
	if r.FlowLog == nil || r.FlowLog.TrafficAnalytics == nil || r.FlowLog.TrafficAnalytics.Workspace == "" {
		return rows, false
	}
	w := r.FlowLog.TrafficAnalytics.Workspace
	rows = r
	rows.ID, rows.Log, rows.Storage = w+ID("/"+rowsType+"/"+r.ID.Name()+"@"+w.Name()), r.ID, ""
	return rows, true
}

// InWorkspace reports whether r is rows of a workspace.
func (r Recording) InWorkspace() bool { return r.Log != "" }

// Deadline is when a recording that flowctl made ends: as its tag says, which can
// change, else as its name does; zero for others.
func (r Recording) Deadline() time.Time {
	if t, err := time.Parse(time.RFC3339, r.Tags[TagExpires]); err == nil {
		return t
	}
	n, _ := ParseName(r.ID.Name())
	return n.Deadline
}

// CaptureState is what Azure says of a running capture.
type CaptureState string

// The states of a capture (PcStatus in Azure's API).
const (
	CaptureNotStarted CaptureState = "NotStarted"
	CaptureRunning    CaptureState = "Running"
	CaptureStopped    CaptureState = "Stopped"
	CaptureError      CaptureState = "Error"
	CaptureUnknown    CaptureState = "Unknown"
)

// Ended reports whether the capture will not record any more.
func (s CaptureState) Ended() bool { return s == CaptureStopped || s == CaptureError }

// ResourceID is the id that the flow log or capture of s has or will have.
func (s Session) ResourceID() ID {
	kind := "flowLogs"
	if s.Mechanism == PacketCapture {
		kind = "packetCaptures"
	}
	return s.Watcher + ID("/"+kind+"/"+s.Name)
}

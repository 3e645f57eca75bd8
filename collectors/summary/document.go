package summary

import (
	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
)

// Format is the number of the document's form. It is raised when a reader
// must change; new members do not raise it.
const Format = "1"

// Document is what a run found out, and the one thing that every view and
// report is drawn from. Its JSON form is described by
// cmd/flowctl/docs/summary.schema.json. Write it with Write: the
// conversations can be millions and are streamed.
type Document struct {
	Format     string    `json:"format"`
	Simulated  bool      `json:"simulated"` // the run was of the sandbox
	Sources    []Source  `json:"sources"`
	Total      Total     `json:"total"`
	Answer     *Transfer `json:"answer"` // the biggest transfer; null if nothing measured one
	Merged     Merged    `json:"merged"`
	Timeline   Timeline  `json:"timeline"`
	Top        []Pair    `json:"top_conversations"`
	Talkers    Answer    `json:"talkers"`
	Egress     Answer    `json:"internet_egress"`
	Services   Answer    `json:"services"`
	Rules      Answer    `json:"rules"`
	Encryption Answer    `json:"encryption"`
	Scopes     Answer    `json:"scopes"`
	Asks       []Answer  `json:"asks"`

	Expectations []Expectation `json:"expectations"`

	Names []Name `json:"names"`

	ServiceTags *ServiceTags `json:"service_tags"` // null if no list was given

	Prices *Prices `json:"prices"` // null if no question is about money

	Coverage []Coverage        `json:"coverage"`
	Minutes  *minutes.Document `json:"minutes"` // null if no flow log was read
	Skipped  []Skip            `json:"skipped"`

	Conversations Conversations `json:"conversations"`
}

// Source is one file or blob that was read, or many alike, of which Files says
// how many and Path a folder that all of them are in. Total is of this source
// alone, before anything is merged.
type Source struct {
	Path    string      `json:"path"`
	Files   int         `json:"files,omitempty"`
	Kind    flow.Kind   `json:"kind"`
	Status  flow.Status `json:"status"`
	Detail  string      `json:"detail"`
	Bytes   int64       `json:"bytes"`
	Records uint64      `json:"records"`
	Points  []string    `json:"points,omitempty"`
	SHA256  string      `json:"sha256,omitempty"` // of the file as it lies on disk, where the caller knows it
	Total   SourceTotal `json:"total"`
	TCP     *TCP        `json:"tcp,omitempty"` // of captures that hold TCP
}

// SourceTotal is what one source measured.
type SourceTotal struct {
	Volume
	First Instant `json:"first"`
	Last  Instant `json:"last"`
}

// Volume is an amount of traffic. Bytes are those of the frames on the wire,
// IPBytes the lengths that the IP headers state.
type Volume struct {
	Packets Figure `json:"packets"`
	Bytes   Figure `json:"bytes"`
	IPBytes Figure `json:"ip_bytes"`
}

// Total is what was counted over all sources, each conversation once.
type Total struct {
	Volume
	First         Instant `json:"first"`
	Last          Instant `json:"last"`
	Conversations uint64  `json:"conversations"` // pairs of addresses
	Flows         uint64  `json:"flows"`
	Denied        Figure  `json:"denied"` // of Flows; unknown if no flow log judged any
	Records       uint64  `json:"records"`
}

// Merged is what was left out of all sums because another point saw more of
// the same conversation, or because the same record was met before.
type Merged struct {
	Conversations uint64 `json:"conversations"` // pairs of addresses with flows of which something was left out
	Flows         uint64 `json:"flows"`         // of which something was left out
	Records       uint64 `json:"records"`       // left out
	Volume
	Repeats []Repeat     `json:"repeats,omitempty"` // of them, those that were met before
	From    []MergedFrom `json:"from"`              // by the name of the point
}

// MergedFrom is what was left out of what one observation point saw.
type MergedFrom struct {
	Point   string `json:"point"`
	Records uint64 `json:"records"`
	Volume
}

// End is one side of a conversation, by name where the inventory knows it.
type End struct {
	Address string `json:"address"`
	VM      string `json:"vm,omitempty"`
	Scope   string `json:"scope,omitempty"`
	Host    string `json:"host,omitempty"` // that a client asked for, or DNS answered with
}

// Transfer is what one side sent to the other over one service.
type Transfer struct {
	From     End      `json:"from"`
	To       End      `json:"to"`
	Protocol string   `json:"protocol"`
	Port     uint16   `json:"port"`
	Service  string   `json:"service,omitempty"`
	Opened   bool     `json:"opened_by_sender"`
	IPBytes  uint64   `json:"ip_bytes"`
	Share    *float64 `json:"share"` // of all IP bytes, 0 to 1
}

// Pair is a conversation with names, as the short lists show it.
type Pair struct {
	Conversation
	AVM   string   `json:"a_vm,omitempty"`
	BVM   string   `json:"b_vm,omitempty"`
	Share *float64 `json:"share"` // of all IP bytes, 0 to 1
}

// Timeline is the traffic over time in steps of equal length.
type Timeline struct {
	Seconds int64  `json:"seconds"` // length of a step; 0 if nothing had a time
	Steps   []Step `json:"steps"`
}

// Step is the traffic from Start until the next step. Begun and Denied are
// unknown where no flow log says them.
type Step struct {
	Start Instant `json:"start"`
	Volume
	Begun  Figure `json:"begun"`
	Denied Figure `json:"denied"`
}

// Answer is a table: rows by the values of fields, the biggest first, and
// what the shown rows leave out.
type Answer struct {
	Name   string   `json:"name"`
	By     []string `json:"by"`
	Rows   []Row    `json:"rows"`
	Total  Row      `json:"total"`  // over all rows, every conversation once
	Others *Row     `json:"others"` // what was not shown, as one row; null if all is
	Groups uint64   `json:"groups"` // rows there would be without a limit

	// Of questions with having: rows that it left out, and rows of which it could
	// not be said, since what it asks for was not measured.
	Excluded uint64 `json:"excluded_rows,omitempty"`
	Unclear  uint64 `json:"undecided_rows,omitempty"`

	// Of questions: the fields that they ask for, in conditions and rows.
	Fields []string `json:"fields,omitempty"`

	// Of questions: how it ends, see Answered; of how many flows that were read
	// it is undecided whether they are meant, and what would decide it.
	Outcome   string  `json:"outcome,omitempty"`
	Measured  *uint64 `json:"measured_flows,omitempty"`
	Undecided uint64  `json:"undecided_flows,omitempty"`
	Needs     []Need  `json:"needs,omitempty"`
	// Of questions: what was not recorded and may be meant, each a sentence's end.
	Unseen []string `json:"unseen,omitempty"`
	// Of questions of a run: the steps of its window in which something went.
	Timeline *Timeline `json:"timeline,omitempty"`
	// Of questions that are compared: what changed since the run before.
	Since *Since `json:"since,omitempty"`
}

// Row is one line of an answer. Sent is what the source of the flows sent,
// Received what came back; of talkers, what the talker itself sent and got.
type Row struct {
	Key      []string `json:"key"` // one value per field in By
	Sent     Volume   `json:"sent"`
	Received Volume   `json:"received"`
	Volume            // both together
	// Of questions about the end at which flows were seen: what left and what
	// arrived there, whoever opened the flow. A flow that was seen at both ends
	// left one and arrived at the other.
	Left    *Volume  `json:"left,omitempty"`
	Arrived *Volume  `json:"arrived,omitempty"`
	Cost    *Cost    `json:"cost,omitempty"` // of questions about money
	TCP     *RowTCP  `json:"tcp,omitempty"`  // of questions about TCP
	Flows   uint64   `json:"flows"`
	Denied  Figure   `json:"denied"` // of Flows; unknown if no flow log judged any
	First   Instant  `json:"first"`
	Last    Instant  `json:"last"`
	Share   *float64 `json:"share"`          // of all IP bytes, 0 to 1
	Flow    *Single  `json:"flow,omitempty"` // of rows that are single flows
}

// Name is what is known of an address that occurs: by the inventory, by the host
// names that captures showed, and, of addresses that answers show, by a dictionary.
type Name struct {
	Address string `json:"address"`
	Name    string `json:"name,omitempty"` // of a dictionary, where no inventory has one
	VM      string `json:"vm,omitempty"`
	NIC     string `json:"nic,omitempty"`
	Subnet  string `json:"subnet,omitempty"` // vnet/subnet
	VNet    string `json:"vnet,omitempty"`
	Region  string `json:"region,omitempty"`
	Tag     string `json:"service_tag,omitempty"` // of public addresses
	Hosts   []Host `json:"hosts,omitempty"`
}

// Host is a name that an address was asked by ("tls", the server name
// indication) or that DNS answered with ("dns").
type Host struct {
	Name string `json:"name"`
	How  string `json:"how"`
}

// Coverage is something that this run could not see, and why.
type Coverage struct {
	Code    string `json:"code"`
	Text    string `json:"text"`
	Planned bool   `json:"planned,omitempty"` // a finding of the plan, from before anything was recorded
}

// Skip is something that could not be read.
type Skip struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
	Offset int64  `json:"offset"` // where the first was, in bytes after decompression
}

// Conversation is all traffic between two addresses of the outermost IP
// header. A is the lower address, IPv4 before IPv6.
type Conversation struct {
	A         string  `json:"a"`
	B         string  `json:"b"`
	PacketsAB Figure  `json:"packets_ab"`
	BytesAB   Figure  `json:"bytes_ab"`
	IPBytesAB Figure  `json:"ip_bytes_ab"`
	PacketsBA Figure  `json:"packets_ba"`
	BytesBA   Figure  `json:"bytes_ba"`
	IPBytesBA Figure  `json:"ip_bytes_ba"`
	Flows     uint64  `json:"flows"`
	Denied    Figure  `json:"denied"` // of Flows; unknown if no flow log judged any
	First     Instant `json:"first"`
	Last      Instant `json:"last"`
}

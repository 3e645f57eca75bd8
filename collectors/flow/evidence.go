package flow

// RecordID identifies a record of a flow log: what one network interface saw
// in one minute, as one log wrote it. The same record in a copy, a replica, an
// earlier download or a second delivery has the same ID; two records that say
// anything different do not.
type RecordID struct {
	Log, Point ID
	Minute     int64 // of the record's own time, since 1970; NoMinute if it states none
	// Content is a hash, with keys of this process, of what the record says: of
	// its tuples with their ACLs and rules, and not of how that is written.
	Content [2]uint64

	Target ID // what the log is of; tells no two records apart

	Interval bool // it sums an interval that begins with Minute, and says of no minute that it was recorded
}

// NoMinute marks a record that states no time.
const NoMinute = int64(-1 << 63)

// Evidence knows the records that were met in a run. A reader asks it about each
// record that was read whole, before what it says is counted. One Evidence is
// for one goroutine and one source.
type Evidence interface {
	// Meet reports whether a record counts: it was met neither in this source
	// nor in another one. One without observations, whose Content is 0, always
	// does: it says that its minute was recorded.
	Meet(RecordID) bool
	// Repeat takes the observations of the record that was met last and does not
	// count, and returns, in their place, those that count all the same: they were
	// left out before. The others belong to what its source holds, and to no answer.
	Repeat(Batch) Batch
	// Lost says that a part of the source, behind the record that was met last and
	// before the next, could not be read and may hold records.
	Lost()
}

// Keeper takes the records that a reader gives on, to keep them. It is for one
// goroutine. Of flow logs a batch is all of one record, which id tells; of others id is
// the zero RecordID.
type Keeper interface {
	Keep(id RecordID, b Batch) error
}

// Repeat is what one source holds of records that are credited to another, or
// that it holds more than once.
type Repeat struct {
	Source   string
	Records  uint64 // observations: tuples of flow logs
	Packets  uint64
	IPBytes  uint64
	Measured Measure
}

// Add adds o to r.
func (r *Repeat) Add(o Repeat) {
	r.Records += o.Records
	r.Packets += o.Packets
	r.IPBytes += o.IPBytes
	r.Measured |= o.Measured
}

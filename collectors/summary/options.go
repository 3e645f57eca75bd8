package summary

import (
	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/plan"
	"flowctl/plan/dictionary"
	"flowctl/plan/servicetag"
)

// Options are what a document needs beside the counted records.
type Options struct {
	// Sources are what was read, by the numbers that Add was given.
	Sources []flow.Source
	// SHA256 are digests of the sources' files by path, where known.
	SHA256 map[string]string
	// Repeats are the records of flow logs that were met more than once, by the
	// sources that are not credited for them.
	Repeats []flow.Repeat
	// Minutes says for which minutes flow logs have records, given the names of
	// interfaces by their MACs; nil if nobody knows.
	Minutes func(name func(mac string) string) *minutes.Document
	// Successors are points that go on with another one, as one point: the first of them.
	Successors map[string]string
	// Skipped is what the readers left out.
	Skipped []flow.Skip
	// Inventories give names to MACs, addresses and access lists.
	Inventories []*plan.Inventory
	// Tags names public addresses; nil if no list of service tags is at hand.
	Tags *servicetag.List
	// Dictionary names networks and addresses that no inventory names. Of two entries for
	// one network the first counts.
	Dictionary []dictionary.Entry
	// Prices are by which bytes cost; nil for flowctl's own.
	Prices *plan.Prices
	// Hosts are the names of addresses that captures showed; nil for none.
	Hosts *flow.Hosts
	// Questions are the investigation's own, see Compile.
	Questions []*Question
	// Expects are what the file expects of the answers.
	Expects []Expect
	// Unseen is what was not recorded, as far as the caller knows.
	Unseen []Unseen
	// Coverage is what the caller knows that this run could not see; it
	// comes before what the records show.
	Coverage []Coverage
	// Again reads the sources once more and returns what was seen of the flows
	// that are watched, minute by minute. It is asked if several points saw flows
	// at different times; nil if nothing can be read again.
	Again func(*aggregate.Table, *aggregate.Watch) *aggregate.Detail
	// Only says that nothing but the questions is to be answered: all the
	// document's own answers and its conversations stay empty.
	Only bool
	// Top is how many rows the built-in answers show; 0 for 20.
	Top int
}

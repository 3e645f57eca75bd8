package parquet

// sort says what the values of a column are.
type sort uint8

const (
	text    sort = iota // UTF-8
	number              // 32 bits, signed
	counter             // 64 bits, signed
	instant             // microseconds since 1970, UTC
	yesNo
)

// column is one column of the table.
type column struct {
	name     string
	sort     sort
	required bool // has no nulls
}

// The columns by their place in the table.
const (
	colFirst = iota
	colLast
	colSource
	colSourcePort
	colDestination
	colDestinationPort
	colProtocol
	colEtherType
	colDirection
	colState
	colEncryption
	colTunnel
	colGuessed
	colSentPackets
	colSentIPBytes
	colSentFrameBytes
	colReceivedPackets
	colReceivedIPBytes
	colReceivedFrameBytes
	colPoint
	colTarget
	colRule
	colACL
	colLog
	colClass
	colFirstNanos
	colLastNanos
	colTCPAnswered
	colTCPConfirmed
	colTCPPartly
	colSentTCP     // the first of tcpCounts columns
	colReceivedTCP = colSentTCP + tcpCounts
	columnCount    = colReceivedTCP + tcpCounts
)

// The columns of a flow.TCPCount, from colSentTCP and colReceivedTCP on.
const (
	tcpRetransmitted = iota
	tcpRetransmittedBytes
	tcpDupACKs
	tcpSYN
	tcpSYNACK
	tcpFIN
	tcpRST
	tcpZeroWindow
	tcpKeepAlive
	tcpCounts
)

// columns is the table. A null is what was not measured or does not apply.
var columns = [columnCount]column{
	colFirst:              {"first", instant, false},
	colLast:               {"last", instant, false},
	colSource:             {"source_address", text, false},
	colSourcePort:         {"source_port", number, false},
	colDestination:        {"destination_address", text, false},
	colDestinationPort:    {"destination_port", number, false},
	colProtocol:           {"protocol", number, false},
	colEtherType:          {"ether_type", number, false},
	colDirection:          {"direction", text, false},
	colState:              {"state", text, false},
	colEncryption:         {"encryption", text, false},
	colTunnel:             {"tunnel", text, false},
	colGuessed:            {"initiator_guessed", yesNo, true},
	colSentPackets:        {"sent_packets", counter, false},
	colSentIPBytes:        {"sent_ip_bytes", counter, false},
	colSentFrameBytes:     {"sent_frame_bytes", counter, false},
	colReceivedPackets:    {"received_packets", counter, false},
	colReceivedIPBytes:    {"received_ip_bytes", counter, false},
	colReceivedFrameBytes: {"received_frame_bytes", counter, false},
	colPoint:              {"point", text, false},
	colTarget:             {"target", text, false},
	colRule:               {"rule", text, false},
	colACL:                {"acl", text, false},
	colLog:                {"log", text, false},
	colClass:              {"class", text, false},
	colFirstNanos:         {"first_nanos", number, false},
	colLastNanos:          {"last_nanos", number, false},
	colTCPAnswered:        {"tcp_answered_us", counter, false},
	colTCPConfirmed:       {"tcp_confirmed_us", counter, false},
	colTCPPartly:          {"tcp_partly", yesNo, false},

	colSentTCP + tcpRetransmitted:      {"sent_retransmitted", number, false},
	colSentTCP + tcpRetransmittedBytes: {"sent_retransmitted_bytes", counter, false},
	colSentTCP + tcpDupACKs:            {"sent_dup_acks", number, false},
	colSentTCP + tcpSYN:                {"sent_syn", number, false},
	colSentTCP + tcpSYNACK:             {"sent_syn_ack", number, false},
	colSentTCP + tcpFIN:                {"sent_fin", number, false},
	colSentTCP + tcpRST:                {"sent_rst", number, false},
	colSentTCP + tcpZeroWindow:         {"sent_zero_window", number, false},
	colSentTCP + tcpKeepAlive:          {"sent_keep_alive", number, false},

	colReceivedTCP + tcpRetransmitted:      {"received_retransmitted", number, false},
	colReceivedTCP + tcpRetransmittedBytes: {"received_retransmitted_bytes", counter, false},
	colReceivedTCP + tcpDupACKs:            {"received_dup_acks", number, false},
	colReceivedTCP + tcpSYN:                {"received_syn", number, false},
	colReceivedTCP + tcpSYNACK:             {"received_syn_ack", number, false},
	colReceivedTCP + tcpFIN:                {"received_fin", number, false},
	colReceivedTCP + tcpRST:                {"received_rst", number, false},
	colReceivedTCP + tcpZeroWindow:         {"received_zero_window", number, false},
	colReceivedTCP + tcpKeepAlive:          {"received_keep_alive", number, false},
}

// sorted are the columns by which the rows of a group are in order, nulls
// first.
var sorted = []int{colFirst, colSource, colDestination}

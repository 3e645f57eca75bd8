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

// The columns by their slot in the table.
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
	columnCount    = colReceivedTCP + tcpCounts // that readers need

	colSourceNames      = columnCount // the first of nameCount columns
	colDestinationNames = colSourceNames + nameCount
	writtenCount        = colDestinationNames + nameCount
)

// The columns of flow.AddressNames, from colSourceNames and colDestinationNames on.
const (
	nameVM = iota
	nameNIC
	nameSubnet
	nameVNet
	nameRegion
	nameServiceTag
	nameName
	nameHost
	nameCount
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

// columns is the table. A null is what was not measured, is not known or does not
// apply.
var columns = [writtenCount]column{
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

	colSourceNames + nameVM:         {"source_vm", text, false},
	colSourceNames + nameNIC:        {"source_nic", text, false},
	colSourceNames + nameSubnet:     {"source_subnet", text, false},
	colSourceNames + nameVNet:       {"source_vnet", text, false},
	colSourceNames + nameRegion:     {"source_region", text, false},
	colSourceNames + nameServiceTag: {"source_service_tag", text, false},
	colSourceNames + nameName:       {"source_name", text, false},
	colSourceNames + nameHost:       {"source_host", text, false},

	colDestinationNames + nameVM:         {"destination_vm", text, false},
	colDestinationNames + nameNIC:        {"destination_nic", text, false},
	colDestinationNames + nameSubnet:     {"destination_subnet", text, false},
	colDestinationNames + nameVNet:       {"destination_vnet", text, false},
	colDestinationNames + nameRegion:     {"destination_region", text, false},
	colDestinationNames + nameServiceTag: {"destination_service_tag", text, false},
	colDestinationNames + nameName:       {"destination_name", text, false},
	colDestinationNames + nameHost:       {"destination_host", text, false},
}

// readColumns are those that records are made of. Names are for other readers:
// whoever reads records gives them names anew.
var readColumns = columns[:columnCount]

// sorted are the columns by which the rows of a group are in order, nulls
// first.
var sorted = []int{colFirst, colSource, colDestination}

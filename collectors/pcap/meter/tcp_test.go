package meter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

const milli = second / 1000

// talk is a list of segments of one connection, a millisecond apart.
type talk struct {
	packets []packet.Packet
	now     int64
}

// send appends a segment with some data; window 0 stands for one that is open.
func (t *talk) send(p packet.Packet, seq, ack, length uint32, window uint16) *talk {
	p.Time = t.now
	p.Segment = packet.Segment{Seq: seq, Ack: ack, Length: length, Window: window, Whole: true}
	t.packets = append(t.packets, p)
	t.now += milli
	return t
}

func (t *talk) up(flags packet.TCPFlag, seq, ack, length uint32) *talk {
	return t.send(up(0, flags), seq, ack, length, 500)
}

func (t *talk) down(flags packet.TCPFlag, seq, ack, length uint32) *talk {
	return t.send(down(0, flags), seq, ack, length, 600)
}

func (t *talk) wait(d int64) *talk {
	t.now += d
	return t
}

const (
	syn = packet.SYN
	ack = packet.ACK
	psh = packet.ACK | packet.PSH
	fin = packet.FIN | packet.ACK
	rst = packet.RST

	both      = flow.TCPSent | flow.TCPReceived
	handshake = flow.TCPAnswered | flow.TCPConfirmed
)

// opened is a connection after its handshake: the next numbers are 101 and 901.
func opened() *talk {
	t := &talk{now: 10 * second}
	return t.up(syn, 100, 0, 0).wait(4*milli).down(syn|ack, 900, 101, 0).wait(2*milli).up(ack, 101, 901, 0)
}

// known is what is known of it.
func known(sent, received flow.TCPCount) flow.TCP {
	sent.SYN++
	received.SYNACK++
	return flow.TCP{Sent: sent, Received: received, Answered: 5000, Confirmed: 3000, Seen: both | handshake}
}

func TestTCP(t *testing.T) {
	closed := uint16(0)
	none := flow.TCPCount{}
	tests := map[string]struct {
		talk *talk
		want flow.TCP
	}{
		"data in order": {
			opened().up(psh, 101, 901, 50).down(ack, 901, 151, 0).down(psh, 901, 151, 1400).up(ack, 151, 2301, 0),
			known(none, none),
		},
		"ended": {
			opened().up(fin, 101, 901, 0).down(fin, 901, 102, 0).up(ack, 102, 902, 0),
			known(flow.TCPCount{FIN: 1}, flow.TCPCount{FIN: 1}),
		},
		"broken off": {
			opened().down(rst, 0, 0, 0),
			known(none, flow.TCPCount{RST: 1}),
		},
		"sent again": {
			opened().up(psh, 101, 901, 50).up(psh, 101, 901, 50),
			known(flow.TCPCount{Retransmitted: 1, RetransmittedBytes: 50}, none),
		},
		"sent again with more": {
			opened().up(psh, 101, 901, 50).up(psh, 121, 901, 50),
			known(flow.TCPCount{Retransmitted: 1, RetransmittedBytes: 30}, none),
		},
		"overtaken": {
			opened().up(psh, 151, 901, 50).up(psh, 101, 901, 50),
			known(flow.TCPCount{Retransmitted: 1, RetransmittedBytes: 50}, none),
		},
		"end sent again": {
			opened().up(fin, 101, 901, 0).up(fin, 101, 901, 0),
			known(flow.TCPCount{FIN: 2, Retransmitted: 1}, none),
		},
		"numbers begin again": {
			(&talk{now: second}).up(psh, 0xfffffff0, 1, 32).up(psh, 16, 1, 10).up(psh, 0xfffffff8, 1, 8),
			flow.TCP{Sent: flow.TCPCount{Retransmitted: 1, RetransmittedBytes: 8}, Seen: flow.TCPSent},
		},
		"acknowledged before it was seen": {
			opened().down(ack, 901, 151, 0).up(psh, 101, 901, 50),
			known(none, none),
		},
		"keep-alive without data": {
			opened().up(ack, 100, 901, 0).down(ack, 901, 101, 0).up(ack, 100, 901, 0).down(ack, 901, 101, 0),
			known(flow.TCPCount{KeepAlive: 2}, none),
		},
		"keep-alive with a byte": {
			opened().up(psh, 101, 901, 50).up(ack, 150, 901, 1),
			known(flow.TCPCount{KeepAlive: 1}, none),
		},
		"acknowledged again": {
			opened().down(psh, 901, 101, 10).down(psh, 921, 101, 10).up(ack, 101, 911, 0).up(ack, 101, 911, 0).up(ack, 101, 911, 0),
			known(flow.TCPCount{DupACKs: 2}, none),
		},
		"window opens": {
			opened().up(ack, 101, 901, 0).send(up(0, ack), 101, 901, 0, 700),
			known(flow.TCPCount{DupACKs: 1}, none),
		},
		"window closed and probed": {
			opened().send(down(0, ack), 901, 101, 0, closed).up(psh, 101, 901, 1).send(down(0, ack), 901, 101, 0, closed).up(psh, 101, 901, 1).
				down(ack, 901, 102, 0).up(psh, 101, 901, 50),
			known(none, flow.TCPCount{ZeroWindow: 2}),
		},
		"no window in an RST": {
			opened().send(down(0, rst|ack), 901, 101, 0, closed),
			known(none, flow.TCPCount{RST: 1}),
		},
		"SYN sent again": {
			(&talk{now: second}).up(syn, 100, 0, 0).wait(second-milli).up(syn, 100, 0, 0).down(syn|ack, 900, 101, 0).up(ack, 101, 901, 0),
			flow.TCP{Sent: flow.TCPCount{SYN: 2, Retransmitted: 1}, Received: flow.TCPCount{SYNACK: 1}, Answered: 1_001_000, Confirmed: 1000, Seen: both | handshake},
		},
		"not answered": {
			(&talk{now: second}).up(syn, 100, 0, 0),
			flow.TCP{Sent: flow.TCPCount{SYN: 1}, Seen: flow.TCPSent},
		},
		"refused": {
			(&talk{now: second}).up(syn, 100, 0, 0).down(rst|ack, 0, 101, 0),
			flow.TCP{Sent: flow.TCPCount{SYN: 1}, Received: flow.TCPCount{RST: 1}, Seen: both},
		},
		"answer to something else": {
			(&talk{now: second}).up(syn, 100, 0, 0).down(syn|ack, 900, 55, 0).up(rst, 55, 0, 0),
			flow.TCP{Sent: flow.TCPCount{SYN: 1, RST: 1}, Received: flow.TCPCount{SYNACK: 1}, Seen: both},
		},
		"begins in the middle": {
			(&talk{now: second}).up(psh, 100, 900, 10).down(ack, 900, 110, 0),
			flow.TCP{Seen: both},
		},
		"handshake without its SYN": {
			(&talk{now: second}).down(syn|ack, 900, 101, 0).up(ack, 101, 901, 0),
			flow.TCP{Received: flow.TCPCount{SYNACK: 1}, Seen: both},
		},
		"time runs backwards": {
			(&talk{now: second}).up(syn, 100, 0, 0).wait(-10*milli).down(syn|ack, 900, 101, 0).up(ack, 101, 901, 0),
			flow.TCP{Sent: flow.TCPCount{SYN: 1}, Received: flow.TCPCount{SYNACK: 1}, Seen: both},
		},
		"ports used again": {
			opened().up(psh, 101, 901, 50).up(syn, 5000, 0, 0).down(syn|ack, 7000, 5001, 0).up(ack, 5001, 7001, 0).up(psh, 5001, 7001, 9),
			flow.TCP{Sent: flow.TCPCount{SYN: 2}, Received: flow.TCPCount{SYNACK: 2}, Answered: 1000, Confirmed: 1000, Seen: both | handshake},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := metered(test.talk.packets...)
			if len(got) != 1 {
				t.Fatalf("%d records", len(got))
			}
			if diff := cmp.Diff(test.want, got[0].TCP); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestTCPInRecords checks that a figure is in one record only, whichever way
// a conversation is cut.
func TestTCPInRecords(t *testing.T) {
	long := (&talk{now: 10 * second}).up(syn, 100, 0, 0).wait(61*second).down(syn|ack, 900, 101, 0).wait(61*second).
		up(ack, 101, 901, 0).up(psh, 101, 901, 50).wait(61*second).up(psh, 101, 901, 50)
	var got []flow.TCP
	for _, r := range metered(long.packets...) {
		got = append(got, r.TCP)
	}
	want := []flow.TCP{
		{Sent: flow.TCPCount{SYN: 1}, Seen: flow.TCPSent},
		{Received: flow.TCPCount{SYNACK: 1}, Answered: 61_001_000, Seen: flow.TCPReceived | flow.TCPAnswered},
		{Confirmed: 61_001_000, Seen: flow.TCPSent | flow.TCPConfirmed},
		{Sent: flow.TCPCount{Retransmitted: 1, RetransmittedBytes: 50}, Seen: flow.TCPSent},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTCPCountsOn checks that no counter overflows.
func TestTCPCountsOn(t *testing.T) {
	flood := &talk{}
	for range 100_000 {
		flood.up(syn, 100, 0, 0).wait(-milli).up(psh, 101, 1, 40_000).wait(-milli)
	}
	var sum struct{ syn, again, bytes uint64 }
	for _, r := range metered(flood.packets...) {
		sum.syn += uint64(r.TCP.Sent.SYN)
		sum.again += uint64(r.TCP.Sent.Retransmitted)
		sum.bytes += uint64(r.TCP.Sent.RetransmittedBytes)
	}
	// Each SYN but the first seems to be of another connection.
	if sum.syn != 100_000 || sum.again != 0 || sum.bytes != 0 {
		t.Errorf("%+v", sum)
	}
	again := &talk{}
	for range 200_000 {
		again.up(psh, 101, 1, 40_000).wait(-milli)
	}
	sum.again, sum.bytes = 0, 0
	for _, r := range metered(again.packets...) {
		sum.again += uint64(r.TCP.Sent.Retransmitted)
		sum.bytes += uint64(r.TCP.Sent.RetransmittedBytes)
	}
	if sum.again != 199_999 || sum.bytes != 199_999*40_000 {
		t.Errorf("%+v", sum)
	}
}

package command

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"flowctl/collectors/summary"
)

// installed are those of all contenders whose program is there. Peers that
// are not there are left out.
func installed(all []contender) []contender {
	var list []contender
	for _, c := range all {
		if path, err := exec.LookPath(c.args[0]); err == nil {
			c.args[0] = path
			list = append(list, c)
		}
	}
	return list
}

// logContenders sum flow logs up by pair of addresses.
func logContenders(self string, files []string) []contender {
	with := func(args ...string) []string { return append(args, files...) }
	return installed([]contender{
		{name: "flowctl summarize, all answers", args: with(self, "summarize"), checkArgs: with(self, "summarize", "--json"), total: logTotal},
		{name: "flowctl summarize, all answers, 1 thread", args: with(self, "summarize"), env: []string{"GOMAXPROCS=1"}},
		{name: "`cat`, only reads", args: with("cat")},
		{name: "encoding/json, 1 thread", args: with(self, "bench", "peer-json"), total: line},
		{name: "python3 json, 1 thread", args: with("python3", "-c", pythonSum), total: line},
		{name: "`jq`, 1 thread, without pairs", args: with("jq", "-n", "-r", jqSum), total: line},
	})
}

// logTotal is the total in a summary as the peers say it.
func logTotal(out []byte) (string, error) {
	doc := struct{ Total summary.Total }{}
	if err := json.Unmarshal(out, &doc); err != nil {
		return "", err
	}
	t := doc.Total
	return fmt.Sprintf("%d tuples, %s packets, %s bytes, %d pairs", t.Records, t.Packets, t.IPBytes, t.Conversations), nil
}

// line is output of one line.
func line(out []byte) (string, error) { return strings.TrimSpace(string(out)), nil }

const pythonSum = `
import json, sys
pairs = {}
n = packets = octets = 0
for name in sys.argv[1:]:
    with open(name, 'rb') as f:
        log = json.load(f)
    for record in log['records']:
        for flow in record['flowRecords']['flows']:
            for group in flow['flowGroups']:
                for text in group['flowTuples']:
                    t = text.split(',')
                    n += 1
                    key = (t[1], t[2]) if t[1] <= t[2] else (t[2], t[1])
                    p = int(t[9] or 0) + int(t[11] or 0)
                    b = int(t[10] or 0) + int(t[12] or 0)
                    s = pairs.setdefault(key, [0, 0])
                    s[0] += p
                    s[1] += b
                    packets += p
                    octets += b
print(f'{n} tuples, {packets} packets, {octets} bytes, {len(pairs)} pairs')
`

const jqSum = `reduce (inputs | .records[].flowRecords.flows[].flowGroups[].flowTuples[] | split(",")) as $t
([0, 0, 0]; [.[0] + 1, .[1] + (($t[9] + "0" | tonumber) + ($t[11] + "0" | tonumber)) / 10, .[2] + (($t[10] + "0" | tonumber) + ($t[12] + "0" | tonumber)) / 10])
| "\(.[0]) tuples, \(.[1]) packets, \(.[2]) bytes"`

// captureContenders read a capture; those that only count have less to do.
func captureContenders(self, file string) []contender {
	return installed([]contender{
		{name: "flowctl summarize, all answers", args: []string{self, "summarize", file}, checkArgs: []string{self, "summarize", "--json", file}, total: packetTotal},
		{name: "flowctl summarize, all answers, 1 thread", args: []string{self, "summarize", file}, env: []string{"GOMAXPROCS=1"}},
		{name: "`cat`, only reads", args: []string{"cat", file}},
		{name: "`capinfos -c`, only counts", args: []string{"capinfos", "-c", "-M", file}, total: find(`Number of packets:\s*(\d+)`)},
		{name: "`tcpdump --count`, only counts", args: []string{"tcpdump", "--count", "-r", file}, total: find(`(\d+) packets?`)},
		{name: "`tshark -z conv,ip`", args: []string{"tshark", "-n", "-q", "-z", "conv,ip", "-z", "io,stat,0", "-r", file}, total: find(`<>[^|]*\|\s*(\d+)\s*\|`)},
	})
}

func packetTotal(out []byte) (string, error) {
	doc := struct{ Total summary.Total }{}
	if err := json.Unmarshal(out, &doc); err != nil {
		return "", err
	}
	return doc.Total.Packets.String() + " packets", nil
}

// find takes the number of packets out of a program's output.
func find(pattern string) func([]byte) (string, error) {
	re := regexp.MustCompile(pattern)
	return func(out []byte) (string, error) {
		m := re.FindSubmatch(out)
		if m == nil {
			return "", fmt.Errorf("its output has no number of packets: %.100q", out)
		}
		return string(m[1]) + " packets", nil
	}
}

package bench

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"flowctl/collectors/summary"
)

// installed are those of all contenders whose program is there. Peers that
// are not there are left out.
func (o Options) installed(all []contender) []contender {
	var list []contender
	for _, c := range all {
		path, err := exec.LookPath(c.args[0])
		if err != nil || c.args[0] == "node" && o.ChDB == "" {
			continue
		}
		c.args[0] = path
		if c.checkArgs != nil {
			c.checkArgs[0] = path
		}
		list = append(list, c)
	}
	return list
}

// byPair is the one sum that the peers make.
var byPair = []string{"--by", "source.address,destination.address", "--top", "20"}

// self is flowctl itself: with one answer, and with all, of which total says
// what was found.
func (o Options) self(self string, total func([]byte) (string, error), paths ...string) []contender {
	with := func(args ...string) []string { return append(append([]string{self, "summarize"}, args...), paths...) }
	one := []string{"GOMAXPROCS=1"}
	return []contender{
		{name: "flowctl summarize, by pair", args: with(byPair...)},
		{name: "flowctl summarize, by pair, 1 thread", args: with(byPair...), env: one},
		{name: "flowctl summarize, all answers", args: with(), checkArgs: with("--json"), total: total},
		{name: "flowctl summarize, all answers, 1 thread", args: with(), env: one},
	}
}

// logContenders sum flow logs up by pair of addresses.
func (o Options) logContenders(self, folder string, files []string) []contender {
	with := func(args ...string) []string { return append(args, files...) }
	all := o.self(self, logTotal, folder)
	all = append(all,
		contender{name: "`cat`, only reads", args: with("cat")},
		contender{name: "encoding/json, 1 thread", args: with(self, "bench", "peer-json"), total: line})
	all = append(all, o.sqlContenders(folder, files)...)
	return o.installed(append(all,
		contender{name: "python3 json, 1 thread", args: with("python3", "-c", pythonSum), total: line},
		contender{name: "`jq`, 1 thread, without pairs", args: with("jq", "-n", "-r", jqSum), total: line}))
}

// answerContenders compare what flowctl itself can be asked for.
func (o Options) answerContenders(self, folder string) []contender {
	with := func(args ...string) []string { return append(append([]string{self, "summarize"}, args...), folder) }
	return []contender{
		{name: "one answer, by pair", args: with(byPair...)},
		{name: "all answers", args: with()},
		{name: "all answers, and flows kept as Parquet", args: with("--flows", filepath.Join(o.Dir, "kept.parquet"))},
	}
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
func (o Options) captureContenders(self, file, spare string) []contender {
	return o.installed(append(o.self(self, packetTotal, file), []contender{
		{name: "`cat`, only reads", args: []string{"cat", file}},
		{name: "gopacket's DecodingLayerParser, conversations alone, 1 thread", args: []string{o.Gopacket, file}, total: find(`(\d+) packets`)},
		{name: "`capinfos -c`, only counts", args: []string{"capinfos", "-c", "-M", file}, total: find(`Number of packets:\s*(\d+)`)},
		{name: "`tcpdump --count`, only counts", args: []string{"tcpdump", "--count", "-r", file}, total: find(`(\d+) packets?`)},
		{name: "`tshark -z conv,ip`", args: []string{"tshark", "-n", "-q", "-z", "conv,ip", "-z", "io,stat,0", "-r", file}, total: find(`<>[^|]*\|\s*(\d+)\s*\|`)},
		{name: "nfpcapd and nfdump -s, IP only", args: []string{"sh", "-c", nfdump, "sh", file, spare}},
	}...))
}

// nfdump turns a capture into flows in a folder and sums them up.
const nfdump = `command -v nfpcapd >/dev/null && rm -rf "$2" && mkdir "$2" && nfpcapd -r "$1" -w "$2" >/dev/null 2>&1 && nfdump -R "$2" -s record/bytes -n 20`

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

package fetch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// The rows of Traffic Analytics are counted by the hour first, so that no query comes near the
// limits of the service (500,000 rows, 100 MB, 10 minutes), and then read in slices.

const (
	// mostRows is how many rows a slice is to have. A row has about a kilobyte.
	mostRows = 10_000
	// mostNamed is how many interfaces a query names. Of more, all that the log has are read, and
	// those that are not meant are left out on reading.
	mostNamed = 200
	// lateRows is how long after its end the rows of an interval are taken in, at most: an
	// interval of an hour, and two hours of processing.
	lateRows = 3 * time.Hour
)

// columns are those that are read.
const rowColumns = "TimeGenerated, SubType, FaSchemaVersion, FlowIntervalStartTime, FlowIntervalEndTime, FlowStartTime, FlowEndTime, FlowType, " +
	"SrcIp, DestIp, SrcPublicIps, DestPublicIps, DestPort, L4Protocol, FlowDirection, FlowStatus, AclGroup, AclRule, MacAddress, FlowLogResourceId, " +
	"AllowedInFlows, DeniedInFlows, AllowedOutFlows, DeniedOutFlows, CompletedFlows, PacketsSrcToDest, PacketsDestToSrc, BytesSrcToDest, BytesDestToSrc, FlowEncryption, Type"

// rowsOf are the rows of a flow log whose intervals begin in a time.
func rowsOf(log plan.ID, macs map[string]bool, from, to time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "NTANetAnalytics\n| where SubType == 'FlowLog' and FlowLogResourceId =~ %s", kqlText(log.Subscription()+"/"+log.ResourceGroup()+"/"+log.Parent().Name()+"/"+log.Name()))
	fmt.Fprintf(&b, "\n| where FlowIntervalStartTime >= datetime(%s) and FlowIntervalStartTime < datetime(%s)", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	if n := len(macs); n > 0 && n <= mostNamed {
		var names []string
		for _, m := range slices.Sorted(maps.Keys(macs)) {
			names = append(names, kqlText(dashed(m)))
		}
		fmt.Fprintf(&b, "\n| where MacAddress in (%s)", strings.Join(names, ", "))
	}
	return b.String()
}

// countRows asks how many rows there are in each hour.
func countRows(log plan.ID, macs map[string]bool, from, to time.Time) string {
	return rowsOf(log, macs, from, to) + "\n| summarize Rows = count(), Bytes = sum(_BilledSize) by Hour = bin(FlowIntervalStartTime, 1h)"
}

// sliceRows asks for the rows of one of n slices.
func sliceRows(log plan.ID, macs map[string]bool, from, to time.Time, i, n int) string {
	text := rowsOf(log, macs, from, to)
	if n > 1 {
		text += fmt.Sprintf("\n| where hash(strcat(SrcIp, DestIp, SrcPublicIps, DestPublicIps, tostring(DestPort), MacAddress), %d) == %d", n, i)
	}
	return text + "\n| project " + rowColumns
}

// kqlText is a text as Kusto's language writes it.
func kqlText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// dashed is a MAC address as rows have it.
func dashed(mac string) string {
	var parts []string
	for i := 0; i+2 <= len(mac); i += 2 {
		parts = append(parts, mac[i:i+2])
	}
	return strings.Join(parts, "-")
}

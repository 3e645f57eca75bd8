package storagetest

import (
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// Watcher is the Network Watcher of the flow logs that BlobName is for.
const Watcher = plan.ID("/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope")

// BlobName is the name of the blob that a VNet flow log writes for an hour of
// a network interface.
func BlobName(log string, hour time.Time, mac string) string {
	return flowlog.Prefixes(Watcher, log, hour)[0] + mac + "/PT1H.json"
}

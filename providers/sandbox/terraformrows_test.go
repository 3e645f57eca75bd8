package sandbox

// The rows are what Terraform 1.11.4 with azurerm 5.2 was seen to send for each
// resource, in an order in which it makes them: paths, versions and which
// properties; the values are the test's own. What it needs of the answers is
// what the test asks: 404 before, the statuses that its SDK takes for success,
// every property back as it was sent, twice the same, 404 after.

const (
	tfNetwork = "2025-01-01"
	tfCompute = "2024-03-01"
	tfStorage = "2025-08-01"
)

// tfRow is a resource. In paths and bodies, $G is the test's resource group,
// $W the Network Watcher of the region, $S the subscription.
type tfRow struct {
	name, path, version string
	body                string
	hidden              []string          // properties that are never shown again
	filled              map[string]string // what the service adds, as JSON, by path
	change              string            // merged into what was read, for the update; empty: none
	codes               []int             // of a creation; none: 200, 201 or 202
	stays               bool              // goes with another resource
}

var tfRows = []tfRow{
	{name: "resource group", path: "$G", version: "2023-07-01", body: `{"location":"westeurope","tags":{"env":"test"}}`,
		filled: map[string]string{"properties.provisioningState": `"Succeeded"`}, change: `{"tags":{"env":"prod"}}`},
	{name: "virtual network", path: "$G/providers/Microsoft.Network/virtualNetworks/a", version: tfNetwork,
		body: `{"location":"westeurope","name":"a","properties":{"addressSpace":{"addressPrefixes":["10.90.0.0/16"]},"dhcpOptions":{"dnsServers":["10.90.0.4","10.90.0.5"]},
			"encryption":{"enabled":true,"enforcement":"AllowUnencrypted"},"flowTimeoutInMinutes":10,"privateEndpointVNetPolicies":"Disabled","subnets":[]},"tags":{"env":"test"}}`,
		filled: map[string]string{"properties.provisioningState": `"Succeeded"`, "properties.virtualNetworkPeerings": "[]", "properties.enableDdosProtection": "false"},
		change: `{"properties":{"dhcpOptions":{"dnsServers":["10.90.0.4"]},"flowTimeoutInMinutes":12}}`},
	{name: "virtual network with subnets", path: "$G/providers/Microsoft.Network/virtualNetworks/b", version: tfNetwork,
		body: `{"location":"westeurope","name":"b","properties":{"addressSpace":{"addressPrefixes":["10.91.0.0/16"]},"dhcpOptions":{"dnsServers":[]},"subnets":[
			{"name":"inline","properties":{"addressPrefixes":["10.91.1.0/24"],"defaultOutboundAccess":true,"delegations":[],"serviceEndpoints":[]}}]},"tags":{}}`},
	{name: "subnet", path: "$G/providers/Microsoft.Network/virtualNetworks/a/subnets/one", version: tfNetwork,
		body: `{"name":"one","properties":{"addressPrefixes":["10.90.1.0/24"],"defaultOutboundAccess":true,"delegations":[{"name":"d","properties":{"actions":
			["Microsoft.Network/virtualNetworks/subnets/action"],"serviceName":"Microsoft.ContainerInstance/containerGroups"}}],"privateEndpointNetworkPolicies":"Disabled",
			"privateLinkServiceNetworkPolicies":"Enabled","serviceEndpointPolicies":[],"serviceEndpoints":[{"service":"Microsoft.Storage"}],"sharingScope":""}}`,
		filled: map[string]string{"properties.provisioningState": `"Succeeded"`}, change: `{"properties":{"privateEndpointNetworkPolicies":"Enabled"}}`},
	{name: "peering", path: "$G/providers/Microsoft.Network/virtualNetworks/a/virtualNetworkPeerings/a-to-b", version: tfNetwork,
		body: `{"properties":{"allowForwardedTraffic":false,"allowGatewayTransit":false,"allowVirtualNetworkAccess":true,"peerCompleteVnets":true,
			"remoteVirtualNetwork":{"id":"$G/providers/Microsoft.Network/virtualNetworks/b"},"useRemoteGateways":false}}`,
		filled: map[string]string{"properties.peeringState": `"Initiated"`, "properties.remoteAddressSpace.addressPrefixes": `["10.91.0.0/16"]`},
		change: `{"properties":{"allowForwardedTraffic":true}}`},
	{name: "peering back", path: "$G/providers/Microsoft.Network/virtualNetworks/b/virtualNetworkPeerings/b-to-a", version: tfNetwork,
		body:   `{"properties":{"allowVirtualNetworkAccess":true,"remoteVirtualNetwork":{"id":"$G/providers/Microsoft.Network/virtualNetworks/a"}}}`,
		filled: map[string]string{"properties.peeringState": `"Connected"`, "properties.peeringSyncLevel": `"FullyInSync"`}},
	{name: "application security group", path: "$G/providers/Microsoft.Network/applicationSecurityGroups/asg", version: tfNetwork,
		body: `{"location":"westeurope","tags":{"env":"test"}}`, change: `{"tags":{"env":"prod"}}`},
	{name: "network security group", path: "$G/providers/Microsoft.Network/networkSecurityGroups/nsg", version: tfNetwork,
		body: `{"location":"westeurope","name":"nsg","properties":{"securityRules":[{"name":"https","properties":{"access":"Allow","destinationAddressPrefix":"*",
			"destinationPortRange":"443","direction":"Inbound","priority":100,"protocol":"Tcp","sourceAddressPrefix":"*","sourcePortRange":"*"}}]},"tags":{}}`,
		filled: map[string]string{"properties.provisioningState": `"Succeeded"`, "properties.defaultSecurityRules.5.name": `"DenyAllOutBound"`}},
	{name: "network security rule", path: "$G/providers/Microsoft.Network/networkSecurityGroups/nsg/securityRules/ssh", version: tfNetwork,
		body: `{"name":"ssh","properties":{"access":"Allow","destinationAddressPrefix":"","destinationApplicationSecurityGroups":[{"id":
			"$G/providers/Microsoft.Network/applicationSecurityGroups/asg"}],"destinationPortRange":"","destinationPortRanges":["22"],"direction":"Inbound","priority":200,
			"protocol":"Tcp","sourceAddressPrefix":"VirtualNetwork","sourcePortRange":"*"}}`,
		change: `{"properties":{"access":"Deny"}}`},
	{name: "route table", path: "$G/providers/Microsoft.Network/routeTables/rt", version: tfNetwork,
		body: `{"location":"westeurope","name":"rt","properties":{"disableBgpRoutePropagation":false,"routes":[{"name":"default","properties":
			{"addressPrefix":"0.0.0.0/0","nextHopIpAddress":"10.90.1.4","nextHopType":"VirtualAppliance"}}]},"tags":{}}`,
		change: `{"properties":{"disableBgpRoutePropagation":true}}`},
	{name: "route", path: "$G/providers/Microsoft.Network/routeTables/rt/routes/r", version: tfNetwork,
		body: `{"name":"r","properties":{"addressPrefix":"10.1.0.0/16","nextHopType":"VnetLocal"}}`, change: `{"properties":{"nextHopType":"None"}}`},
	{name: "public address", path: "$G/providers/Microsoft.Network/publicIPAddresses/pip", version: tfNetwork,
		body: `{"location":"westeurope","name":"pip","properties":{"ddosSettings":{"protectionMode":"VirtualNetworkInherited"},"idleTimeoutInMinutes":4,
			"publicIPAddressVersion":"IPv4","publicIPAllocationMethod":"Static"},"sku":{"name":"Standard","tier":"Regional"},"tags":{},"zones":["2","3","1"]}`,
		change: `{"properties":{"idleTimeoutInMinutes":10}}`},
	{name: "network interface", path: "$G/providers/Microsoft.Network/networkInterfaces/nic", version: tfNetwork,
		body: `{"location":"westeurope","name":"nic","properties":{"enableAcceleratedNetworking":false,"enableIPForwarding":false,"ipConfigurations":[
			{"name":"internal","properties":{"primary":true,"privateIPAddressVersion":"IPv4","privateIPAllocationMethod":"Dynamic","publicIPAddress":{"id":
			"$G/providers/Microsoft.Network/publicIPAddresses/pip"},"subnet":{"id":"$G/providers/Microsoft.Network/virtualNetworks/b/subnets/inline"}}},
			{"name":"second","properties":{"primary":false,"privateIPAddress":"10.91.1.77","privateIPAddressVersion":"IPv4","privateIPAllocationMethod":"Static",
			"subnet":{"id":"$G/providers/Microsoft.Network/virtualNetworks/b/subnets/inline"}}}]},"tags":{}}`,
		filled: map[string]string{"properties.ipConfigurations.0.properties.privateIPAddress": `"10.91.1.4"`},
		change: `{"properties":{"enableIPForwarding":true,"dnsSettings":{"dnsServers":["10.90.0.4"]},"networkSecurityGroup":{"id":"$G/providers/Microsoft.Network/networkSecurityGroups/nsg"}}}`},
	{name: "storage account", path: "$G/providers/Microsoft.Storage/storageAccounts/sttfmade", version: tfStorage, codes: []int{200, 202},
		body: `{"identity":{"type":"SystemAssigned","userAssignedIdentities":null},"kind":"StorageV2","location":"westeurope","properties":{"accessTier":"Hot",
			"allowBlobPublicAccess":false,"allowCrossTenantReplication":false,"allowSharedKeyAccess":true,"defaultToOAuthAuthentication":false,"dnsEndpointType":"Standard",
			"encryption":{"keySource":"Microsoft.Storage","services":{"queue":{"keyType":"Service"},"table":{"keyType":"Service"}}},"isHnsEnabled":false,"isLocalUserEnabled":true,
			"isNfsV3Enabled":false,"isSftpEnabled":false,"minimumTlsVersion":"TLS1_2","networkAcls":{"bypass":"AzureServices","defaultAction":"Allow","ipRules":[{"action":"Allow",
			"value":"203.0.113.7"}],"resourceAccessRules":[],"virtualNetworkRules":[]},"publicNetworkAccess":"Enabled","supportsHttpsTrafficOnly":true},
			"sku":{"name":"Standard_LRS","tier":"Standard"},"tags":{"env":"test"}}`,
		hidden: []string{"identity.userAssignedIdentities"},
		filled: map[string]string{"properties.primaryLocation": `"westeurope"`, "properties.statusOfPrimary": `"available"`},
		change: `{"sku":{"name":"Standard_GRS"},"properties":{"networkAcls":{"bypass":"AzureServices, Logging","defaultAction":"Deny"}}}`},
	{name: "blob service", path: "$G/providers/Microsoft.Storage/storageAccounts/sttfmade/blobServices/default", version: tfStorage, stays: true,
		body: `{"properties":{"changeFeed":{"enabled":false},"containerDeleteRetentionPolicy":{"enabled":false},"cors":{},"deleteRetentionPolicy":
			{"allowPermanentDelete":false,"days":5,"enabled":true},"isVersioningEnabled":true,"lastAccessTimeTrackingPolicy":{"enable":false},"restorePolicy":{"enabled":false}}}`},
	{name: "container", path: "$G/providers/Microsoft.Storage/storageAccounts/sttfmade/blobServices/default/containers/captures", version: tfStorage,
		body:   `{"properties":{"metadata":{"made":"by-terraform"},"publicAccess":"None"}}`,
		filled: map[string]string{"properties.hasLegalHold": "false", "properties.leaseState": `"Available"`}, change: `{"properties":{"metadata":{"made":"twice"}}}`},
	{name: "management policy", path: "$G/providers/Microsoft.Storage/storageAccounts/sttfmade/managementPolicies/default", version: tfStorage,
		body: `{"properties":{"policy":{"rules":[{"definition":{"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":30}},"snapshot":{"delete":
			{"daysAfterCreationGreaterThan":10}}},"filters":{"blobTypes":["blockBlob"],"prefixMatch":["captures/x"]}},"enabled":true,"name":"old","type":"Lifecycle"}]}}}`},
	{name: "workspace", path: "$G/providers/Microsoft.OperationalInsights/workspaces/ws", version: "2025-07-01",
		body: `{"location":"westeurope","name":"ws","properties":{"features":{"disableLocalAuth":false,"enableLogAccessUsingOnlyResourcePermissions":true},
			"publicNetworkAccessForIngestion":"Enabled","publicNetworkAccessForQuery":"Enabled","retentionInDays":30,"sku":{"name":"PerGB2018"},"workspaceCapping":{"dailyQuotaGb":-1}},"tags":{}}`,
		change: `{"properties":{"retentionInDays":60}}`},
	{name: "network watcher", path: "$G/providers/Microsoft.Network/networkWatchers/nw", version: tfNetwork,
		body: `{"location":"northcentralus","tags":{"env":"test"}}`, change: `{"tags":{"env":"prod"}}`},
	{name: "flow log of a virtual network", path: "$W/flowLogs/vnet", version: tfNetwork,
		body: `{"location":"westeurope","properties":{"enabled":true,"format":{"version":2},"retentionPolicy":{"days":7,"enabled":true},"storageId":
			"$G/providers/Microsoft.Storage/storageAccounts/sttfmade","targetResourceId":"$G/providers/Microsoft.Network/virtualNetworks/a"},"tags":{"env":"test"}}`,
		filled: map[string]string{"properties.format.type": `"JSON"`, "properties.flowAnalyticsConfiguration": "{}"},
		change: `{"properties":{"retentionPolicy":{"days":9},"targetResourceId":"$G/providers/Microsoft.Network/virtualNetworks/b"},"tags":{"env":"prod"}}`},
	{name: "flow log of a subnet", path: "$W/flowLogs/subnet", version: tfNetwork,
		body: `{"location":"westeurope","properties":{"enabled":true,"flowAnalyticsConfiguration":{"networkWatcherFlowAnalyticsConfiguration":{"enabled":true,
			"trafficAnalyticsInterval":60,"workspaceId":"11111111-2222-3333-4444-555555555555","workspaceRegion":"westeurope","workspaceResourceId":
			"$G/providers/Microsoft.OperationalInsights/workspaces/ws"}},"format":{"version":1},"retentionPolicy":{"days":0,"enabled":false},"storageId":
			"$G/providers/Microsoft.Storage/storageAccounts/sttfmade","targetResourceId":"$G/providers/Microsoft.Network/virtualNetworks/a/subnets/one"},"tags":{}}`,
		change: `{"properties":{"flowAnalyticsConfiguration":{"networkWatcherFlowAnalyticsConfiguration":{"trafficAnalyticsInterval":10}}}}`},
	{name: "flow log of an interface", path: "$W/flowLogs/nic", version: tfNetwork,
		body: `{"location":"westeurope","properties":{"enabled":true,"format":{"version":1},"retentionPolicy":{"days":0,"enabled":false},"storageId":
			"$G/providers/Microsoft.Storage/storageAccounts/sttfmade","targetResourceId":"$G/providers/Microsoft.Network/networkInterfaces/nic"},"tags":{}}`,
		change: `{"properties":{"enabled":false}}`},
	{name: "flow log of the world's network", path: "$W/flowLogs/hub", version: tfNetwork,
		body: `{"location":"westeurope","properties":{"enabled":true,"format":{"version":1},"retentionPolicy":{"days":0,"enabled":true},"storageId":
			"$S/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu","targetResourceId":
			"$S/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-hub"},"tags":{}}`},
	{name: "virtual machine", path: "$G/providers/Microsoft.Compute/virtualMachines/vm", version: tfCompute,
		body: `{"identity":{"type":"None","userAssignedIdentities":null},"location":"westeurope","name":"vm","properties":{"additionalCapabilities":{},
			"applicationProfile":{"galleryApplications":[]},"diagnosticsProfile":{"bootDiagnostics":{"enabled":false,"storageUri":""}},"extensionsTimeBudget":"PT1H30M",
			"hardwareProfile":{"vmSize":"Standard_B2s"},"networkProfile":{"networkInterfaces":[{"id":"$G/providers/Microsoft.Network/networkInterfaces/nic","properties":{"primary":true}}]},
			"osProfile":{"adminPassword":"not-to-be-kept","adminUsername":"azureuser","allowExtensionOperations":true,"computerName":"vm","linuxConfiguration":{
			"disablePasswordAuthentication":false,"provisionVMAgent":true,"ssh":{"publicKeys":[]}},"secrets":[]},"priority":"Regular","storageProfile":{"dataDisks":[],
			"imageReference":{"offer":"ubuntu","publisher":"Canonical","sku":"22_04-lts","version":"latest"},"osDisk":{"caching":"ReadWrite","createOption":"FromImage",
			"managedDisk":{"storageAccountType":"Standard_LRS"},"osType":"Linux","writeAcceleratorEnabled":false}}},"tags":{}}`,
		hidden: []string{"identity", "properties.additionalCapabilities", "properties.osProfile.adminPassword"},
		filled: map[string]string{"properties.storageProfile.osDisk.diskSizeGB": "30"}, change: `{"properties":{"hardwareProfile":{"vmSize":"Standard_B4ms"}}}`},
	{name: "extension", path: "$G/providers/Microsoft.Compute/virtualMachines/vm/extensions/AzureNetworkWatcherExtension", version: tfCompute,
		body: `{"location":"westeurope","properties":{"autoUpgradeMinorVersion":true,"publisher":"Microsoft.Azure.NetworkWatcher",
			"type":"NetworkWatcherAgentLinux","typeHandlerVersion":"1.4"},"tags":{}}`},
	{name: "packet capture", path: "$W/packetCaptures/pc", version: tfNetwork, codes: []int{201},
		body: `{"properties":{"bytesToCapturePerPacket":0,"filters":[{"localIPAddress":"","localPort":"443","protocol":"TCP","remoteIPAddress":"","remotePort":""}],
			"storageLocation":{"storageId":"$G/providers/Microsoft.Storage/storageAccounts/sttfmade"},"target":"$G/providers/Microsoft.Compute/virtualMachines/vm",
			"targetType":"AzureVM","timeLimitInSeconds":18000,"totalBytesPerSession":1073741824}}`},
}

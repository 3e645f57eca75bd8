// The steps of .ci/js. Each is one thing that a program does with the SDK, and
// what it must see; the count is printed at the end.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { ClientSecretCredential } from "@azure/identity";
import * as storage from "@azure/storage-blob";
import { NetworkManagementClient } from "@azure/arm-network";
import { ComputeManagementClient } from "@azure/arm-compute";
import { StorageManagementClient } from "@azure/arm-storage";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ResourceGraphClient } from "@azure/arm-resourcegraph";

const served = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { url, tenant_id: tenant, subscription_id: sub } = served;
const credential = new ClientSecretCredential(tenant, served.client_id, "secret", { authorityHost: url, disableInstanceDiscovery: true });
const at = { endpoint: url, credentialScopes: [`${url}/.default`] };
const network = new NetworkManagementClient(credential, sub, at);
const compute = new ComputeManagementClient(credential, sub, at);
const accounts = new StorageManagementClient(credential, sub, at);
const resources = new ResourceManagementClient(credential, sub, at);
const graph = new ResourceGraphClient(credential, { ...at, baseUri: url });
const quick = { updateIntervalInMs: 20 };

let passed = 0, tried = 0;
async function step(name, run) {
  tried++;
  try {
    await run();
    passed++;
  } catch (e) {
    console.log(`FAIL ${name}: ${e.code ?? ""} ${String(e.message).split("\n")[0]}`);
  }
}
async function all(pages) {
  const list = [];
  for await (const x of pages) list.push(x);
  return list;
}
async function refused(code, run) {
  try {
    await run();
  } catch (e) {
    assert.equal(e.code ?? e.details?.errorCode, code);
    return;
  }
  assert.fail(`not refused with ${code}`);
}

const region = "westeurope", group = "rg-js", world = "rg-net", watcher = ["NetworkWatcherRG", "NetworkWatcher_westeurope"];
const id = (type, name, of = group) => `/subscriptions/${sub}/resourceGroups/${of}/providers/${type}/${name}`;

await step("group: create", async () => assert.equal((await resources.resourceGroups.createOrUpdate(group, { location: region, tags: { a: "b" } })).properties.provisioningState, "Succeeded"));
await step("group: exists", async () => assert.equal((await resources.resourceGroups.checkExistence(group)).body, true));
await step("group: update", async () => assert.equal((await resources.resourceGroups.update(group, { tags: { a: "c" } })).tags.a, "c"));
await step("groups: list", async () => assert.ok((await all(resources.resourceGroups.list())).some((g) => g.name === group)));
await step("providers: list", async () => assert.ok((await all(resources.providers.list())).some((p) => p.namespace === "Microsoft.Network")));
await step("provider: get", async () => assert.equal((await resources.providers.get("Microsoft.Network")).registrationState, "Registered"));
await step("resources: of the subscription", async () => assert.ok((await all(resources.resources.list())).length > 10));
await step("resources: by type", async () => assert.ok((await all(resources.resources.list({ filter: "resourceType eq 'Microsoft.Network/virtualNetworks'" }))).length >= 4));

await step("nsg: create", async () => assert.ok((await network.networkSecurityGroups.beginCreateOrUpdateAndWait(group, "nsg", { location: region, securityRules: [] }, quick)).defaultSecurityRules.length >= 6));
await step("nsg rule: create", async () => {
  const r = await network.securityRules.beginCreateOrUpdateAndWait(group, "nsg", "https", { priority: 200, direction: "Inbound", access: "Allow", protocol: "Tcp", sourcePortRange: "*", destinationPortRange: "443", sourceAddressPrefix: "*", destinationAddressPrefix: "*" }, quick);
  assert.equal(r.priority, 200);
});
await step("nsg rules: list", async () => assert.equal((await all(network.securityRules.list(group, "nsg"))).length, 1));
await step("default rules: list", async () => assert.ok((await all(network.defaultSecurityRules.list(group, "nsg"))).length >= 6));
await step("vnet: create", async () => {
  const v = await network.virtualNetworks.beginCreateOrUpdateAndWait(group, "vnet", { location: region, addressSpace: { addressPrefixes: ["10.88.0.0/16"] }, subnets: [{ name: "s", addressPrefix: "10.88.1.0/24", networkSecurityGroup: { id: id("Microsoft.Network/networkSecurityGroups", "nsg") } }] }, quick);
  assert.equal(v.provisioningState, "Succeeded");
});
await step("subnet: create", async () => assert.equal((await network.subnets.beginCreateOrUpdateAndWait(group, "vnet", "t", { addressPrefix: "10.88.2.0/24" }, quick)).addressPrefix, "10.88.2.0/24"));
await step("subnets: list", async () => assert.equal((await all(network.subnets.list(group, "vnet"))).length, 2));
await step("vnet: tags", async () => assert.equal((await network.virtualNetworks.updateTags(group, "vnet", { tags: { x: "y" } })).tags.x, "y"));
await step("vnet of the world: tags", async () => assert.equal((await network.virtualNetworks.updateTags(world, "vnet-hub", { tags: { js: "1" } })).tags.js, "1"));
await step("vnets: list all", async () => assert.ok((await all(network.virtualNetworks.listAll())).length >= 5));
await step("public address: create", async () => assert.ok((await network.publicIPAddresses.beginCreateOrUpdateAndWait(group, "pip", { location: region, sku: { name: "Standard" }, publicIPAllocationMethod: "Static" }, quick)).ipAddress));
await step("interface: create", async () => {
  const n = await network.networkInterfaces.beginCreateOrUpdateAndWait(group, "nic", { location: region, ipConfigurations: [{ name: "c", subnet: { id: id("Microsoft.Network/virtualNetworks", "vnet") + "/subnets/s" }, publicIPAddress: { id: id("Microsoft.Network/publicIPAddresses", "pip") } }] }, quick);
  assert.equal(n.ipConfigurations[0].privateIPAddress, "10.88.1.4");
});
await step("interfaces: list", async () => assert.equal((await all(network.networkInterfaces.list(group))).length, 1));
await step("peering: create", async () => {
  const p = await network.virtualNetworkPeerings.beginCreateOrUpdateAndWait(group, "vnet", "to-hub", { remoteVirtualNetwork: { id: id("Microsoft.Network/virtualNetworks", "vnet-hub", world) }, allowVirtualNetworkAccess: true }, quick);
  assert.equal(p.peeringState, "Initiated");
});
await step("subnet in use: not deleted", async () => refused("InUseSubnetCannotBeDeleted", () => network.subnets.beginDeleteAndWait(group, "vnet", "s", quick)));

await step("machine: create", async () => {
  const m = await compute.virtualMachines.beginCreateOrUpdateAndWait(group, "vm", { location: region, hardwareProfile: { vmSize: "Standard_B2s" }, storageProfile: { imageReference: { publisher: "Canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts", version: "latest" }, osDisk: { createOption: "FromImage" } }, osProfile: { computerName: "vm", adminUsername: "a", adminPassword: "Secret-1234!" }, networkProfile: { networkInterfaces: [{ id: id("Microsoft.Network/networkInterfaces", "nic") }] } }, quick);
  assert.equal(m.provisioningState, "Succeeded");
});
await step("machine: instance view", async () => assert.ok((await compute.virtualMachines.instanceView(group, "vm")).statuses.some((s) => s.code === "PowerState/running")));
await step("machine: extension", async () => {
  const e = await compute.virtualMachineExtensions.beginCreateOrUpdateAndWait(group, "vm", "agent", { location: region, publisher: "Microsoft.Azure.NetworkWatcher", typePropertiesType: "NetworkWatcherAgentLinux", typeHandlerVersion: "1.4" }, quick);
  assert.equal(e.provisioningState, "Succeeded");
});
await step("machine: update", async () => assert.equal((await compute.virtualMachines.beginUpdateAndWait(group, "vm", { tags: { a: "b" } }, quick)).tags.a, "b"));
await step("machine: deallocate", async () => compute.virtualMachines.beginDeallocateAndWait(group, "vm", quick));
await step("machine: is deallocated", async () => assert.ok((await compute.virtualMachines.instanceView(group, "vm")).statuses.some((s) => s.code === "PowerState/deallocated")));
await step("machine: start", async () => compute.virtualMachines.beginStartAndWait(group, "vm", quick));
await step("machines: list", async () => assert.ok((await all(compute.virtualMachines.listAll())).length > 10));
await step("scale sets: list", async () => assert.ok((await all(compute.virtualMachineScaleSets.listAll())).length >= 1));
await step("scale set: instances", async () => {
  const [set] = await all(compute.virtualMachineScaleSets.listAll());
  const of = set.id.split("/")[4];
  assert.ok((await all(compute.virtualMachineScaleSetVMs.list(of, set.name))).length > 0);
});
await step("scale set: create", async () => {
  const s = await compute.virtualMachineScaleSets.beginCreateOrUpdateAndWait(group, "vmss", { location: region, sku: { name: "Standard_B2s", capacity: 2 }, upgradePolicy: { mode: "Manual" }, virtualMachineProfile: { osProfile: { computerNamePrefix: "x", adminUsername: "a", adminPassword: "Secret-1234!" }, storageProfile: { imageReference: { publisher: "Canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts", version: "latest" } }, networkProfile: { networkInterfaceConfigurations: [{ name: "n", primary: true, ipConfigurations: [{ name: "c", subnet: { id: id("Microsoft.Network/virtualNetworks", "vnet") + "/subnets/t" } }] }] } } }, quick);
  assert.equal(s.provisioningState, "Succeeded");
});

const made = "jsmadethis";
await step("account: name is free", async () => assert.equal((await accounts.storageAccounts.checkNameAvailability({ name: made, type: "Microsoft.Storage/storageAccounts" })).nameAvailable, true));
await step("account: create", async () => assert.equal((await accounts.storageAccounts.beginCreateAndWait(group, made, { location: region, kind: "StorageV2", sku: { name: "Standard_LRS" } }, quick)).kind, "StorageV2"));
await step("account: get", async () => assert.ok((await accounts.storageAccounts.getProperties(group, made)).primaryEndpoints.blob));
await step("account: update", async () => assert.equal((await accounts.storageAccounts.update(group, made, { tags: { k: "v" } })).tags.k, "v"));
let key;
await step("account: keys", async () => assert.ok((key = (await accounts.storageAccounts.listKeys(group, made)).keys[0].value)));
await step("accounts: list", async () => assert.ok((await all(accounts.storageAccounts.list())).some((a) => a.name === made)));
await step("account: lifecycle", async () => {
  const p = await accounts.managementPolicies.createOrUpdate(group, made, "default", { policy: { rules: [{ name: "r", type: "Lifecycle", enabled: true, definition: { actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }, filters: { blobTypes: ["blockBlob"] } } }] } });
  assert.equal(p.policy.rules.length, 1);
});
await step("account: container by Resource Manager", async () => assert.equal((await accounts.blobContainers.create(group, made, "arm", {})).name, "arm"));

await step("watchers: list", async () => assert.ok((await all(network.networkWatchers.listAll())).length >= 1));
await step("flow log: create", async () => {
  const f = await network.flowLogs.beginCreateOrUpdateAndWait(...watcher, "js", { location: region, targetResourceId: id("Microsoft.Network/virtualNetworks", "vnet"), storageId: id("Microsoft.Storage/storageAccounts", made), enabled: true }, quick);
  assert.equal(f.format.type, "FlowLogJSON");
});
await step("flow log: get", async () => assert.equal((await network.flowLogs.get(...watcher, "js")).provisioningState, "Succeeded"));
await step("flow logs: list", async () => assert.ok((await all(network.flowLogs.list(...watcher))).some((f) => f.name === "js")));
await step("capture: create", async () => {
  const c = await network.packetCaptures.beginCreateAndWait(...watcher, "js", { target: id("Microsoft.Compute/virtualMachines", "vm"), storageLocation: { storageId: id("Microsoft.Storage/storageAccounts", made) }, filters: [{ protocol: "TCP", localPort: "443;8443" }] }, quick);
  assert.equal(c.provisioningState, "Succeeded");
});
await step("capture: status", async () => assert.ok(["Running", "Stopped"].includes((await network.packetCaptures.beginGetStatusAndWait(...watcher, "js", quick)).packetCaptureStatus)));
await step("capture: stop", async () => network.packetCaptures.beginStopAndWait(...watcher, "js", quick));
await step("capture: delete", async () => network.packetCaptures.beginDeleteAndWait(...watcher, "js", quick));
await step("flow rule", async () => {
  const r = await network.networkWatchers.beginVerifyIPFlowAndWait(...watcher, { targetResourceId: id("Microsoft.Compute/virtualMachines", "vm"), direction: "Inbound", protocol: "TCP", localPort: "443", remotePort: "50000", localIPAddress: "10.88.1.4", remoteIPAddress: "8.8.8.8" }, quick);
  assert.equal(r.access, "Allow");
});
await step("next hop", async () => assert.equal((await network.networkWatchers.beginGetNextHopAndWait(...watcher, { targetResourceId: id("Microsoft.Compute/virtualMachines", "vm"), sourceIPAddress: "10.88.1.4", destinationIPAddress: "8.8.8.8" }, quick)).nextHopType, "Internet"));
await step("flow log: delete", async () => network.flowLogs.beginDeleteAndWait(...watcher, "js", quick));

await step("graph: count", async () => assert.ok((await graph.resources({ subscriptions: [sub], query: "Resources | where type =~ 'microsoft.compute/virtualmachines' | summarize n = count()" })).data[0].n > 10));
await step("graph: by name", async () => assert.equal((await graph.resources({ subscriptions: [sub], query: `Resources | where name =~ '${made}' | project name, location` })).data[0].location, region));
await step("graph: refused", async () => refused("BadRequest", () => graph.resources({ subscriptions: [sub], query: "Resources | nonsense" })));

const blobs = new storage.BlobServiceClient(`${url}/${made}`, credential);
const container = blobs.getContainerClient("js-data");
await step("container: create", async () => container.create({ metadata: { a: "b" } }));
await step("container: exists", async () => assert.equal(await container.exists(), true));
await step("container: twice", async () => refused("ContainerAlreadyExists", () => container.create()));
await step("containers: list", async () => assert.ok((await all(blobs.listContainers({ includeMetadata: true }))).some((c) => c.metadata?.a === "b")));
const blob = container.getBlockBlobClient("a/b c.txt");
await step("blob: upload", async () => blob.upload("0123456789", 10, { metadata: { k: "v" }, tags: { t: "1" } }));
await step("blob: read a range", async () => assert.equal((await blob.downloadToBuffer(2, 3)).toString(), "234"));
await step("blob: properties", async () => assert.equal((await blob.getProperties()).metadata.k, "v"));
await step("blob: tags", async () => assert.equal((await blob.getTags()).tags.t, "1"));
await step("blobs: by tags", async () => assert.equal((await all(container.findBlobsByTags("t='1'"))).length, 1));
await step("blob: metadata", async () => blob.setMetadata({ x: "y" }));
await step("blob: headers", async () => blob.setHTTPHeaders({ blobContentType: "text/plain" }));
await step("blob: in blocks", async () => {
  const b = container.getBlockBlobClient("blocks");
  const ids = ["MQ==", "Mg=="];
  for (const i of ids) await b.stageBlock(i, i, 4);
  await b.commitBlockList(ids);
  assert.equal((await b.getBlockList("all")).committedBlocks.length, 2);
});
await step("blob: snapshot", async () => assert.ok((await blob.createSnapshot()).snapshot));
await step("blobs: with snapshots", async () => assert.ok((await all(container.listBlobsFlat({ includeSnapshots: true }))).some((b) => b.snapshot)));
await step("blobs: by level", async () => assert.ok((await all(container.listBlobsByHierarchy("/"))).some((b) => b.kind === "prefix")));
await step("blob: copy", async () => assert.equal((await (await container.getBlobClient("copy").beginCopyFromURL(blob.url, { intervalInMs: 20 })).pollUntilDone()).copyStatus, "success"));
await step("blob: synchronous copy", async () => assert.equal((await container.getBlobClient("copy2").syncCopyFromURL(blob.url)).copyStatus, "success"));
await step("blob: tier", async () => blob.setAccessTier("Cool"));
const lease = blob.getBlobLeaseClient();
await step("lease: acquire", async () => assert.ok((await lease.acquireLease(60)).leaseId));
await step("lease: guards", async () => refused("LeaseIdMissing", () => blob.upload("x", 1)));
await step("lease: renew", async () => lease.renewLease());
await step("lease: change", async () => lease.changeLease("11111111-1111-4111-8111-111111111111"));
await step("lease: break", async () => lease.breakLease(0));
await step("append blob", async () => {
  const a = container.getAppendBlobClient("log");
  await a.create();
  await a.appendBlock("one,", 4);
  assert.equal((await a.appendBlock("two", 3)).blobAppendOffset, "4");
});
await step("blob: condition", async () => refused("ConditionNotMet", () => blob.upload("x", 1, { conditions: { ifMatch: '"0x8D0000000000000"' } })));
await step("blobs: batch of deletions", async () => assert.equal((await container.getBlobBatchClient().deleteBlobs([container.getBlobClient("copy").url, container.getBlobClient("copy2").url], credential)).subResponsesSucceededCount, 2));
await step("account: properties", async () => assert.ok((await blobs.getProperties()).hourMetrics));
const shared = new storage.StorageSharedKeyCredential(made, key ?? "");
await step("with the account's key", async () => assert.ok(await new storage.BlobServiceClient(`${url}/${made}`, shared).getContainerClient("js-data").exists()));
const until = new Date(Date.now() + 3600e3);
await step("signature of the account's key", async () => {
  const sas = storage.generateBlobSASQueryParameters({ containerName: "js-data", permissions: storage.ContainerSASPermissions.parse("rl"), expiresOn: until }, shared);
  assert.ok((await all(new storage.ContainerClient(`${container.url}?${sas}`).listBlobsFlat())).length > 0);
});
await step("signature that does not permit it", async () => {
  const sas = storage.generateBlobSASQueryParameters({ containerName: "js-data", permissions: storage.ContainerSASPermissions.parse("r"), expiresOn: until }, shared);
  await refused("AuthorizationPermissionMismatch", () => all(new storage.ContainerClient(`${container.url}?${sas}`).listBlobsFlat()));
});
await step("user delegation", async () => {
  const key = await blobs.getUserDelegationKey(new Date(Date.now() - 60e3), until);
  const sas = storage.generateBlobSASQueryParameters({ containerName: "js-data", permissions: storage.ContainerSASPermissions.parse("rl"), expiresOn: until }, key, made);
  assert.ok((await all(new storage.ContainerClient(`${container.url}?${sas}`).listBlobsFlat())).length > 0);
});
await step("blob: delete with its snapshots", async () => blob.delete({ deleteSnapshots: "include" }));
await step("container: delete", async () => container.delete());

await step("machine: delete", async () => compute.virtualMachines.beginDeleteAndWait(group, "vm", quick));
await step("account: delete", async () => accounts.storageAccounts.delete(group, made));
await step("what is not served", async () => refused("InvalidResourceType", () => resources.resources.getById(id("Microsoft.Web/sites", "x"), "2022-03-01")));
await step("group: delete", async () => resources.resourceGroups.beginDeleteAndWait(group, quick));
await step("group: is gone", async () => assert.equal((await resources.resourceGroups.checkExistence(group)).body, false));

console.log(`js: ${passed} of ${tried} steps`);
process.exit(passed === tried ? 0 : 1);

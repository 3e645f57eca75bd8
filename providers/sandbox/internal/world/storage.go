package world

import (
	"cmp"
	"regexp"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// accountName is Azure's rule for names of storage accounts.
var accountName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]{3,24}$`) })

func (b *builder) storage() {
	for _, s := range b.spec.Accounts {
		if !accountName().MatchString(s.Name) {
			b.errorf(s.Body, "", "Invalid storage account name", "%q is not 3 to 24 lower-case letters and digits.", s.Name)
		}
		a := &StorageAccount{
			Resource:  b.resource(s.Body, s.Group, s.Region, "Microsoft.Storage/storageAccounts", s.Name, s.Tags),
			SKU:       cmp.Or(s.SKU, "Standard_LRS"),
			Kind:      cmp.Or(s.Kind, "StorageV2"),
			SharedKey: s.SharedKey == nil || *s.SharedKey,
			BlobURL:   "https://" + s.Name + ".blob.core.windows.net/",
		}
		b.accountType(s.Body, a)
		b.guardAccount(s, a)
		if other := b.accounts[s.Name]; len(other) > 0 && !other[0].id.Is(a.ID) {
			b.errorf(s.Body, "", "Taken twice", "There is a storage account %q in %s; all of Azure has one account of a name.", s.Name, b.called(other[0].id))
		}
		add(b, s.Body, "storage account", b.accounts, s.Name, a.ID, a)
		b.w.Accounts = append(b.w.Accounts, a)
	}
}

func (b *builder) flowLogs() {
	for _, s := range b.spec.FlowLogs {
		fl := &FlowLog{
			Storage: find(b, s.Body, "storage_account", "storage account", b.accounts, s.Storage),
			Created: b.time(s.Body, "created", s.Created),
			Enabled: s.Enabled == nil || *s.Enabled, RetentionDays: s.Retention,
			RecordTypes: s.RecordTypes, Filter: s.Filter,
		}
		target, location := b.flowLogTarget(s)
		if target == "" {
			continue
		}
		fl.Target, fl.TargetGUID = target, b.w.GUID(string(target))
		for _, w := range b.w.Watchers {
			if w.Location == location && w.ID.Subscription() == target.Subscription() {
				fl.Watcher = w
			}
		}
		if fl.Watcher == nil && slices.Contains(b.w.Regions, location) {
			b.errorf(s.Body, "target", "No watcher", "Region %s has no network watcher, so there is no flow log.", location)
		}
		if fl.Watcher == nil {
			continue // the target's region is unknown, which is told elsewhere
		}
		fl.Resource = Resource{
			ID: fl.Watcher.ID + plan.ID("/flowLogs/"+s.Name), Name: s.Name,
			Group: fl.Watcher.Group, Location: location, Tags: s.Tags,
		}
		fl.GUID = b.w.GUID(string(fl.ID))
		b.once(s.Body, "", "flow log "+fl.ID.Key(), "another block")
		b.w.FlowLogs = append(b.w.FlowLogs, fl)
	}
}

// flowLogTarget finds the VNet, subnet ("vnet/subnet"), NIC or NSG that s
// names. Logs of NSGs are old ones: Azure makes no more of them.
func (b *builder) flowLogTarget(s flowLogSpec) (plan.ID, string) {
	if id, location := b.network(s.Body, "target", s.Target); id != "" {
		return id, location
	}
	if n, ok := lookup(b, s.Body, "target", b.nsgs, s.Target); ok {
		return n.ID, n.Location
	}
	b.unknown(s.Body, "target", "vnet, subnet or network interface", s.Target, b.places())
	return "", ""
}

// network is the VNet, subnet or NIC that a name means, and where it is.
func (b *builder) network(body hcl.Body, attr, name string) (plan.ID, string) {
	if v, ok := lookup(b, body, attr, b.vnets, name); ok {
		return v.ID, v.Location
	}
	if n, ok := lookup(b, body, attr, b.subnets, name); ok {
		return n.ID, n.VNet.Location
	}
	if n, ok := lookup(b, body, attr, b.nics, name); ok {
		return n.ID, n.Location
	}
	return "", ""
}

package servicetag

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// names are addresses of all kinds with their tags and regions in the list of
// 2025-10-28.
var names = []struct{ address, tag, region string }{
	{"13.73.8.16", "Storage.JapanEast", "japaneast"},
	{"20.33.152.200", "Storage.JapanEast", "japaneast"},
	{"13.69.40.20", "Storage.WestEurope", "westeurope"},
	{"2603:1040:408::1", "Storage.JapanEast", "japaneast"},
	{"20.42.65.96", "Sql.EastUS", "eastus"},
	{"4.185.33.130", "Sql.GermanyWestCentral", "germanywestcentral"},
	{"20.43.43.40", "AppService.FranceCentral", "francecentral"},
	{"20.195.150.161", "EventHub.BrazilSoutheast", "brazilsoutheast"},
	{"20.208.21.7", "AzureContainerRegistry.SwitzerlandNorth", "switzerlandnorth"},
	{"13.78.106.89", "AzureKeyVault.JapanEast", "japaneast"},
	{"13.78.106.1", "AzureCosmosDB.JapanEast", "japaneast"},
	{"52.168.112.64", "AzureMonitor.EastUS", "eastus"},
	{"40.126.10.168", "AzureActiveDirectory", "centraluseuap"},
	{"20.190.128.10", "AzureActiveDirectory.ServiceEndpoint", "southcentralus"},
	{"20.190.129.2", "AzureActiveDirectory.ServiceEndpoint", "northeurope"},
	{"191.233.204.160", "AzureActiveDirectoryDomainServices", "brazilsouth"},
	{"20.255.121.88", "LogicApps.EastAsia", "eastasia"},
	{"172.198.100.144", "LogicAppsManagement", ""},
	{"23.98.106.128", "DataFactory.SoutheastAsia", "southeastasia"},
	{"13.105.221.9", "AzureFrontDoor.Frontend", ""},
	{"4.153.250.2", "AzureFrontDoor.Backend", "eastus2"},
	{"13.107.42.14", "AzureFrontDoor.FirstParty", ""},
	{"104.47.5.1", "EOPExternalPublishedIPs", ""},
	{"145.190.129.1", "Storage", ""},
	{"40.100.39.0", "AzureCloud.brazilsouth", "brazilsouth"},
	{"23.102.135.246", "AzureCloud.southcentralus", "southcentralus"},
	{"20.20.88.9", "AzureCloud.chilec", "chilecentral"},
	{"40.64.145.1", "WindowsVirtualDesktop.EastUS2", "eastus2"},
	{"2603:1050:301:2::600", "AzureMonitor.Core", "chilecentral"},
	{"2603:1030:b00:13::191", "AzureCloud.westcentralus", "westcentralus"},
	{"2603:1061:2011:25::1", "WindowsVirtualDesktop", "southcentralusstg"},
	{"4.150.57.203", "AzureTrafficManager", "southcentralus"},
	{"4.190.144.1", "MicrosoftContainerRegistry.JapanWest", "japanwest"},
	{"20.37.158.77", "AzureDevOps.CentralUS", "centralus"},
	{"8.8.8.8", "internet", ""},
	{"168.63.129.16", "<platform>", ""},
	{"169.254.169.254", "<metadata>", ""},
	{"10.1.2.3", "<private>", ""},
	{"100.65.1.1", "<shared>", ""},
	{"224.0.0.251", "<multicast>", ""},
	{"::ffff:13.73.8.16", "Storage.JapanEast", "japaneast"},
}

func TestCorpusNames(t *testing.T) {
	l, err := Read("data/ServiceTags_Public_20251028.json", corpus(t, "ServiceTags_Public_20251028.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if got := l.Lookup(netip.MustParseAddr(n.address)); got.Tag != n.tag || got.Region != n.region {
			t.Errorf("%s is %s in %q, want %s in %q", n.address, got.Tag, got.Region, n.tag, n.region)
		}
	}
	if l.Tags != 3039 || l.Prefixes != 93362 || l.Date != "2025-10-28" || l.ChangeNumber != "375" || l.Cloud != "Public" || l.API {
		t.Errorf("%d tags, %d prefixes, of %s, change %s of %s", l.Tags, l.Prefixes, l.Date, l.ChangeNumber, l.Cloud)
	}
}

// small is a list in which AzureCloud is longer than the service.
const small = `{"changeNumber": 12, "cloud": "Public", "values": [
  {"name": "AzureCloud", "properties": {"region": "", "addressPrefixes": ["40.126.0.0/16", "13.64.0.0/11"]}},
  {"name": "AzureCloud.germanywc", "properties": {"region": "germanywc", "addressPrefixes": ["40.126.10.128/25", "13.66.0.0/16"]}},
  {"name": "AzureActiveDirectory", "properties": {"region": "", "addressPrefixes": ["40.126.0.0/18"]}},
  {"name": "Storage", "properties": {"region": "", "addressPrefixes": ["13.66.1.0/24"]}},
  {"name": "Storage.GermanyWestCentral", "properties": {"region": "germanywc", "addressPrefixes": ["13.66.1.0/24"]}},
  {"name": "AzureFrontDoor.Backend", "properties": {"region": "", "addressPrefixes": ["13.67.0.0/24", "2620:1ec::/36"]}}]}`

// TestLookup wants the same of the file and of Resource Manager's list, which has
// texts for numbers and more members.
func TestLookup(t *testing.T) {
	arm := strings.NewReplacer(`"changeNumber": 12, "cloud": "Public"`, `"name": "public", "id": "/subscriptions/s/x", "type": "t", "nextLink": null, "changeNumber": "12", "cloud": "Public"`,
		`"properties": {`, `"id": "x", "serviceTagChangeNumber": "3", "properties": {"state": "GA", "changeNumber": "3", `).Replace(small)
	powershell := strings.NewReplacer("changeNumber", "ChangeNumber", "values", "Values", "name", "Name", "addressPrefixes", "AddressPrefixes", "properties", "Properties").Replace(small)
	for form, text := range map[string]string{"file": small, "API": arm, "PowerShell": "\ufeff" + powershell} {
		l, err := Read(`c:\lists\ServiceTags_Public_20260102.json`, []byte(text))
		if err != nil {
			t.Fatal(form, err)
		}
		if l.ChangeNumber != "12" || l.Tags != 6 || l.Prefixes != 9 || l.API != (form == "API") || l.Date != "2026-01-02" || l.File != "ServiceTags_Public_20260102.json" {
			t.Errorf("%s: %+v", form, l)
		}
		for address, want := range map[string]Place{
			"40.126.10.168":    {"AzureActiveDirectory", "AzureActiveDirectory", "germanywestcentral"},
			"40.126.0.1":       {"AzureActiveDirectory", "AzureActiveDirectory", ""},
			"13.66.1.9":        {"Storage.GermanyWestCentral", "Storage", "germanywestcentral"},
			"::ffff:13.66.1.9": {"Storage.GermanyWestCentral", "Storage", "germanywestcentral"},
			"13.66.2.1":        {"AzureCloud.germanywc", "AzureCloud", "germanywestcentral"},
			"13.67.0.1":        {"AzureFrontDoor.Backend", "AzureFrontDoor.Backend", ""},
			"2620:1ec:fff::1":  {"AzureFrontDoor.Backend", "AzureFrontDoor.Backend", ""},
			"13.67.1.1":        {"AzureCloud", "AzureCloud", ""},
			"8.8.8.8":          {"internet", "", ""},
			"10.1.2.3":         {Tag: "<private>"},
			"100.127.0.1":      {Tag: "<shared>"},
			"100.128.0.1":      {Tag: "internet"},
			"fe80::1":          {Tag: "<link-local>"},
			"ff02::fb":         {Tag: "<multicast>"},
			"255.255.255.255":  {Tag: "<broadcast>"},
			"127.0.0.1":        {Tag: "<loopback>"},
			"168.63.129.16":    {Tag: "<platform>"},
			"169.254.169.254":  {Tag: "<metadata>"},
			"::ffff:10.1.2.3":  {Tag: "<private>"},
			"2001:db8::1":      {Tag: "internet"},
			"::":               {Tag: "<unspecified>"},
		} {
			if got := l.Lookup(netip.MustParseAddr(address)); got != want {
				t.Errorf("%s: %s is %+v, want %+v", form, address, got, want)
			}
		}
	}
	for _, a := range []string{"10.0.0.1", "100.64.0.1", "169.254.0.9", "224.0.0.1", "127.0.0.9", "255.255.255.255", "0.0.0.0", "168.63.129.16", "169.254.169.254"} {
		if s := Special(netip.MustParseAddr(a)); !slices.Contains(Specials(), s) {
			t.Errorf("%s is %q, which is not among the specials", a, s)
		}
	}
}

// TestRefused wants what is wrong, and the way out.
func TestRefused(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"empty":         {"", "is empty"},
		"cut":           {small[:len(small)/2], "ends in the middle, after"},
		"cut early":     {small[:20], "ends in the middle"},
		"page":          {"<!DOCTYPE html><html>", "web page"},
		"compressed":    {"\x1f\x8b\x08\x00", "Unpack it"},
		"UTF-16":        {"\xff\xfe{\x00}\x00", "UTF-16"},
		"text":          {"name,prefix\nStorage,1.2.3.0/24\n", "no JSON, line 1"},
		"two documents": {small + small, "no JSON"},
		"other JSON":    {`{"records": []}`, `no "values"`},
		"array":         {`[1, 2]`, "no list of service tags"},
		"other values":  {`{"values": [1, 2]}`, "no list of service tags"},
		"no tags":       {`{"values": []}`, "no tag at all"},
		"no name":       {`{"values": [{"a": 1}]}`, "has no name"},
		"no prefixes":   {`{"values": [{"name": "Storage"}]}`, "no tag has a prefix"},
		"details":       {`{"value": [{"name": "Storage", "serviceTagId": "Storage"}]}`, "no addresses"},
		"first page":    {`{"values": [{"name": "Storage"}], "nextLink": "https://x"}`, "more follows"},
		"bad prefix":    {`{"values": [{"name": "Storage", "properties": {"addressPrefixes": ["1.2.3.0/33"]}}]}`, `tag Storage has the prefix "1.2.3.0/33"`},
	}
	for name, tt := range tests {
		_, err := Read("tags.json", []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "tags.json") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// TestCutAnywhere wants an error wherever a list ends too early.
func TestCutAnywhere(t *testing.T) {
	for n := range len(small) {
		if _, err := Read("tags.json", []byte(small[:n])); err == nil {
			t.Fatalf("a list that was cut after %d of %d bytes was read", n, len(small))
		}
	}
}

// TestAnyOrder wants the same answers whatever the order of the tags.
func TestAnyOrder(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(small), &doc); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(doc["values"].([]any))
	turned, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := Read("a", []byte(small))
	b, err := Read("b", turned)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"40.126.10.168", "13.66.1.9", "13.67.0.1", "13.67.1.1", "8.8.8.8"} {
		if x, y := a.Lookup(netip.MustParseAddr(text)), b.Lookup(netip.MustParseAddr(text)); x != y {
			t.Errorf("%s is %v or %v", text, x, y)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	l, err := Read("list", corpus(b, "ServiceTags_Public_20251028.json"))
	if err != nil {
		b.Fatal(err)
	}
	a := netip.MustParseAddr("40.126.10.168")
	for b.Loop() {
		l.Find(a)
	}
}

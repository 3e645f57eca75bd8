package sandbox

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	azservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"flowctl/plan"
)

var (
	subscriptionOf = regexp.MustCompile(`(?i)/subscriptions/([0-9a-f-]{36})`)
	resourceOf     = regexp.MustCompile(`(?i)/subscriptions/[^/"?]+/resourcegroups/[^/"?]+(/providers/[^/"?]+(/[a-z]+/[^/"?]+)+)?`)
	watched        = regexp.MustCompile(`(?i)/networkWatchers/NetworkWatcher_([a-z0-9]+)/(?:flowLogs|packetCaptures)/`)
	regionOf       = regexp.MustCompile(`(?i)"location": ?"([^"]+)"|/locations/([a-z0-9]+)/`)
)

// newPlayer opens a sandbox in which everything lies that the recording uses
// and does not make itself.
func newPlayer(t *testing.T, r recording) *player {
	t.Helper()
	text := rawText(r)
	p := &player{left: map[int]bool{}, chosen: map[int]bool{}, t: t, r: r, urls: map[string]string{}, values: map[string]string{}, accounts: map[string]bool{}}
	p.keeps = !strings.HasPrefix(r.name, "cli-") && !strings.Contains(r.Source, "azure-cli") && !strings.Contains(r.Source, "python") && !strings.Contains(r.Source, "java")
	subscription := "11111111-1111-1111-1111-111111111111"
	if m := subscriptionOf.FindStringSubmatch(text); m != nil {
		subscription = m[1]
	}
	regions := map[string]bool{"eastus": true}
	for _, m := range regionOf.FindAllStringSubmatch(text, -1) {
		if name := strings.ToLower(strings.ReplaceAll(cmp.Or(m[1], m[2]), " ", "")); name != "global" {
			regions[name] = true
		}
	}
	at := recordedAt(r)
	p.s = openEmpty(t, subscription, regions, at)
	p.handler = p.s.Handler()
	p.prepare()
	if d := at.Sub(p.s.Clock().Now()); d > 0 {
		p.pass(d)
	}
	return p
}

func rawText(r recording) string {
	var b strings.Builder
	for _, x := range r.Interactions {
		b.WriteString(x.Path + "\n" + string(x.Request) + "\n" + string(x.Response) + "\n")
		for _, v := range x.Headers {
			b.WriteString(v + "\n")
		}
	}
	return b.String()
}

// recordedAt is when the recording was made, as far as it says.
func recordedAt(r recording) time.Time {
	for _, x := range r.Interactions {
		for _, name := range []string{"Date", "date", "last-modified", "Last-Modified"} {
			if t, err := http.ParseTime(x.Headers[name]); err == nil {
				return t.Add(-time.Minute)
			}
		}
	}
	for _, text := range []string{r.Recorded, strings.Split(r.Recorded, " to ")[0]} {
		if t, err := http.ParseTime(text); err == nil {
			return t
		}
	}
	return time.Date(2024, 8, 1, 8, 0, 0, 0, time.UTC)
}

// openEmpty returns a sandbox of an empty subscription.
func openEmpty(t *testing.T, subscription string, regions map[string]bool, at time.Time) *Sandbox {
	t.Helper()
	var names []string
	for r := range regions {
		names = append(names, fmt.Sprintf("%q", r))
	}
	slices.Sort(names)
	list := strings.Join(names, ", ")
	path := filepath.Join(t.TempDir(), "world.hcl")
	text := fmt.Sprintf("name = \"empty\"\nepoch = %q\nseed = 1\nsubscription = %q\ntenant = \"11111111-2222-3333-4444-666666666666\"\nregions = [%s]\nwithout_watcher = [%s]\n",
		at.Add(-preparation).UTC().Format(time.RFC3339), strings.ToLower(subscription), list, list)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return virtual(t, Options{WorldPath: path, Real: func() time.Time { return at.Add(5 * time.Minute) }})
}

// prepare makes what the recording takes for granted.
func (p *player) prepare() {
	needs := map[string]string{} // IDs by their lower case
	var order []string
	need := func(id string) {
		for _, id := range chain(id) {
			if key := strings.ToLower(id); needs[key] == "" {
				needs[key], order = id, append(order, key)
			}
		}
	}
	made := map[string]bool{}
	accounts := map[string]string{}
	for _, x := range p.r.Interactions {
		path, _, _ := strings.Cut(x.Path, "?")
		if x.Host != "" {
			if u, err := url.Parse(x.Host); err == nil {
				name, _, _ := strings.Cut(u.Host, ".")
				accounts[name] = "rg-of-accounts"
			}
			continue
		}
		id := resourceOf.FindString(path)
		key := strings.ToLower(id)
		switch {
		case id == "":
		case x.Status == 404 && strings.EqualFold(id, path):
			made[key] = true // it is not there, and must not be
		case x.Method == "PUT" && strings.EqualFold(id, path) && (x.Status == 201 || x.Status == 202) && needs[key] == "":
			made[key] = true
			need(parent(id))
		case !made[key]:
			need(id)
		}
		for _, m := range resourceOf.FindAllString(string(x.Request), -1) {
			if !made[strings.ToLower(m)] {
				need(m)
			}
		}
		if strings.HasSuffix(strings.ToLower(path), "/networkwatchers") && x.Method == "GET" {
			for _, m := range resourceOf.FindAllString(string(x.Response), -1) {
				if !made[strings.ToLower(m)] {
					need(m)
				}
			}
		}
	}
	for name := range accounts {
		if !strings.Contains(strings.Join(order, "\n"), "/storageaccounts/"+name) {
			need("/subscriptions/" + p.s.World.Subscription + "/resourceGroups/rg-of-accounts/providers/Microsoft.Storage/storageAccounts/" + name)
		}
	}
	// What a body of the recording names must be there too.
	for i := 0; i < len(order); i++ {
		for _, m := range resourceOf.FindAllString(string(p.bodyOf(needs[order[i]])), -1) {
			if !made[strings.ToLower(m)] {
				need(m)
			}
		}
	}
	p.make(order, needs, made)
}

// preparation is how long before the recording the world begins.
const preparation = 4 * time.Hour

// chain is a resource's group and its parents, and itself.
func chain(id string) (all []string) {
	for at := id; at != ""; at = parent(at) {
		all = append(all, at)
	}
	slices.Reverse(all)
	return all
}

func parent(id string) string {
	s := strings.Split(id, "/")
	switch {
	case len(s) <= 5:
		return ""
	case len(s) <= 9:
		return strings.Join(s[:5], "/")
	}
	return strings.Join(s[:len(s)-2], "/")
}

// ranks are the types in the order in which they can be made.
var ranks = []string{"resourcegroups", "networksecuritygroups", "routetables", "virtualnetworks", "subnets", "publicipaddresses", "networkinterfaces", "storageaccounts",
	"workspaces", "userassignedidentities", "disks", "virtualmachines", "virtualmachinescalesets", "networkwatchers"}

func typeName(id string) string {
	s := strings.Split(strings.ToLower(id), "/")
	if len(s) < 3 {
		return ""
	}
	return s[len(s)-2]
}

func (p *player) make(order []string, needs map[string]string, made map[string]bool) {
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Compare(slices.Index(ranks, typeName(a)), slices.Index(ranks, typeName(b)))
	})
	for _, key := range order {
		id := needs[key]
		if made[key] || !slices.Contains(ranks, typeName(id)) {
			continue
		}
		body := p.bodyOf(id)
		if typeName(id) == "virtualmachines" && !strings.Contains(string(body), "networkInterfaces/") {
			body = p.machine(id)
		}
		if made[strings.ToLower(parent(id))] {
			continue // the recording makes what it is in
		}
		w := p.send("PUT", "", id+"?api-version=2023-09-01", nil, body)
		if w.Code >= 300 { // it refers to what comes later
			body = p.defaultBody(id)
			if typeName(id) == "virtualmachines" {
				body = p.machine(id)
			}
			w = p.send("PUT", "", id+"?api-version=2023-09-01", nil, body)
		}
		if w.Code >= 300 && testing.Verbose() {
			p.t.Logf("%s: not prepared: %s: %d %.300s", p.r.name, id, w.Code, w.Body)
		}
		if typeName(id) == "virtualmachines" && !strings.Contains(strings.ToLower(rawText(p.r)), "publisher\": \"microsoft.azure.networkwatcher") {
			p.send("PUT", "", id+"/extensions/AzureNetworkWatcherExtension?api-version=2023-09-01", nil, []byte(fmt.Sprintf(
				`{"location":%q,"properties":{"publisher":"Microsoft.Azure.NetworkWatcher","type":"NetworkWatcherAgent%s","typeHandlerVersion":"1.4"}}`, p.region(id), p.system())))
		}
		p.pass(time.Minute)
	}
}

// bodyOf is a body that makes a resource: as Azure was recorded to show it, or
// as little as will do.
func (p *player) bodyOf(id string) []byte {
	for _, x := range p.r.Interactions {
		path, _, _ := strings.Cut(x.Path, "?")
		if x.Status != 200 || !strings.EqualFold(path, id) || !strings.HasPrefix(string(x.Response), "{") || x.Method != "GET" {
			continue
		}
		var doc map[string]any
		if json.Unmarshal(x.Response, &doc) == nil && doc["id"] != nil {
			delete(doc, "etag")
			text, err := json.Marshal(doc)
			if err == nil {
				return text
			}
		}
	}
	return p.defaultBody(id)
}

func (p *player) defaultBody(id string) []byte {
	region := p.region(id)
	body := map[string]string{
		"virtualnetworks":         `{"location":%q,"properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[]}}`,
		"subnets":                 `{"properties":{"addressPrefix":"10.0.0.0/24"}}`,
		"networkinterfaces":       `{"location":%q,"properties":{"ipConfigurations":[{"name":"ipconfig1","properties":{"subnet":{"id":"SUBNET"}}}]}}`,
		"storageaccounts":         `{"location":%q,"kind":"StorageV2","sku":{"name":"Standard_LRS"},"properties":{}}`,
		"publicipaddresses":       `{"location":%q,"sku":{"name":"Standard"},"properties":{"publicIPAllocationMethod":"Static"}}`,
		"virtualmachinescalesets": `{"location":%q,"sku":{"name":"Standard_DS1_v2","tier":"Standard","capacity":3},"properties":{"upgradePolicy":{"mode":"Automatic"},"virtualMachineProfile":{"storageProfile":{"imageReference":{"publisher":"Canonical","offer":"UbuntuServer","sku":"18.04-LTS","version":"latest"}},"networkProfile":{"networkInterfaceConfigurations":[{"name":"n","properties":{"primary":true,"ipConfigurations":[{"name":"c","properties":{"subnet":{"id":"SUBNET"}}}]}}]}}}}`,
	}[typeName(id)]
	if body == "" {
		body = `{"location":%q,"properties":{}}`
	}
	if strings.Contains(body, "SUBNET") {
		body = strings.ReplaceAll(body, "SUBNET", p.subnetFor(id, region))
	}
	if !strings.Contains(body, "%q") {
		return []byte(body)
	}
	return []byte(fmt.Sprintf(body, region))
}

// subnetFor makes a subnet for what needs one.
func (p *player) subnetFor(id, region string) string {
	vnet := strings.Join(strings.Split(id, "/")[:5], "/") + "/providers/Microsoft.Network/virtualNetworks/vnet-" + region
	body := fmt.Sprintf(`{"location":%q,"properties":{"addressSpace":{"addressPrefixes":["10.99.0.0/16"]},"subnets":[{"name":"s","properties":{"addressPrefix":"10.99.0.0/20"}}]}}`, region)
	p.send("PUT", "", strings.Join(strings.Split(id, "/")[:5], "/")+"?api-version=2023-09-01", nil, []byte(fmt.Sprintf(`{"location":%q}`, region)))
	p.send("PUT", "", vnet+"?api-version=2023-09-01", nil, []byte(body))
	p.pass(time.Minute)
	return vnet + "/subnets/s"
}

// machine makes an interface and is the body of a machine with it.
func (p *player) machine(id string) []byte {
	s := strings.Split(id, "/")
	region := p.region(id)
	nic := strings.Join(s[:5], "/") + "/providers/Microsoft.Network/networkInterfaces/nic-of-" + s[len(s)-1]
	body := fmt.Sprintf(`{"location":%q,"properties":{"ipConfigurations":[{"name":"ipconfig1","properties":{"subnet":{"id":%q}}}]}}`, region, p.subnetFor(id, region))
	p.send("PUT", "", nic+"?api-version=2023-09-01", nil, []byte(body))
	p.pass(time.Minute)
	return []byte(fmt.Sprintf(`{"location":%q,"properties":{"hardwareProfile":{"vmSize":"Standard_DS1_v2"},"storageProfile":{"imageReference":{"publisher":"Canonical","offer":"UbuntuServer","sku":"18.04-LTS","version":"latest"},"osDisk":{"createOption":"FromImage","osType":%q}},"osProfile":{"computerName":%q,"adminUsername":"a","adminPassword":"Secret-123!"},"networkProfile":{"networkInterfaces":[{"id":%q}]}}}`, region, p.system(), s[len(s)-1], nic))
}

// system is the operating system of the machines, as the agent's name tells.
func (p *player) system() string {
	for _, x := range p.r.Interactions {
		if x.Method == "PUT" && strings.Contains(string(x.Request)+string(x.Response), "NetworkWatcherAgentWindows") {
			return "Windows"
		}
	}
	return "Linux"
}

// region is where a resource is, as far as the recording tells.
func (p *player) region(id string) string {
	text := rawText(p.r)
	quoted := regexp.MustCompile(`(?is)"id": ?"` + regexp.QuoteMeta(id) + `",[^{}]*?"location": ?"([^"]+)"`)
	if m := quoted.FindStringSubmatch(text); m != nil {
		return strings.ToLower(strings.ReplaceAll(m[1], " ", ""))
	}
	if _, name, ok := strings.Cut(plan.ID(id).Name(), "NetworkWatcher_"); ok {
		return name
	}
	for _, x := range p.r.Interactions { // of what is in it
		if typeName(id) != "virtualmachines" {
			break
		}
		var body struct {
			Location string `json:"location"`
		}
		if strings.HasPrefix(strings.ToLower(x.Path), strings.ToLower(id)+"/") && json.Unmarshal(x.Request, &body) == nil && body.Location != "" {
			return strings.ToLower(strings.ReplaceAll(body.Location, " ", ""))
		}
		if x.Method == "PUT" && strings.HasPrefix(strings.ToLower(x.Path), strings.ToLower(id)+"/") && json.Unmarshal(x.Response, &body) == nil && body.Location != "" {
			return strings.ToLower(strings.ReplaceAll(body.Location, " ", ""))
		}
	}
	if m := watched.FindStringSubmatch(text); m != nil {
		return strings.ToLower(m[1])
	}
	for _, m := range regionOf.FindAllStringSubmatch(text, -1) {
		if name := strings.ToLower(strings.ReplaceAll(cmp.Or(m[1], m[2]), " ", "")); name != "global" {
			return name
		}
	}
	return "eastus"
}

// resign replaces the signature of a recorded request, which the distillers
// made up, by one over the same values: with the account's key, or with a key
// that is asked for as the recorded client asked.
func (p *player) resign(r *http.Request) {
	u := *r.URL
	u.Scheme, u.Host = "https", r.Host
	parts, err := sas.ParseURL(u.String())
	if err != nil {
		p.t.Fatal(err)
	}
	q := parts.SAS
	// Without a version the SDK signs in the form of its own.
	v := sas.BlobSignatureValues{Protocol: q.Protocol(), StartTime: q.StartTime(), ExpiryTime: q.ExpiryTime(),
		Permissions: q.Permissions(), IPRange: q.IPRange(), Identifier: q.Identifier(), ContainerName: parts.ContainerName}
	if q.Resource() != "c" {
		v.BlobName = parts.BlobName
	}
	account, _, _ := strings.Cut(r.Host, ".")
	var signed sas.QueryParameters
	if q.SignedOID() == "" {
		a, _ := p.s.source.Account(account)
		key, err := azservice.NewSharedKeyCredential(account, base64.StdEncoding.EncodeToString(a.Keys[0]))
		if err == nil {
			signed, err = v.SignWithSharedKey(key)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	} else {
		client, err := azservice.NewClient("https://"+r.Host+"/", credential{}, &azservice.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: p.s.Transport()}})
		if err != nil {
			p.t.Fatal(err)
		}
		start, expiry := q.SignedStart().Format(sas.TimeFormat), q.SignedExpiry().Format(sas.TimeFormat)
		key, err := client.GetUserDelegationCredential(p.t.Context(), azservice.KeyInfo{Start: &start, Expiry: &expiry}, nil)
		if err == nil {
			signed, err = v.SignWithUserDelegation(key)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	r.URL.RawQuery = parts.UnparsedParams
	if r.URL.RawQuery != "" {
		r.URL.RawQuery += "&"
	}
	r.URL.RawQuery += signed.Encode()
}

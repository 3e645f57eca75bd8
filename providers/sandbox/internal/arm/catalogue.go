package arm

import (
	"slices"
	"strings"

	"flowctl/plan"
)

// What Compute offers: the agents of Network Watcher, and images.

func catalogueRoutes() []route {
	const (
		publisher = "/subscriptions/{sub}/providers/Microsoft.Compute/locations/{region}/publishers/{publisher}"
		types     = publisher + "/artifacttypes/vmextension/types"
		images    = publisher + "/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions"
	)
	type q = request
	return []route{
		read(types, (*q).listExtensionTypes), read(types+"/{type}/versions", (*q).listExtensionVersions),
		read(images, (*q).listImages), read(images+"/{version}", (*q).getImage),
	}
}

// The agents' types and versions (recording cli-packet-capture-vm).
var (
	agentTypes    = []string{"NetworkWatcherAgentLinux", "NetworkWatcherAgentWindows"}
	agentVersions = strings.Fields("1.4.105.0 1.4.1210.1 1.4.1252.1 1.4.1325.1 1.4.1421.1 1.4.1527.2 1.4.1587.1 1.4.1654.1 1.4.1693.1 1.4.1693.3 1.4.1884.1")
)

type offered struct {
	Location string  `json:"location"`
	Name     string  `json:"name"`
	ID       plan.ID `json:"id"`
}

// offers lists names below a path. They come bare, without an object around
// them, and their ids have capitals of their own (the same recording).
func (q *request) offers(path string, names []string) (reply, error) {
	place, err := q.place(q.path["region"], "locations/publishers")
	if err != nil {
		return reply{}, err
	}
	all := []offered{}
	for _, name := range names {
		all = append(all, offered{place, name, plan.ID("/Subscriptions/" + q.sub() + "/Providers/Microsoft.Compute/Locations/" + place +
			"/Publishers/" + q.path["publisher"] + "/ArtifactTypes/" + path + "/" + name)})
	}
	return ok(all)
}

func (q *request) agentsOffered() bool { return strings.EqualFold(q.path["publisher"], agentPublisher) }

func (q *request) listExtensionTypes() (reply, error) {
	if !q.agentsOffered() {
		return q.offers("VMExtension/Types", nil)
	}
	return q.offers("VMExtension/Types", agentTypes)
}

func (q *request) listExtensionVersions() (reply, error) {
	if !q.agentsOffered() || !slices.ContainsFunc(agentTypes, func(t string) bool { return strings.EqualFold(t, q.path["type"]) }) {
		return reply{}, refuse(404, "ArtifactNotFound", "The artifact: %s.%s was not found.", q.path["publisher"], q.path["type"])
	}
	return q.offers("VMExtension/Types/"+q.path["type"]+"/Versions", agentVersions)
}

// listImages: every image is there, in one version. Which ones Azure has is
// not known here: the sandbox's own choice.
func (q *request) listImages() (reply, error) {
	return q.offers("VMImage/Offers/"+q.path["offer"]+"/Skus/"+q.path["sku"]+"/Versions", []string{exactVersion("latest")})
}

func (q *request) getImage() (reply, error) {
	rep, err := q.offers("VMImage/Offers/"+q.path["offer"]+"/Skus/"+q.path["sku"]+"/Versions", []string{exactVersion(q.path["version"])})
	if err != nil {
		return rep, err
	}
	system, size := "Linux", 30
	if strings.Contains(strings.ToLower(q.path["publisher"]+q.path["offer"]), "windows") {
		system, size = "Windows", 127
	}
	image := rep.body.([]offered)[0]
	return ok(map[string]any{"location": image.Location, "name": image.Name, "id": image.ID, "properties": map[string]any{
		"hyperVGeneration": "V2", "architecture": "x64", "replicaType": "Unmanaged", "dataDiskImages": []any{}, "features": []any{},
		"disallowed": map[string]any{"vmDiskType": "Unmanaged"}, "automaticOSUpgradeProperties": map[string]any{"automaticOSUpgradeSupported": false},
		"osDiskImage": map[string]any{"operatingSystem": system, "sizeInGb": size}}})
}

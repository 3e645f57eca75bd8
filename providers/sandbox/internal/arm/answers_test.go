package arm

import (
	"fmt"
	"strings"
	"testing"
)

// TestAGroupThatIsInUse: what keeps a group is told at the end of its deletion,
// in capitals, and nothing of it is gone.
func TestAGroupThatIsInUse(t *testing.T) {
	b := newBuilder(t)
	s := b.stack()
	other := b.sub + "/resourceGroups/rg-user"
	b.want(b.do("PUT", other, `{"location":"westeurope"}`), 201, "another group")
	b.put(other+"/providers/Microsoft.Network/networkInterfaces/guest",
		fmt.Sprintf(`{"location":"westeurope","properties":{"ipConfigurations":[{"name":"c","properties":{"subnet":{"id":%q}}}]}}`, s.subnet))
	a := b.want(b.do("DELETE", b.group, ""), 202, "delete")
	if at := a.h.Get("Location"); !strings.Contains(at, "/operationresults/eyJ") || a.h.Get("Retry-After") != "15" {
		t.Errorf("%v", a.h)
	}
	for at := a.h.Get("Location"); a.code == 202; a = b.do("GET", at, "") {
		_ = b.clock.Sleep(t.Context(), networkWriteTime)
	}
	b.want(a, 409, "the end")
	if a.at("Error.Code") != "ResourceGroupDeletionBlocked" || !strings.Contains(a.text, `\"code\":\"InUseSubnetCannotBeDeleted\"`) {
		t.Errorf("%s", a.text)
	}
	b.want(b.do("GET", s.vm, ""), 200, "what was in it")
}

// TestFilters: all conditions hold, and a page may be empty before the last.
func TestFilters(t *testing.T) {
	c := newCloud(t)
	all := func(filter string) (names []string) {
		at := c.sub + "/resources?api-version=2021-04-01&$filter=" + strings.ReplaceAll(filter, " ", "+")
		for at != "" {
			a := c.want(c.do("GET", at, ""), 200, filter)
			for _, item := range a.doc["value"].([]any) {
				names = append(names, text(item.(map[string]any), "name"))
			}
			at, _ = a.doc["nextLink"].(string)
		}
		return names
	}
	name, group := c.vm.Name, c.vm.Group
	for filter, want := range map[string]bool{
		"name eq '" + name + "'": true,
		"resourceGroup eq '" + group + "' and name eq '" + name + "'":                                                           true,
		"resourceGroup eq '" + group + "' and name eq '" + name + "' and resourceType eq 'Microsoft.Compute/virtualMachines'":   true,
		"location eq 'West Europe' and name eq '" + name + "'":                                                                  c.vm.Location == "westeurope",
		"resourceGroup eq 'none' and name eq '" + name + "'":                                                                    false,
		"resourceGroup eq '" + group + "' and name eq '" + name + "' and resourceType eq 'Microsoft.Network/networkInterfaces'": false,
		"tagName eq 'nobody-has-this' and name eq '" + name + "'":                                                               false,
	} {
		if got := all(filter); (len(got) == 1 && got[0] == name) != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
	first := c.do("GET", c.sub+"/resources?api-version=2021-04-01&$filter="+strings.ReplaceAll("resourceGroup eq '"+group+"' and name eq '"+name+
		"' and resourceType eq 'Microsoft.Compute/virtualMachines'", " ", "+"), "")
	if n := len(first.doc["value"].([]any)); n != 0 || first.doc["nextLink"] == nil {
		t.Errorf("the first page has %d resources and %v", n, first.doc["nextLink"])
	}
	if a := c.do("GET", c.sub+"/resources?api-version=2021-04-01&$filter=plan+eq+'x'", ""); a.errorCode() != "InvalidFilterInQueryString" {
		t.Errorf("%d %s", a.code, a.text)
	}
}

func TestVersions(t *testing.T) {
	c := newCloud(t)
	for version, code := range map[string]string{"": "MissingApiVersionParameter", "1": "InvalidApiVersionParameter", "2024-13-01": "InvalidApiVersionParameter",
		"latest": "InvalidApiVersionParameter", "2099-01-01": "NoRegisteredProviderFound", "2010-01-01": "NoRegisteredProviderFound", "2022-01-01-preview": "", "2025-05-01": ""} {
		if a := c.do("GET", string(c.vnet.ID)+"?api-version="+version, ""); code != "" && (a.code != 400 || a.errorCode() != code) || code == "" && a.code != 200 {
			t.Errorf("%q: %d %s", version, a.code, a.text)
		}
	}
}

// TestWhatIsAskedInVain is counted by name.
func TestWhatIsAskedInVain(t *testing.T) {
	c := newCloud(t)
	path := c.sub + "/providers/Microsoft.Web/sites"
	for range 3 {
		c.want(c.do("GET", path, ""), 404, path)
	}
	c.want(c.do("POST", string(c.vnet.ID), ""), 405, "no action")
	got := c.srv.InVain()
	if len(got) != 2 || got[0] != (Vain{"GET " + path, 3}) || got[1] != (Vain{"POST " + string(c.vnet.ID), 1}) {
		t.Errorf("%v", got)
	}
}

func TestTagsAlone(t *testing.T) {
	c := newCloud(t)
	at := string(c.vnet.ID) + "/providers/Microsoft.Resources/tags/default"
	before := len(c.vnet.Tags)
	patch := func(operation, tags string) int {
		a := c.want(c.do("PATCH", at, `{"operation":"`+operation+`","properties":{"tags":{`+tags+`}}}`), 200, operation)
		return len(a.at("properties.tags").(map[string]any))
	}
	if n := patch("Merge", `"x":"y"`); n != before+1 {
		t.Errorf("%d tags", n)
	}
	if n := patch("Delete", `"x":"z"`); n != before+1 {
		t.Errorf("another value: %d tags", n)
	}
	if n := patch("Delete", `"x":"y"`); n != before {
		t.Errorf("%d tags", n)
	}
	if n := patch("Replace", `"only":"one"`); n != 1 {
		t.Errorf("%d tags", n)
	}
	if got := c.want(c.do("GET", string(c.vnet.ID), ""), 200, "network").at("tags.only"); got != "one" {
		t.Errorf("tag %v", got)
	}
	c.want(c.do("DELETE", at, ""), 200, "delete")
	c.want(c.do("PATCH", at, `{"operation":"Odd"}`), 400, "an operation that is none")
}

func TestCatalogue(t *testing.T) {
	c := newCloud(t)
	at := c.sub + "/providers/Microsoft.Compute/locations/" + c.w.Regions[0] + "/publishers/"
	for path, want := range map[string]string{
		"Microsoft.Azure.NetworkWatcher/artifacttypes/vmextension/types":                                   "/ArtifactTypes/VMExtension/Types/NetworkWatcherAgentLinux\"",
		"Microsoft.Azure.NetworkWatcher/artifacttypes/vmextension/types/NetworkWatcherAgentLinux/versions": "\"1.4.1884.1\"",
		"Debian/artifacttypes/vmimage/offers/debian-12/skus/12-gen2/versions":                              "/Skus/12-gen2/Versions/1.0.",
		"MicrosoftWindowsServer/artifacttypes/vmimage/offers/WindowsServer/skus/2022/versions/latest":      "\"operatingSystem\":\"Windows\"",
	} {
		if a := c.want(c.do("GET", at+path, ""), 200, path); !strings.Contains(a.text, want) {
			t.Errorf("%s: %s", path, a.text)
		}
	}
	c.want(c.do("GET", at+"Nobody/artifacttypes/vmextension/types/none/versions", ""), 404, "no such extension")
}

package metadata

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
)

func get(t *testing.T, method, query string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "https://localhost:8443"+Path+query, nil)
	if !Serves(r) {
		t.Fatal("not served")
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestWhatTerraformReads: without these azurerm refuses the cloud, or takes it
// for Azure Stack.
func TestWhatTerraformReads(t *testing.T) {
	_, text := get(t, "GET", "?api-version=2022-09-01")
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[[2]string]any{
		{"", "name"}: "AzureCloud", {"", "resourceManager"}: "https://localhost:8443/", {"", "microsoftGraphResourceId"}: "https://localhost:8443/",
		{"authentication", "identityProvider"}: "AAD", {"authentication", "tenant"}: "common", {"authentication", "loginEndpoint"}: "https://localhost:8443",
		{"suffixes", "storage"}: "localhost:8443", {"suffixes", "keyVaultDns"}: "vault.localhost:8443",
	} {
		at := doc
		if path[0] != "" {
			at, _ = doc[path[0]].(map[string]any)
		}
		if at[path[1]] != want {
			t.Errorf("%v is %v, want %v", path, at[path[1]], want)
		}
	}
}

// TestWhatAzReads: the array of 2019-05-01 has the keys that az maps.
func TestWhatAzReads(t *testing.T) {
	_, text := get(t, "GET", "?api-version=2019-05-01")
	var docs []map[string]any
	if err := json.Unmarshal([]byte(text), &docs); err != nil || len(docs) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	for _, key := range []string{"name", "authentication", "resourceManager", "sqlManagement", "batch", "gallery", "graphAudience", "vmImageAliasDoc", "media", "suffixes"} {
		if docs[0][key] == nil {
			t.Errorf("no %s", key)
		}
	}
}

func TestOldAndWrongVersions(t *testing.T) {
	for _, version := range []string{"2015-01-01", "2018-01-01"} {
		_, text := get(t, "GET", "?api-version="+version)
		var doc map[string]any
		if err := json.Unmarshal([]byte(text), &doc); err != nil || doc["galleryEndpoint"] == nil || doc["name"] != nil {
			t.Errorf("%s: %v %s", version, err, text)
		}
	}
	if code, _ := get(t, "GET", ""); code != 400 {
		t.Errorf("without a version: %d", code)
	}
	if code, _ := get(t, "POST", "?api-version=2022-09-01"); code != 405 {
		t.Errorf("POST: %d", code)
	}
}

// Package metadata is the sandbox's /metadata/endpoints: the documents by
// which clients learn where a cloud signs in, which audience its tokens have
// and below which name its storage accounts are. Shapes are those that
// management.azure.com answers for the api-versions 2015-01-01, 2018-01-01,
// 2019-05-01 and 2022-09-01, as the Azure CLI and hashicorp's go-azure-sdk
// read them.
package metadata

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Path is where the documents are.
const Path = "/metadata/endpoints"

// Serves reports whether a request is for the documents.
func Serves(r *http.Request) bool {
	return strings.EqualFold(strings.TrimSuffix(r.URL.Path, "/"), Path)
}

type authentication struct {
	LoginEndpoint    string   `json:"loginEndpoint"`
	Audiences        []string `json:"audiences"`
	Tenant           string   `json:"tenant"`
	IdentityProvider string   `json:"identityProvider"`
}

// suffixes are those of names below the server's. What is not served is left
// out or empty, so that clients do not try it.
type suffixes struct {
	Storage  string `json:"storage"`
	KeyVault string `json:"keyVaultDns"`
	SQL      string `json:"sqlServerHostname"`
	Lake     string `json:"azureDataLakeStoreFileSystem"`
	Jobs     string `json:"azureDataLakeAnalyticsCatalogAndJob"`
	Registry string `json:"acrLoginServer"`
}

// endpoints is the object of api-version 2022-09-01, and the elements of the
// array of 2019-05-01.
type endpoints struct {
	Portal          string         `json:"portal"`
	Authentication  authentication `json:"authentication"`
	Media           string         `json:"media"`
	GraphAudience   string         `json:"graphAudience"`
	Graph           string         `json:"graph"`
	Name            string         `json:"name"`
	Suffixes        suffixes       `json:"suffixes"`
	Batch           string         `json:"batch"`
	ResourceManager string         `json:"resourceManager"`
	ImageAliases    string         `json:"vmImageAliasDoc"`
	DataLake        string         `json:"activeDirectoryDataLake"`
	SQL             string         `json:"sqlManagement"`
	MicrosoftGraph  string         `json:"microsoftGraphResourceId"`
	Gallery         string         `json:"gallery"`
}

// old is the document of the first two api-versions.
type old struct {
	Gallery        string `json:"galleryEndpoint"`
	Graph          string `json:"graphEndpoint"`
	Portal         string `json:"portalEndpoint"`
	Authentication struct {
		LoginEndpoint string   `json:"loginEndpoint"`
		Audiences     []string `json:"audiences"`
	} `json:"authentication"`
}

// CloudName is that of the public cloud: clients take others for Azure Stack.
const CloudName = "AzureCloud"

// Handler answers with the documents, all of whose addresses are on the host
// that was asked.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			answer(w, http.StatusMethodNotAllowed, refusal("MethodNotAllowed", "The requested resource does not support http method '"+r.Method+"'."))
			return
		}
		version := r.URL.Query().Get("api-version")
		switch {
		case version == "":
			answer(w, http.StatusBadRequest, refusal("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."))
		case version < "2019":
			answer(w, http.StatusOK, oldFor(r))
		case version < "2022":
			answer(w, http.StatusOK, []endpoints{newFor(r)})
		default:
			answer(w, http.StatusOK, newFor(r))
		}
	})
}

func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host + "/"
	}
	return "http://" + r.Host + "/"
}

func newFor(r *http.Request) endpoints {
	at := base(r)
	return endpoints{
		Portal: at, Name: CloudName, ResourceManager: at, MicrosoftGraph: at, GraphAudience: at, Graph: at, Gallery: at,
		SQL: at, Batch: at, Media: at, DataLake: at, ImageAliases: at,
		Authentication: authentication{LoginEndpoint: strings.TrimSuffix(at, "/"), Audiences: []string{at, strings.TrimSuffix(at, "/")},
			Tenant: "common", IdentityProvider: "AAD"},
		Suffixes: suffixes{Storage: r.Host, KeyVault: "vault." + r.Host, SQL: "database." + r.Host},
	}
}

func oldFor(r *http.Request) old {
	at := base(r)
	doc := old{Gallery: at, Graph: at, Portal: at}
	doc.Authentication.LoginEndpoint, doc.Authentication.Audiences = at, []string{at}
	return doc
}

func refusal(code, message string) any {
	return map[string]any{"error": map[string]string{"code": code, "message": message}}
}

func answer(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// An error is a client that went away.
	_ = json.NewEncoder(w).Encode(doc)
}

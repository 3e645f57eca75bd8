package providers

import (
	"flowctl/plan"
	"flowctl/providers/azure"
)

// OpenStorage opens the blob service of a storage account by its URL alone,
// without Resource Manager: with the shared access signature sas or, if that
// is empty, as the default credential. MetadataHost names a cloud that the
// URL does not tell; it may be empty.
func OpenStorage(account, sas, metadataHost string, env Env) (plan.Blobs, error) {
	return azure.OpenStorage(azure.Options{MetadataHost: metadataHost, Logger: env.Log}, account, sas)
}

package sandbox

import (
	"log/slog"
	"net/http"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/arm"
	"flowctl/providers/sandbox/internal/blob"
	"flowctl/providers/sandbox/internal/world"
)

// WorldSource is the text of the built-in world, in HCL.
func WorldSource() []byte { return world.BuiltinSource() }

// InVain lists what clients asked Resource Manager for and this sandbox does
// not serve, with how often.
func (s *Sandbox) InVain() []arm.Vain { return s.arm.InVain() }

// What a Blob service serves when others than a world fill its accounts.
type (
	BlobSource    = blob.Source    // of all blobs
	BlobAccount   = blob.Account   // one storage account
	BlobContainer = blob.Container // of an account
	Blob          = blob.Blob      // one committed version
	BlobBlock     = blob.Block     // one of its blocks
)

// BlobHandler serves the blobs of src as Azure Storage does. What clients
// upload is kept in memory.
func BlobHandler(src BlobSource, clock plan.Clock, log *slog.Logger) (http.Handler, error) {
	uploads, err := blob.OpenUploads("")
	if err != nil {
		return nil, err
	}
	return blob.New(blob.Options{Source: src, Uploads: uploads, Clock: clock, Logger: log}), nil
}

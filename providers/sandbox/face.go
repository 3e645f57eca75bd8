package sandbox

import (
	"context"
	"fmt"
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

// Laid is a lock, policy, role or fault that acts in the world.
type Laid = arm.Laid

// Laid lists what acts in the world now.
func (s *Sandbox) Laid() ([]Laid, error) {
	all, err := s.arm.Laid()
	for _, f := range s.faults.All() {
		all = append(all, Laid{Kind: "fault", Name: f.Name})
	}
	return all, err
}

// Lay lets the locks, policies, faults and roles of a text act in the world from
// now on. They are written as in the world's file; name is the text's own in
// errors.
func (s *Sandbox) Lay(ctx context.Context, name string, src []byte) error {
	w, err := world.ParseLaid(s.options.WorldPath, name, src)
	if err == nil {
		err = w.CheckFaults(operations())
	}
	if err != nil {
		return err
	}
	if len(w.Locks)+len(w.Policies)+len(w.Roles) > 0 {
		if err := s.arm.Lay(ctx, w); err != nil {
			return err
		}
	}
	if len(w.Faults) > 0 {
		return s.faults.Lay(ctx, w.Faults)
	}
	return nil
}

// Lift takes away what is of a kind and a name.
func (s *Sandbox) Lift(ctx context.Context, kind, name string) error {
	n, err := 0, error(nil)
	if kind == "fault" {
		var found bool
		if found, err = s.faults.Lift(ctx, name); found {
			n = 1
		}
	} else {
		n, err = s.arm.Lift(ctx, kind, name)
	}
	if err == nil && n == 0 {
		err = fmt.Errorf("there is no %s %q; `flowctl sandbox laid` lists what there is", kind, name)
	}
	return err
}

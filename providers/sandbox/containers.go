package sandbox

import (
	"context"

	"flowctl/providers/sandbox/internal/arm"
)

// containers show Resource Manager what the Blob service keeps.
type containers struct{ s *Sandbox }

// List lists an account's containers.
func (c containers) List(account string) ([]arm.Container, error) {
	held, err := c.s.blob.Containers(account)
	var all []arm.Container
	for _, h := range held {
		all = append(all, arm.Container{Name: h.Name, Modified: h.Modified})
	}
	return all, err
}

// Make makes a container.
func (c containers) Make(ctx context.Context, account, name string) error {
	return c.s.blob.MakeContainer(ctx, account, name)
}

// Remove removes a container with its blobs.
func (c containers) Remove(ctx context.Context, account, name string) error {
	return c.s.blob.RemoveContainer(ctx, account, name)
}

// Empty forgets all that clients put into an account.
func (c containers) Empty(ctx context.Context, account string) error {
	return c.s.blob.Empty(ctx, account)
}

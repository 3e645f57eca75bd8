package azure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
)

// captures are the packet captures of a subscription.
type captures struct{ p *Provider }

func (captures) noun() string       { return "packet capture" }
func (captures) collection() string { return "packetCaptures" }

func (c captures) get(ctx context.Context, at place) (plan.Recording, error) {
	resp, err := c.p.network.NewPacketCapturesClient().Get(ctx, at.group, at.watcher, at.name, nil)
	if err != nil {
		return plan.Recording{ID: at.id, Mechanism: plan.PacketCapture}, plain(err)
	}
	r := captureRecording(&resp.PacketCaptureResult)
	if r.ID == "" {
		r.ID = at.id
	}
	return r, nil
}

func (c captures) put(ctx context.Context, at place, s plan.Session) error {
	body, err := captureBody(s)
	if err != nil {
		return err
	}
	client := c.p.network.NewPacketCapturesClient()
	_, accepted, err := operate(ctx, c.p, func(ctx context.Context) (*runtime.Poller[armnetwork.PacketCapturesClientCreateResponse], error) {
		return client.BeginCreate(ctx, at.group, at.watcher, at.name, body, nil)
	})
	return created(accepted, err)
}

func (c captures) remove(ctx context.Context, at place) error {
	client := c.p.network.NewPacketCapturesClient()
	_, _, err := operate(ctx, c.p, func(ctx context.Context) (*runtime.Poller[armnetwork.PacketCapturesClientDeleteResponse], error) {
		return client.BeginDelete(ctx, at.group, at.watcher, at.name, nil)
	})
	return err
}

func (c captures) stop(ctx context.Context, at place) error {
	client := c.p.network.NewPacketCapturesClient()
	_, _, err := operate(ctx, c.p, func(ctx context.Context) (*runtime.Poller[armnetwork.PacketCapturesClientStopResponse], error) {
		return client.BeginStop(ctx, at.group, at.watcher, at.name, nil)
	})
	return err
}

func (c captures) ended(ctx context.Context, at place) (bool, error) {
	s, err := c.status(ctx, at)
	return err == nil && captureState(s).Ended(), err
}

// status asks the agent how the capture is, by way of Azure.
func (c captures) status(ctx context.Context, at place) (armnetwork.PacketCaptureQueryStatusResult, error) {
	client := c.p.network.NewPacketCapturesClient()
	resp, _, err := operate(ctx, c.p, func(ctx context.Context) (*runtime.Poller[armnetwork.PacketCapturesClientGetStatusResponse], error) {
		return client.BeginGetStatus(asRead(ctx), at.group, at.watcher, at.name, nil)
	})
	return resp.PacketCaptureQueryStatusResult, err
}

// captureState is what the agent said; nothing is said of a capture that is
// about to start, and by some API versions of a running one.
func captureState(s armnetwork.PacketCaptureQueryStatusResult) plan.CaptureState {
	if s.PacketCaptureStatus == nil || *s.PacketCaptureStatus == "" {
		return plan.CaptureUnknown
	}
	return plan.CaptureState(*s.PacketCaptureStatus)
}

// captureBody is the resource that s asks for. A ring has limits of its own,
// so a plain capture's are not sent with one; and continuousCapture is sent
// only with a ring, since false is a third thing beside true and nothing.
func captureBody(s plan.Session) (armnetwork.PacketCapture, error) {
	if s.Capture == nil {
		return armnetwork.PacketCapture{}, fmt.Errorf("session %s has no settings of a packet capture", s.Name)
	}
	spec := *s.Capture
	props := &armnetwork.PacketCaptureParameters{
		Target:                  to.Ptr(string(s.Target.ID)),
		TargetType:              to.Ptr(targetType(s.Target)),
		BytesToCapturePerPacket: to.Ptr(spec.BytesPerPacket),
		Filters:                 captureFilters(spec.Filters),
		StorageLocation:         storageLocation(s),
	}
	if targetType(s.Target) == armnetwork.PacketCaptureTargetTypeAzureVMSS {
		props.Scope = &armnetwork.PacketCaptureMachineScope{Include: to.SliceOfPtrs(spec.Include...), Exclude: to.SliceOfPtrs(spec.Exclude...)}
	}
	if r := spec.Ring; r != nil {
		props.ContinuousCapture = to.Ptr(true)
		props.CaptureSettings = &armnetwork.PacketCaptureSettings{
			FileCount: to.Ptr(int32(r.Files)), FileSizeInBytes: to.Ptr(r.FileSize), SessionTimeLimitInSeconds: to.Ptr(seconds(r.Duration)),
		}
		return armnetwork.PacketCapture{Properties: props}, nil
	}
	if spec.Duration > 0 {
		props.TimeLimitInSeconds = to.Ptr(seconds(spec.Duration))
	}
	if spec.MaxBytes > 0 {
		props.TotalBytesPerSession = to.Ptr(spec.MaxBytes)
	}
	return armnetwork.PacketCapture{Properties: props}, nil
}

func targetType(t plan.Target) armnetwork.PacketCaptureTargetType {
	if t.Kind == "vmss" {
		return armnetwork.PacketCaptureTargetTypeAzureVMSS
	}
	return armnetwork.PacketCaptureTargetTypeAzureVM
}

// storageLocation says where the capture goes; the path on the machine has
// one name with a ring and another without.
func storageLocation(s plan.Session) *armnetwork.PacketCaptureStorageLocation {
	l := &armnetwork.PacketCaptureStorageLocation{StorageID: optional(string(s.Storage))}
	if s.Capture.Ring != nil {
		l.LocalPath = optional(s.Capture.LocalPath)
	} else {
		l.FilePath = optional(s.Capture.LocalPath)
	}
	return l
}

func captureFilters(filters []plan.CaptureFilter) []*armnetwork.PacketCaptureFilter {
	var out []*armnetwork.PacketCaptureFilter
	for _, f := range filters {
		a := &armnetwork.PacketCaptureFilter{
			LocalIPAddress: optional(f.LocalAddress), LocalPort: optional(f.LocalPort),
			RemoteIPAddress: optional(f.RemoteAddress), RemotePort: optional(f.RemotePort),
		}
		if f.Protocol != "" {
			a.Protocol = to.Ptr(armnetwork.PcProtocol(f.Protocol))
		}
		out = append(out, a)
	}
	return out
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// captureRecording is c in flowctl's terms.
func captureRecording(c *armnetwork.PacketCaptureResult) plan.Recording {
	r := plan.Recording{ID: plan.ID(val(c.ID)), Mechanism: plan.PacketCapture, Capture: &plan.CaptureSpec{}}
	props := c.Properties
	if props == nil {
		return r
	}
	r.Target, r.Provisioning = plan.ID(val(props.Target)), string(val(props.ProvisioningState))
	if l := props.StorageLocation; l != nil {
		r.Storage, r.Path = plan.ID(val(l.StorageID)), val(l.StoragePath)
		r.Capture.LocalPath = firstOf(val(l.LocalPath), val(l.FilePath))
	}
	r.Capture.BytesPerPacket = val(props.BytesToCapturePerPacket)
	r.Capture.Duration = time.Duration(val(props.TimeLimitInSeconds)) * time.Second
	r.Capture.MaxBytes = val(props.TotalBytesPerSession)
	if val(props.ContinuousCapture) {
		ring(r.Capture, props.CaptureSettings)
	}
	for _, f := range props.Filters {
		if f != nil {
			r.Capture.Filters = append(r.Capture.Filters, captureFilter(f))
		}
	}
	if props.Scope != nil {
		r.Capture.Include, r.Capture.Exclude = instances(r.Target, values(props.Scope.Include)), instances(r.Target, values(props.Scope.Exclude))
	}
	return r
}

// instances are those of a scale set by their numbers, in order. Azure answers
// with ids where numbers were sent.
func instances(set plan.ID, names []string) []string {
	var out []string
	for _, name := range names {
		if id := plan.ID(name); id.Parent().Is(set) {
			name = id.Name()
		}
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return out
}

// ring reads the settings of a continuous capture, where Azure states its
// defaults if it states none. Its duration and size are the ring's.
func ring(c *plan.CaptureSpec, s *armnetwork.PacketCaptureSettings) {
	c.Ring = &plan.Ring{Files: 10, FileSize: 100 << 20, Duration: 24 * time.Hour}
	if s != nil && s.FileCount != nil {
		c.Ring.Files = int(*s.FileCount)
	}
	if s != nil && s.FileSizeInBytes != nil {
		c.Ring.FileSize = *s.FileSizeInBytes
	}
	if s != nil && s.SessionTimeLimitInSeconds != nil {
		c.Ring.Duration = time.Duration(*s.SessionTimeLimitInSeconds) * time.Second
	}
	c.Duration, c.MaxBytes = c.Ring.Duration, int64(c.Ring.Files)*c.Ring.FileSize
}

// captureFilter reads a filter; that any protocol will do, which Azure writes
// as Any, is said by an empty field as in all others.
func captureFilter(f *armnetwork.PacketCaptureFilter) plan.CaptureFilter {
	out := plan.CaptureFilter{
		Protocol: string(val(f.Protocol)), LocalAddress: val(f.LocalIPAddress), LocalPort: val(f.LocalPort),
		RemoteAddress: val(f.RemoteIPAddress), RemotePort: val(f.RemotePort),
	}
	if out.Protocol == string(armnetwork.PcProtocolAny) {
		out.Protocol = ""
	}
	return out
}

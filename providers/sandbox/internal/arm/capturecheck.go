package arm

import (
	"math"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// checkCapture refuses what the service would not do.
func (q *request) checkCapture(st *State, w *Watcher, c *Capture) error {
	for _, check := range []func() error{
		func() error {
			if !validName(q.path["name"]) {
				return errName(q.path["name"])
			}
			return nil
		},
		func() error {
			if st.capture(c.ID, q.now) != nil {
				return refuse(http.StatusConflict, "PacketCaptureAlreadyExists",
					"The packet capture %s exists already and cannot be changed. Delete it first, or use another name.", c.ID)
			}
			return nil
		},
		func() error { return q.free(st, w.ID, c.ID) },
		func() error { return q.withinQuota(st, "PacketCaptures", w.Location, c.ID) },
		func() error { return q.checkCaptureTarget(st, w, c) },
		func() error { return checkCaptureLimits(&c.Settings) },
		func() error { return q.checkCaptureStorage(st, w, c) },
		func() error {
			if err := c.traffic(c.Settings.Target).Check(); err != nil {
				return errInvalid("filters", "%v.", err)
			}
			return nil
		},
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (q *request) checkCaptureTarget(st *State, w *Watcher, c *Capture) error {
	s := &c.Settings
	if s.Target == "" {
		return errInvalid("target", "It is required.")
	}
	if err := q.near(st, s.Target, c.ID, w.Location); err != nil {
		return err
	}
	target := q.described(st, s.Target)
	_, isVM := target.(*world.VM)
	_, isSet := target.(*world.ScaleSet)
	if isVM && s.TargetType != targetVM || isSet && s.TargetType != targetSet || !isVM && !isSet {
		return errInvalid("target", "'%s' is no resource of targetType %s.", s.Target, s.TargetType)
	}
	if err := q.unlockedAt(st, s.Target, "write"); err != nil {
		return err
	}
	if vm, ok := target.(*world.VM); ok {
		return q.checkCaptureVM(st, vm, s)
	}
	return q.checkCaptureSet(st, target.(*world.ScaleSet), s)
}

func (q *request) checkCaptureVM(st *State, vm *world.VM, s *CaptureSettings) error {
	switch {
	case len(s.Scope.Include)+len(s.Scope.Exclude) > 0:
		return errInvalid("scope", "It is for targets of type %s only.", targetSet)
	case vm.Power != "running":
		return refuse(http.StatusBadRequest, "VMNotRunning", "The virtual machine %s is not running: its state is %s.", vm.ID, vm.Power)
	case !q.hasAgent(st, vm):
		return errAgent(vm.ID, vm.OS)
	}
	return nil
}

func (q *request) checkCaptureSet(st *State, set *world.ScaleSet, s *CaptureSettings) error {
	if len(s.Scope.Include) > 0 && len(s.Scope.Exclude) > 0 {
		return errInvalid("scope", "Instances can be included or excluded, not both.")
	}
	for _, number := range slices.Concat(s.Scope.Include, s.Scope.Exclude) {
		known := slices.ContainsFunc(set.Instances, func(i *world.Instance) bool { return i.Number == number || i.ID.Is(plan.ID(number)) }) ||
			slices.ContainsFunc(set.Machines, func(v *world.VM) bool { return v.ID.Is(plan.ID(number)) })
		if !known {
			return errInvalid("scope", "%s has no instance %s.", set.Name, number)
		}
	}
	running := 0
	for _, i := range set.Instances {
		if i.Power != "running" || !s.covers(i) {
			continue
		}
		running++
		if !q.instanceAgent(st, i) {
			return errAgent(i.ID, set.OS)
		}
	}
	for _, v := range set.Machines {
		if v.Power != "running" || !s.coversID(v.ID, "") {
			continue
		}
		running++
		if !q.hasAgent(st, v) {
			return errAgent(v.ID, set.OS)
		}
	}
	if running == 0 {
		return refuse(http.StatusBadRequest, "VMNotRunning", "No instance of the virtual machine scale set %s that is in scope is running.", set.ID)
	}
	return nil
}

func errAgent(id plan.ID, os string) *Error {
	return refuse(http.StatusBadRequest, "NetworkWatcherAgentNotInstalled",
		"The extension %s.%s%s is not installed on %s. Packet captures need it.", agentPublisher, agentType, os, id)
}

func checkCaptureLimits(s *CaptureSettings) error {
	within := func(name string, v, low, high int64) error {
		if v < low || v > high {
			return errInvalid(name, "%d is not between %d and %d.", v, low, high)
		}
		return nil
	}
	if err := within("bytesToCapturePerPacket", *s.BytesPerPacket, 0, math.MaxUint32); err != nil {
		return err
	}
	if !s.ring() {
		if err := within("totalBytesPerSession", *s.BytesPerSession, 0, math.MaxUint32); err != nil {
			return err
		}
		return within("timeLimitInSeconds", *s.TimeLimit, 1, 18000)
	}
	if err := within("captureSettings.fileCount", *s.Ring.Files, 1, 10000); err != nil {
		return err
	}
	if err := within("captureSettings.fileSizeInBytes", *s.Ring.FileSize, 1, math.MaxUint32); err != nil {
		return err
	}
	return within("captureSettings.sessionTimeLimitInSeconds", *s.Ring.TimeLimit, 1, 604800)
}

func (q *request) checkCaptureStorage(st *State, w *Watcher, c *Capture) error {
	s := &c.Settings.Storage
	continuous := c.Settings.Continuous != nil
	local, name, other := s.FilePath, "filePath", s.LocalPath
	if continuous {
		local, name, other = s.LocalPath, "localPath", s.FilePath
	}
	switch {
	case other != "" && continuous:
		return errInvalid("storageLocation.filePath", "With continuousCapture the path on the machine is localPath.")
	case other != "":
		return errInvalid("storageLocation.localPath", "It is for captures with continuousCapture only.")
	case s.Storage == "" && local == "":
		return errInvalid("storageLocation", "One of storageId, filePath and localPath is required.")
	case s.Storage == "" && s.Path != "":
		return errInvalid("storageLocation.storagePath", "It needs a storageId.")
	}
	if err := q.checkLocalPath(st, c, name, local); err != nil || s.Storage == "" {
		return err
	}
	a, err := q.checkStorage(st, s.Storage, c.ID, w.Location)
	if err != nil {
		return err
	}
	if err := q.unlockedAt(st, a.ID, "write"); err != nil { // the service lists its keys
		return err
	}
	if !a.SharedKey {
		return refuse(http.StatusBadRequest, "StorageAccountKeyAccessDisabled",
			"The storage account %s does not permit shared key access, which packet captures need.", a.ID)
	}
	if s.Path == "" {
		return nil
	}
	if account, _, _, ok := blobAt(s.Path); !ok || account != strings.ToLower(a.Name) {
		return errInvalid("storageLocation.storagePath", "'%s' is not the address of a blob in storage account %s.", s.Path, a.Name)
	}
	return nil
}

// checkLocalPath checks where a capture's file is to be. A relative path is
// taken on Linux too: recorded in cli-packet-capture-vm.
func (q *request) checkLocalPath(st *State, c *Capture, name, path string) error {
	os := ""
	switch r := q.described(st, c.Settings.Target).(type) {
	case *world.VM:
		os = r.OS
	case *world.ScaleSet:
		os = r.OS
	}
	switch {
	case path == "":
		return nil
	case !strings.HasSuffix(path, ".cap"):
		return errInvalid("storageLocation."+name, "'%s' does not end in .cap.", path)
	case os == "Linux" && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/var/captures"):
		return errInvalid("storageLocation."+name, "'%s' does not begin with /var/captures, as it must on Linux.", path)
	}
	return nil
}

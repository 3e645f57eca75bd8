package plan

// The codes of findings. They are stable: scripts may rely on them. What each
// means, why, and what to do is in cmd/flowctl/docs/findings.md.
const (
	// Of the time box.
	WindowOver     = "window-over"
	NotRecorded    = "not-recorded"
	WindowTooShort = "window-too-short"
	StartsLate     = "starts-late"
	StartsTooLate  = "starts-too-late"
	WindowFixed    = "window-fixed"
	NotApproved    = "not-approved"
	ClockSkew      = "clock-skew"

	// Of what was started.
	NotSelected      = "not-selected"
	LeftBehind       = "left-behind"
	UndoLocalOnly    = "undo-local-only"
	RecordingChanged = "recording-changed"
	NoData           = "no-data"
	NotFetched       = "not-fetched"

	// Of targets and machines.
	MachineOff      = "vm-not-running"
	NICMissing      = "vm-without-nic"
	MACUnknown      = "mac-unknown"
	AgentMissing    = "agent-missing"
	AgentInstalled  = "agent-installed"
	AgentWrongOS    = "agent-wrong-os"
	AgentFailed     = "agent-failed"
	AgentChanging   = "agent-changing"
	InstanceMissing = "instance-missing"
	CaptureDenied   = "capture-denied"
	AKSNode         = "aks-node"
	NSGUnused       = "nsg-unused"
	QueryOutside    = "query-outside"
	QueryStale      = "query-stale"

	// Of watchers and the subscription.
	WatcherMissing       = "watcher-missing"
	WatcherCreated       = "watcher-created"
	ProviderUnregistered = "provider-unregistered"
	QuotaExceeded        = "quota-exceeded"
	LockedReadOnly       = "locked-read-only"
	LockedDelete         = "locked-delete"
	PermissionMissing    = "permission-missing"
	NotChecked           = "not-checked"

	// Of storage.
	StorageMissing     = "storage-missing"
	StorageRegion      = "storage-region"
	StorageTenant      = "storage-tenant"
	StoragePremium     = "storage-premium"
	StorageKind        = "storage-kind"
	StorageSharedKey   = "storage-shared-key"
	StorageFirewall    = "storage-firewall"
	StorageUnreached   = "storage-unreached"
	StorageReader      = "storage-reader"
	StorageImmutable   = "storage-immutable"
	RetentionKind      = "retention-kind"
	RetentionShort     = "retention-short"
	LifecycleRewritten = "lifecycle-rewritten"
	LifecycleFull      = "lifecycle-full"
	LifecycleDeletes   = "lifecycle-deletes"

	// Of other flow logs.
	FlowLogPartial  = "flow-log-partial"
	FlowLogFiltered = "flow-log-read-filtered"
	FlowLogDisabled = "flow-log-disabled"
	FlowLogTaken    = "flow-log-taken"
	FlowLogOverlap  = "flow-log-overlap"
	NameCollision   = "name-collision"
	PolicyFlowLog   = "policy-flow-log"
	NSGFlowLog      = "nsg-flow-log"

	// Of what is recorded.
	FilterNeverMatches   = "filter-never-matches"
	FilterUnknownPeer    = "filter-unknown-peer"
	RecordTypesBytes     = "record-types-bytes"
	WorkspaceMissing     = "workspace-missing"
	Preview              = "preview"
	ICMPUnlogged         = "icmp-not-logged"
	PrivateEndpointBlind = "private-endpoint-unseen"
	ServiceUnlogged      = "service-not-logged"
	GatewayUnlogged      = "gateway-not-logged"
	EncryptionOff        = "encryption-off"
	CaptureShort         = "capture-shorter"
	CaptureSize          = "capture-size"
	LocalCopy            = "local-copy"
	LocalPathOS          = "local-path-os"

	// Of policies.
	PolicyNotKept = "policy-not-kept"

	// Of money.
	BudgetExceeded = "budget-exceeded"
	BudgetUnknown  = "budget-unknown"
)

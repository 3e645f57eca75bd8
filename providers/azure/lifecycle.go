package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"flowctl/plan"
)

// managementPolicy is the part of a storage account's lifecycle rules that
// tells what becomes of blobs (Microsoft.Storage/storageAccounts/managementPolicies,
// API version 2023-05-01).
type managementPolicy struct {
	Properties struct {
		Policy struct {
			Rules []managementRule `json:"rules"`
		} `json:"policy"`
	} `json:"properties"`
}

type managementRule struct {
	Name       string `json:"name"`
	Enabled    *bool  `json:"enabled"` // left out: true
	Definition struct {
		Filters struct {
			Types    []string          `json:"blobTypes"`
			Prefixes []string          `json:"prefixMatch"`
			Tags     []json.RawMessage `json:"blobIndexMatch"`
		} `json:"filters"`
		Actions struct {
			BaseBlob struct {
				Delete *ages `json:"delete"`
			} `json:"baseBlob"`
		} `json:"actions"`
	} `json:"definition"`
}

// ages are the days after which a rule does something. Azure takes any of
// them; they come as numbers with a fraction.
type ages struct {
	Modified *float64 `json:"daysAfterModificationGreaterThan"`
	Created  *float64 `json:"daysAfterCreationGreaterThan"`
	Accessed *float64 `json:"daysAfterLastAccessTimeGreaterThan"`
}

const lifecycleVersion = "2023-05-01"

// Lifecycle reads the management policy of a storage account, which need not
// be in the provider's subscription. An account without one has no rules.
func (p *Provider) Lifecycle(ctx context.Context, account plan.ID) (plan.Lifecycle, error) {
	out := plan.Lifecycle{Account: account}
	doc, err := p.get(ctx, p.address(string(account)+"/managementPolicies/default", lifecycleVersion))
	if isNotFound(err) {
		return out, p.withoutPolicy(ctx, account, err)
	}
	var policy managementPolicy
	if err == nil {
		err = decode(doc.body, &policy)
	}
	if err != nil {
		return out, fmt.Errorf("read the lifecycle rules of storage account %s: %w", account.Name(), err)
	}
	out.Raw = doc.body
	for _, r := range policy.Properties.Policy.Rules {
		out.Rules = append(out.Rules, r.rule())
	}
	return out, nil
}

// withoutPolicy tells an account without a policy from one that is not there.
func (p *Provider) withoutPolicy(ctx context.Context, account plan.ID, cause error) error {
	var no *refusal
	if errors.As(cause, &no) && no.code == "ManagementPolicyNotFound" {
		return nil
	}
	var there idOf
	if err := p.getInto(ctx, string(account), lifecycleVersion, &there); err != nil {
		return fmt.Errorf("read the lifecycle rules of storage account %s: %w", account.Name(), cause)
	}
	return nil
}

func (r managementRule) rule() plan.LifecycleRule {
	out := plan.LifecycleRule{Name: r.Name, Enabled: r.Enabled == nil || *r.Enabled, Prefixes: r.Definition.Filters.Prefixes}
	if d := r.Definition.Actions.BaseBlob.Delete; d != nil && r.touchesLogs() {
		out.DeleteDays = d.days()
	}
	return out
}

// touchesLogs reports whether the rule may hold for what Network Watcher
// writes: block blobs without index tags.
func (r managementRule) touchesLogs() bool {
	f := r.Definition.Filters
	return len(f.Tags) == 0 && (len(f.Types) == 0 || slices.Contains(f.Types, "blockBlob"))
}

// days is the soonest at which a rule may delete a blob that nobody reads; a
// blob is deleted on the day after that many.
func (a ages) days() int {
	least := math.Inf(1)
	for _, d := range []*float64{a.Modified, a.Created, a.Accessed} {
		if d != nil {
			least = min(least, *d)
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return max(int(least), 1)
}

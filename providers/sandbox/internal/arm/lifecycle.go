package arm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Lifecycle is the management policy of a storage account, whose rules delete
// and move blobs.
type Lifecycle struct {
	Account  plan.ID         `json:"account"`
	Modified time.Time       `json:"modified"`
	Rules    []LifecycleRule `json:"rules"`
}

// LifecycleRule is a rule in ARM's form (Microsoft.Storage, managementPolicies).
// What its definition holds beside the filters and the deletion is kept as it is.
type LifecycleRule struct {
	Enabled    bool            `json:"enabled"`
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Definition json.RawMessage `json:"definition"`
}

// ruleDefinition is as much of a rule's definition as the sandbox looks at.
type ruleDefinition struct {
	Actions struct {
		BaseBlob ruleActions     `json:"baseBlob,omitzero"`
		Snapshot json.RawMessage `json:"snapshot,omitempty"`
		Version  json.RawMessage `json:"version,omitempty"`
	} `json:"actions"`
	Filters struct {
		BlobTypes []string `json:"blobTypes"`
		Prefixes  []string `json:"prefixMatch,omitempty"`
	} `json:"filters"`
}

type ruleActions struct {
	Delete *ruleAge `json:"delete,omitempty"`
	Cool   *ruleAge `json:"tierToCool,omitempty"`
}

type ruleAge struct {
	Modified float64 `json:"daysAfterModificationGreaterThan"`
}

func age(days int) *ruleAge {
	if days == 0 {
		return nil
	}
	return &ruleAge{Modified: float64(days)}
}

func newRule(name string, enabled bool, d ruleDefinition) LifecycleRule {
	d.Filters.BlobTypes = []string{"blockBlob"}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // plain values only
	}
	return LifecycleRule{Enabled: enabled, Name: name, Type: "Lifecycle", Definition: text}
}

func (r LifecycleRule) definition() (d ruleDefinition) {
	_ = json.Unmarshal(r.Definition, &d) // it was checked when it was put
	return d
}

func seedLifecycles(w *world.World) []*Lifecycle {
	var all []*Lifecycle
	for _, a := range w.Accounts {
		if len(a.Lifecycle) == 0 {
			continue
		}
		l := &Lifecycle{Account: a.ID, Modified: w.Epoch.AddDate(0, -6, 0)}
		for _, r := range a.Lifecycle {
			var d ruleDefinition
			d.Actions.BaseBlob = ruleActions{Delete: age(r.Delete), Cool: age(r.Cool)}
			d.Filters.Prefixes = r.Prefixes
			l.Rules = append(l.Rules, newRule(r.Name, r.Enabled, d))
		}
		all = append(all, l)
	}
	return all
}

// lifecycle is the policy of an account, or nil.
func (st *State) lifecycle(account plan.ID) *Lifecycle {
	for _, l := range st.Lifecycles {
		if l.Account.Is(account) {
			return l
		}
	}
	return nil
}

type lifecycleDoc struct {
	ID         plan.ID `json:"id"`
	Name       string  `json:"name"`
	Type       string  `json:"type"`
	Properties struct {
		Policy struct {
			Rules []LifecycleRule `json:"rules"`
		} `json:"policy"`
		Modified string `json:"lastModifiedTime"`
	} `json:"properties"`
}

func (l *Lifecycle) doc() lifecycleDoc {
	d := lifecycleDoc{ID: l.Account + "/managementPolicies/default", Name: "DefaultManagementPolicy", Type: accountType + "/managementPolicies"}
	d.Properties.Policy.Rules, d.Properties.Modified = l.Rules, l.Modified.UTC().Format(sevenDigits)
	return d
}

// needDefault refuses any other name than the only one a policy can have.
func (q *request) needDefault() error {
	if strings.EqualFold(q.path["child"], "default") {
		return nil
	}
	return refuse(400, "InvalidManagementPolicyName", "The management policy name '%s' is invalid; it must be 'default'.", q.path["child"])
}

func (q *request) getLifecycle() (reply, error) {
	a, st, err := q.findAccount()
	if err == nil {
		err = q.needDefault()
	}
	if err != nil {
		return reply{}, err
	}
	if l := st.lifecycle(a.ID); l != nil {
		return ok(l.doc())
	}
	return reply{}, refuse(404, "ManagementPolicyNotFound", "No ManagementPolicy found for account %s", a.Name)
}

func (q *request) putLifecycle() (rep reply, err error) {
	a, _, err := q.findAccount()
	if err == nil {
		err = q.needDefault()
	}
	if err != nil {
		return reply{}, err
	}
	var body lifecycleDoc
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	rules := body.Properties.Policy.Rules
	if err := checkRules(a, rules); err != nil {
		return reply{}, err
	}
	err = q.update(q.r.Context(), func(st *State) error {
		rep = reply{status: http.StatusOK, body: q.setLifecycle(st, a.ID, rules).doc()}
		return nil
	})
	return rep, err
}

func (q *request) setLifecycle(st *State, account plan.ID, rules []LifecycleRule) *Lifecycle {
	l := st.lifecycle(account)
	if l == nil {
		l = &Lifecycle{Account: account}
		st.Lifecycles = append(st.Lifecycles, l)
	}
	l.Rules, l.Modified = rules, q.now.UTC()
	return l
}

func (q *request) deleteLifecycle() (rep reply, err error) {
	a, _, err := q.findAccount()
	if err == nil {
		err = q.needDefault()
	}
	if err != nil {
		return reply{}, err
	}
	err = q.update(q.r.Context(), func(st *State) error {
		rep = reply{status: http.StatusNoContent}
		if st.lifecycle(a.ID) != nil {
			rep = reply{status: http.StatusOK, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}} // recording management-policy
		}
		st.Lifecycles = slices.DeleteFunc(st.Lifecycles, func(l *Lifecycle) bool { return l.Account.Is(a.ID) })
		return nil
	})
	return rep, err
}

// checkRules refuses what the storage resource provider does not take. A rule
// that says nothing of it is enabled.
func checkRules(a *world.StorageAccount, rules []LifecycleRule) error {
	bad := func(format string, args ...any) error { return refuse(400, "InvalidManagementPolicy", format, args...) }
	if !slices.Contains([]string{"StorageV2", "BlobStorage", "BlockBlobStorage"}, a.Kind) {
		return refuse(400, "ManagementPolicyNotSupported", "Management policies are not supported for storage accounts of kind %s.", a.Kind)
	}
	if len(rules) == 0 || len(rules) > world.MaxLifecycleRules {
		return bad("A management policy has 1 to %d rules; this one has %d.", world.MaxLifecycleRules, len(rules))
	}
	names := map[string]bool{}
	for _, r := range rules {
		var d ruleDefinition
		switch err := json.Unmarshal(r.Definition, &d); {
		case r.Name == "" || names[r.Name]:
			return bad("The rule name '%s' is empty or is used twice.", r.Name)
		case r.Type != "Lifecycle":
			return bad("The type '%s' of rule '%s' is not 'Lifecycle'.", r.Type, r.Name)
		case err != nil:
			return bad("The definition of rule '%s' cannot be read: %v.", r.Name, err)
		case len(d.Filters.BlobTypes) == 0:
			return bad("Rule '%s' names no blobTypes.", r.Name)
		case len(d.Filters.Prefixes) > world.MaxLifecyclePrefixes:
			return bad("Rule '%s' has %d prefixes; %d are allowed.", r.Name, len(d.Filters.Prefixes), world.MaxLifecyclePrefixes)
		}
		names[r.Name] = true
	}
	return nil
}

// UnmarshalJSON reads a rule; one that says nothing of it is enabled.
func (r *LifecycleRule) UnmarshalJSON(text []byte) error {
	type plain LifecycleRule
	p := plain{Enabled: true}
	err := json.Unmarshal(text, &p)
	*r = LifecycleRule(p)
	return err
}

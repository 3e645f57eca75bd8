package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// RestoreLifecycle puts the management policy of a storage account back as l
// says it was, and reads it back; an account that had none gets none.
func (p *Provider) RestoreLifecycle(ctx context.Context, l plan.Lifecycle) error {
	if err := p.restore(ctx, l); err != nil {
		return fmt.Errorf("restore the lifecycle rules of storage account %s: %w", l.Account.Name(), err)
	}
	return nil
}

func (p *Provider) restore(ctx context.Context, l plan.Lifecycle) error {
	want, err := policyOf(l.Raw)
	if err != nil {
		return err
	}
	address := p.address(string(l.Account)+"/managementPolicies/default", lifecycleVersion)
	write := p.writes.under(l.Account.Key(), func(ctx context.Context) error {
		if want == nil {
			return p.send(ctx, http.MethodDelete, address, nil)
		}
		return p.send(ctx, http.MethodPut, address, map[string]any{"properties": map[string]any{"policy": want}})
	})
	restored := func(ctx context.Context) (bool, error) {
		now, err := p.Lifecycle(ctx, l.Account)
		if err != nil {
			return false, err
		}
		got, err := policyOf(now.Raw)
		return err == nil && sameJSON(want, got), err
	}
	if err := p.retry.write(ctx, write, restored); err != nil && !(want == nil && isNotFound(err)) {
		return err
	}
	ok, err := p.eventually(ctx, restored)
	if err == nil && !ok {
		err = errors.New("what is kept is not what was sent")
	}
	return err
}

// eventually asks until the answer is yes, or a read cannot lag behind any more.
func (p *Provider) eventually(ctx context.Context, ask func(context.Context) (bool, error)) (bool, error) {
	began := p.clock.Now()
	for n := 0; ; n++ {
		ok, err := ask(ctx)
		if ok || err != nil || p.clock.Now().Sub(began) > caught {
			return ok, err
		}
		if err := p.clock.Sleep(ctx, pollDelay(n, 0)); err != nil {
			return false, err
		}
	}
}

// policyOf is what of a management policy is written back, as Azure wrote it;
// nil if there is none.
func policyOf(raw []byte) (json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var doc struct {
		Properties struct {
			Policy json.RawMessage `json:"policy"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("the rules that were kept cannot be read: %w", err)
	}
	if doc.Properties.Policy == nil {
		return nil, errors.New("what was kept has no rules")
	}
	return doc.Properties.Policy, nil
}

// sameJSON reports whether two documents mean the same; nil is none.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// send makes one attempt at a change for which the SDK's packages are not here.
func (p *Provider) send(ctx context.Context, method, address string, body any) error {
	req, err := runtime.NewRequest(ctx, method, address)
	if err != nil {
		return err
	}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(b)), "application/json"); err != nil {
			return err
		}
	}
	resp, err := p.generic.Pipeline().Do(req)
	if err != nil {
		return plain(err)
	}
	if !runtime.HasStatusCode(resp, http.StatusOK, http.StatusCreated, http.StatusNoContent) {
		return plain(runtime.NewResponseError(resp))
	}
	runtime.Drain(resp)
	return nil
}

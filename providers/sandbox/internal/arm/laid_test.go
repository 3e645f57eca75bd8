package arm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flowctl/providers/sandbox/internal/world"
)

const laidAt = "/providers/Microsoft.Authorization/"

func TestClientsLayAndLiftPolicies(t *testing.T) {
	c := newCloud(t)
	definition := c.sub + laidAt + "policyDefinitions/no-untagged"
	rule := `{"properties":{"mode":"All","parameters":{"effect":{"type":"String","defaultValue":"Audit"}},"policyRule":{"if":{"allOf":[
		{"field":"type","equals":"Microsoft.Network/publicIPAddresses"},{"not":{"field":"tags['owner']","exists":true}}]},"then":{"effect":"[parameters('effect')]"}}}}`
	c.want(c.do("PUT", definition, rule), 201, "definition")
	if a := c.do("PUT", c.sub+laidAt+"policyDefinitions/odd", `{"properties":{"policyRule":{"if":{"field":"kind","equals":"x"},"then":{"effect":"deny"}}}}`); a.code != 400 || a.errorCode() != "InvalidPolicyRule" {
		t.Errorf("a condition that cannot be decided: %d %s", a.code, a.text)
	}
	group := c.sub + "/resourceGroups/" + c.vm.Group
	ip := func(tags string) string {
		return fmt.Sprintf(`{"location":%q,"tags":{%s},"properties":{}}`, c.vm.Location, tags)
	}
	make := func(name, tags string) answer {
		return c.do("PUT", group+"/providers/Microsoft.Network/publicIPAddresses/"+name, ip(tags))
	}
	assignment := group + laidAt + "policyAssignments/owners"
	body := `{"properties":{"policyDefinitionId":"` + definition + `","parameters":{"effect":{"value":%q}}}}`
	c.want(c.do("PUT", assignment, fmt.Sprintf(body, "Audit")), 201, "assignment")
	c.want(make("audited", ""), 201, "an effect that only audits")
	c.want(c.do("PUT", assignment, fmt.Sprintf(body, "Deny")), 201, "assignment")
	if a := make("denied", ""); a.code != 403 || a.errorCode() != "RequestDisallowedByPolicy" {
		t.Errorf("denied: %d %s", a.code, a.text)
	}
	c.want(make("owned", `"Owner":"me"`), 201, "what the policy lets pass")
	c.want(c.do("DELETE", assignment, ""), 200, "lift")
	c.want(c.do("DELETE", assignment, ""), 204, "lift again")
	c.want(make("free", ""), 201, "after the policy")
	c.want(c.do("GET", assignment, ""), 404, "assignment")
}

func TestClientsGiveAndTakeRoles(t *testing.T) {
	c := amid(t, "\nrole \"Reader\" {}\nrole \"User Access Administrator\" {}\n")
	tags := `{"tags":{"a":"b"}}`
	if a := c.do("PATCH", string(c.vnet.ID), tags); a.code != 403 {
		t.Fatalf("a reader writes: %d %s", a.code, a.text)
	}
	all, _ := c.names(c.sub + laidAt + "roleDefinitions?api-version=2022-04-01&$filter=roleName%20eq%20'Network%20Contributor'")
	if len(all) != 1 || all[0] != roleIDs["Network Contributor"] {
		t.Fatalf("role definitions %v", all)
	}
	me := c.w.GUID("servicePrincipals/flowctl")
	give := func(principal string) string {
		return fmt.Sprintf(`{"properties":{"roleDefinitionId":"%s%sroleDefinitions/%s","principalId":%q}}`, c.sub, laidAt, all[0], principal)
	}
	one := c.sub + laidAt + "roleAssignments/11111111-2222-4333-8444-555555555555"
	c.want(c.do("PUT", one, give("somebody else")), 201, "somebody else's role")
	if a := c.do("PATCH", string(c.vnet.ID), tags); a.code != 403 {
		t.Errorf("somebody else's role is the caller's: %d", a.code)
	}
	two := c.sub + laidAt + "roleAssignments/11111111-2222-4333-8444-666666666666"
	c.want(c.do("PUT", two, give(me)), 201, "a role")
	c.want(c.do("PATCH", string(c.vnet.ID), tags), 200, "a contributor writes")
	if a := c.do("PUT", c.sub+laidAt+"roleAssignments/11111111-2222-4333-8444-777777777777", give(me)); a.code != 409 || a.errorCode() != "RoleAssignmentExists" {
		t.Errorf("the same role again: %d %s", a.code, a.text)
	}
	c.want(c.do("DELETE", two, ""), 200, "take it")
	if a := c.do("PATCH", string(c.vnet.ID), tags); a.code != 403 {
		t.Errorf("without the role: %d", a.code)
	}
	assigned, _ := c.names(c.sub + laidAt + "roleAssignments?api-version=2022-04-01&$filter=assignedTo('" + me + "')")
	if len(assigned) != 2 {
		t.Errorf("roles of the caller: %v", assigned)
	}
}

func TestWhatIsLaidWhileTheWorldRuns(t *testing.T) {
	c := newCloud(t)
	sub := "\nlock \"still\" {\n scope = \"subscription\"\n level = \"ReadOnly\"\n}\nrole \"Reader\" {}\n"
	w, err := world.ParseLaid("", "laid.hcl", []byte(sub))
	if err != nil {
		t.Fatal(err)
	}
	tags := func() int { return c.do("PATCH", string(c.vnet.ID), `{"tags":{"a":"b"}}`).code }
	if got := tags(); got != 200 {
		t.Fatalf("before: %d", got)
	}
	if err := c.srv.Lay(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if got := tags(); got != http.StatusForbidden {
		t.Errorf("with the role: %d", got)
	}
	for _, l := range []Laid{{Kind: "role", Name: "reader"}, {Kind: "lock", Name: "still"}} {
		if n, err := c.srv.Lift(t.Context(), l.Kind, l.Name); n != 1 || err != nil {
			t.Errorf("lift %v: %d, %v", l, n, err)
		}
		want := map[string]int{"role": http.StatusConflict, "lock": 200}[l.Kind]
		if got := tags(); got != want {
			t.Errorf("without the %s: %d, want %d", l.Kind, got, want)
		}
	}
	if n, err := c.srv.Lift(t.Context(), "lock", "still"); n != 0 || err != nil {
		t.Errorf("lift again: %d, %v", n, err)
	}
	if _, err := world.ParseLaid("", "laid.hcl", []byte("vnet \"v\" {}\n")); err == nil || !strings.Contains(err.Error(), "laid.hcl") {
		t.Errorf("a network cannot be laid: %v", err)
	}
}

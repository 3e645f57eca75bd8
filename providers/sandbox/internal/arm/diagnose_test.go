package arm

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// result waits for what a diagnostic finds.
func (c *cloud) result(path, body string) answer {
	c.Helper()
	a := c.want(c.do("POST", path, body), 202, path)
	if a.text != "null" || a.h.Get("Location") == "" || a.h.Get("Azure-AsyncOperation") != "" {
		c.Errorf("%s: %v %s", path, a.h, a.text)
	}
	for at := a.h.Get("Location"); a.code == 202; a = c.do("GET", at, "") {
		_ = c.clock.Sleep(c.Context(), networkWriteTime)
	}
	return c.want(a, 200, path)
}

// TestVerdictsAreThoseOfTheLogs: of every conversation that flow logs tell, on
// each interface of the world, ipFlowVerify says the same: let through or not,
// and by which rule. In the second world the two machines have one name and one
// address, and only one of them may send mail.
func TestVerdictsAreThoseOfTheLogs(t *testing.T) {
	for name, want := range map[string]struct {
		c           *cloud
		allow, deny int
	}{"built in": {newCloud(t), 20, 1}, "twins": {newWorld(t, "twins.hcl"), 2, 1}} {
		if got := want.c.verdictsOfLogs(); got["Allow"] < want.allow || got["Deny"] < want.deny {
			t.Errorf("%s: too few were asked: %v", name, got)
		}
	}
}

func (c *cloud) verdictsOfLogs() map[any]int {
	m := c.srv.Model(mustState(c.srv))
	asked := map[string]bool{}
	verdicts := map[any]int{}
	for _, nic := range c.w.NICs {
		if nic.VM == nil || !nic.Running() {
			continue
		}
		log := traffic.Log{ID: "/subscriptions/s/x", GUID: "g", Target: nic.ID, Since: c.w.Epoch}
		block := string(m.Block(log, nic, c.w.Epoch.Add(3*60e9)))
		for _, group := range strings.Split(block, `{"rule":"`)[min(1, strings.Count(block, `{"rule":"`)):] {
			rule, rest, _ := strings.Cut(group, `"`)
			for part := range strings.SplitSeq(rest, `"`) {
				f := strings.Split(part, ",")
				if len(f) != 13 || f[7] != "B" && f[7] != "D" || f[8] != "NX" && f[8] != "X" {
					continue
				}
				local, lport, remote, rport, direction := f[1], f[3], f[2], f[4], "Outbound"
				if f[6] == "I" {
					local, lport, remote, rport, direction = f[2], f[4], f[1], f[3], "Inbound"
				}
				once := fmt.Sprint(nic.ID, f[1], f[2], f[4], f[5], direction)
				if asked[once] {
					continue
				}
				asked[once] = true
				protocol := map[string]string{"6": "TCP", "17": "UDP"}[f[5]]
				watcher := string(c.watcherIn(nic.Location).ID)
				got := c.result(watcher+"/ipFlowVerify", fmt.Sprintf(`{"targetResourceId":%q,"targetNicResourceId":%q,"direction":%q,"protocol":%q,
					"localIPAddress":%q,"localPort":%q,"remoteIPAddress":%q,"remotePort":%q}`, nic.Machine(), nic.ID, direction, protocol, local, lport, remote, rport))
				want := map[string]string{"B": "Allow", "D": "Deny"}[f[7]]
				name := fmt.Sprint(got.at("ruleName"))
				if got.at("access") != want || !strings.HasSuffix(name, rule[strings.IndexByte(rule, '_')+1:]) {
					c.Errorf("%s %v: the log says %s by %s, ipFlowVerify %s", nic.Name, f[:7], want, rule, got.text)
				}
				verdicts[got.at("access")]++
			}
		}
	}
	return verdicts
}

// A user's route that leads nowhere is what nextHop, the effective routes and
// the traffic itself tell.
func TestARouteToNowhere(t *testing.T) {
	c := newCloud(t)
	var nic *world.NIC
	for _, n := range c.w.NICs {
		if got, _ := c.seen(n, c.w.Epoch, 3); n.VM != nil && n.Running() && n.Location == c.vnet.Location && got["O E"] > 0 {
			nic = n
			break
		}
	}
	if nic == nil {
		t.Fatal("nobody sends anything")
	}
	watcher := string(c.watcherIn(nic.Location).ID)
	ask := fmt.Sprintf(`{"targetResourceId":%q,"sourceIPAddress":%q,"destinationIPAddress":"203.0.113.77"}`, nic.Machine(), nic.Private)
	if got := c.result(watcher+"/nextHop", ask); got.at("nextHopType") != "Internet" || got.at("routeTableId") != "System Route" {
		t.Errorf("before: %s", got.text)
	}
	table := c.sub + "/resourceGroups/" + nic.Group + "/providers/Microsoft.Network/routeTables/nowhere"
	c.finish(c.want(c.do("PUT", table, fmt.Sprintf(`{"location":%q,"properties":{"routes":[{"name":"drop","properties":{"addressPrefix":"0.0.0.0/0","nextHopType":"None"}}]}}`, nic.Location)), 201, "table"))
	subnet := string(nic.Subnet.ID)
	was := c.do("GET", subnet, "")
	c.finish(c.want(c.do("PUT", subnet, strings.Replace(was.text, `"properties":{`, fmt.Sprintf(`"properties":{"routeTable":{"id":%q},`, table), 1)), 200, "subnet"))
	if got := c.result(watcher+"/nextHop", ask); got.at("nextHopType") != "None" || got.at("routeTableId") != table {
		t.Errorf("with the route: %s", got.text)
	}
	if got := c.result(string(nic.ID)+"/effectiveRouteTable", ""); !strings.Contains(got.text, `"state":"Invalid"`) || !strings.Contains(got.text, `"source":"User"`) {
		t.Errorf("effective routes: %s", got.text)
	}
	if got := c.result(watcher+"/connectivityCheck", fmt.Sprintf(`{"source":{"resourceId":%q},"destination":{"address":"203.0.113.77","port":443}}`, nic.Machine())); got.at("connectionStatus") != "Unreachable" {
		t.Errorf("connectivity: %s", got.text)
	}
	_, text := c.seen(nic, c.settled(), 10)
	for part := range strings.SplitSeq(string(text), `"`) {
		if f := strings.Split(part, ","); len(f) == 13 && f[6] == "O" && f[11] != "0" && !nic.Subnet.VNet.Reaches(mustAddr(f[2])) {
			t.Fatalf("it is answered from outside all the same: %s", part)
		}
	}
}

func TestWhatIsAroundAnInterface(t *testing.T) {
	c := newCloud(t)
	nic := c.vm.NICs[0]
	watcher := string(c.watcherIn(nic.Location).ID)
	view := c.result(watcher+"/securityGroupView", fmt.Sprintf(`{"targetResourceId":%q}`, c.vm.ID))
	if !strings.Contains(view.text, string(nic.ID)) || !strings.Contains(view.text, "/subscriptions//resourceGroups//") {
		t.Errorf("view: %s", view.text)
	}
	groups := c.result(string(nic.ID)+"/effectiveNetworkSecurityGroups", "")
	for _, g := range []*world.NSG{nic.NSG, nic.Subnet.NSG} {
		if g != nil && (!strings.Contains(groups.text, string(g.ID)) || !strings.Contains(groups.text, "defaultSecurityRules/DenyAllInBound")) {
			t.Errorf("effective groups: %s", groups.text)
		}
	}
	shown := c.want(c.do("POST", watcher+"/topology", fmt.Sprintf(`{"targetResourceGroupName":%q}`, nic.Group)), 200, "topology")
	if !strings.Contains(shown.text, string(c.vm.ID)) || !strings.Contains(shown.text, `"associationType":"Contains"`) {
		t.Errorf("topology: %s", shown.text)
	}
	off := c.vmWith(func(v *world.VM) bool { return v.Power != "running" && len(v.NICs) > 0 })
	if a := c.do("POST", string(off.NICs[0].ID)+"/effectiveRouteTable", ""); a.errorCode() != "NicMustBeAttachedToRunningVmToGetEffectiveRoutes" {
		t.Errorf("of a machine that is off: %d %s", a.code, a.text)
	}
}

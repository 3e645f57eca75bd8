package arm

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// seen is what a flow log on an interface tells of some minutes: tuples by
// direction and state, such as "I B".
func (c *cloud) seen(nic *world.NIC, from time.Time, minutes int) (tuples map[string]int, text []byte) {
	c.Helper()
	m := c.srv.Model(mustState(c.srv))
	log := traffic.Log{ID: "/subscriptions/s/x", GUID: "g", Target: nic.ID, Since: c.w.Epoch.Add(-time.Hour)}
	tuples = map[string]int{}
	for i := range minutes {
		b := m.Block(log, nic, from.Add(time.Duration(i)*time.Minute))
		text = append(text, b...)
		for part := range strings.SplitSeq(string(b), `"`) {
			if f := strings.Split(part, ","); len(f) == 13 {
				tuples[f[6]+" "+f[7]]++
			}
		}
	}
	return tuples, text
}

// busiest is the interface of a VM that most connections reach through an NSG
// of its subnet.
func (c *cloud) busiest() *world.NIC {
	c.Helper()
	var best *world.NIC
	most := 0
	for _, n := range c.w.NICs {
		if n.VM == nil || !n.Running() || n.Subnet.NSG == nil {
			continue
		}
		if got, _ := c.seen(n, c.w.Epoch, 5); got["I B"] > most {
			best, most = n, got["I B"]
		}
	}
	if best == nil {
		c.Fatal("no machine of the world is reached through an NSG")
	}
	return best
}

// settled lets what has begun come to its end, to the next whole minute and one more.
func (c *cloud) settled() time.Time {
	_ = c.clock.Sleep(c.Context(), 3*time.Minute)
	return c.clock.Now().Truncate(time.Minute)
}

// A rule that a client puts into a group of the world denies from then on, and
// what it denied comes back, byte for byte, when it is gone. What was before
// stays as it was.
func TestTrafficFollowsARule(t *testing.T) {
	c := newCloud(t)
	nic := c.busiest()
	began := c.clock.Now()
	_, before := c.seen(nic, began.Add(-10*time.Minute), 10)
	group := string(nic.Subnet.NSG.ID)
	was := c.do("GET", group, "")
	later := began.Add(2 * time.Hour)
	_, free := c.seen(nic, later, 10)

	c.finish(c.want(c.do("PUT", group, fmt.Sprintf(`{"location":%q,"properties":{"securityRules":[{"name":"nobody","properties":{"priority":100,
		"direction":"Inbound","access":"Deny","protocol":"*","sourcePortRange":"*","destinationPortRange":"*","sourceAddressPrefix":"*","destinationAddressPrefix":"*"}}]}}`,
		was.at("location"))), 200, "rule"))
	denied := c.settled()
	got, text := c.seen(nic, denied, 20)
	if got["I B"] > 0 || got["I D"] == 0 || !bytes.Contains(text, []byte("UserRule_nobody")) {
		t.Errorf("with the rule: %v", got)
	}
	if _, again := c.seen(nic, began.Add(-10*time.Minute), 10); !bytes.Equal(before, again) {
		t.Error("the past has changed")
	}
	c.finish(c.want(c.do("PUT", group, was.text), 200, "the rules as they were"))
	if allowed := c.settled(); !allowed.Before(later) {
		t.Fatal("the test took too long")
	}
	if _, again := c.seen(nic, later, 10); !bytes.Equal(free, again) {
		t.Error("after the rule is gone there is other traffic than without it")
	}
}

// A machine that is stopped or deleted is silent from then on, in flow logs and
// in captures, and so is everybody's part of what was said to it.
func TestTrafficEndsWithTheMachine(t *testing.T) {
	for name, end := range map[string]func(c *cloud, vm string) answer{
		"stopped":     func(c *cloud, vm string) answer { return c.do("POST", vm+"/powerOff", "") },
		"deallocated": func(c *cloud, vm string) answer { return c.do("POST", vm+"/deallocate", "") },
		"deleted":     func(c *cloud, vm string) answer { return c.do("DELETE", vm, "") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			nic := c.busiest()
			vm := plan.ID(nic.Machine())
			if got, _ := c.seen(nic, c.clock.Now(), 5); got["I B"] == 0 {
				t.Fatal("nothing to end")
			}
			c.finish(c.want(end(c, string(vm)), 202, name))
			silent := c.settled()
			if got, text := c.seen(nic, silent, 15); len(text) > 0 {
				t.Errorf("flow log: %v", got)
			}
			m := c.srv.Model(mustState(c.srv))
			capture := traffic.Capture{Target: vm, Start: silent}
			if n := m.CaptureSize(capture, silent.Add(15*time.Minute)); n != 24 {
				t.Errorf("a capture has %d bytes", n)
			}
			for _, other := range c.w.NICs {
				if !other.Running() || other == nic {
					continue
				}
				if _, text := c.seen(other, silent, 3); bytes.Contains(text, fmt.Appendf(nil, ",%s,", nic.Private)) && name == "deleted" {
					if got, _ := c.seen(other, silent, 3); got["O C"]+got["O E"] > 0 && answeredBy(text, nic.Private.String()) {
						t.Errorf("%s is still answered by %s", other.Name, nic.Private)
					}
				}
			}
			if name == "deleted" {
				return
			}
			c.finish(c.want(c.do("POST", string(vm)+"/start", ""), 202, "start"))
			if got, _ := c.seen(nic, c.settled(), 10); got["I B"] == 0 {
				t.Error("it does not talk after its start")
			}
		})
	}
}

func mustAddr(text string) netip.Addr { return netip.MustParseAddr(text) }

// answeredBy reports whether a flow to an address has packets back.
func answeredBy(text []byte, address string) bool {
	for part := range strings.SplitSeq(string(text), `"`) {
		if f := strings.Split(part, ","); len(f) == 13 && f[2] == address && f[11] != "0" {
			return true
		}
	}
	return false
}

// A machine that a client makes talks if a traffic of the world names where it
// is, and not otherwise.
func TestTrafficOfWhatClientsMake(t *testing.T) {
	w, err := world.Parse("follow.hcl", []byte(`
name = "follow"
epoch = "2026-11-12T08:00:00Z"
seed = 7
subscription = "5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d"
tenant = "7a1c2f0e-53f7-4f0b-8f2e-2c9d5b8a1e01"
regions = ["westeurope"]
resource_group "rg" { region = "westeurope" }
nsg "g" { resource_group = "rg" }
vnet "v" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "named" {
    prefix = "10.0.1.0/24"
    nsg    = "g"
  }
  subnet "other" { prefix = "10.0.2.0/24" }
}
vm "first" {
  resource_group = "rg"
  os             = "Linux"
  nic "nic-first" {
    subnet     = "v/named"
    private_ip = "10.0.1.10"
  }
}
host "internet" { addresses = ["203.0.113.7"] }
traffic "out" {
  from     = ["v/named"]
  to       = ["internet"]
  protocol = "tcp"
  ports    = [443]
  every    = "10s"
}
`))
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t, w: w, clock: &hands{now: w.Epoch}, sub: "/subscriptions/" + w.Subscription}
	if c.srv, err = New(Options{World: w, Model: traffic.New(w), Clock: c.clock}); err != nil {
		t.Fatal(err)
	}
	net := c.sub + "/resourceGroups/rg/providers/Microsoft."
	for name, subnet := range map[string]string{"second": "named", "third": "other"} {
		nic := net + "Network/networkInterfaces/nic-" + name
		c.finish(c.want(c.do("PUT", nic, fmt.Sprintf(`{"location":"westeurope","properties":{"ipConfigurations":[{"name":"c","properties":{"subnet":{"id":%q}}}]}}`,
			net+"Network/virtualNetworks/v/subnets/"+subnet)), 201, nic))
		c.finish(c.want(c.do("PUT", net+"Compute/virtualMachines/"+name, fmt.Sprintf(`{"location":"westeurope","properties":{"hardwareProfile":{"vmSize":"Standard_B1s"},
			"osProfile":{"linuxConfiguration":{}},"networkProfile":{"networkInterfaces":[{"id":%q}]}}}`, nic)), 201, name))
	}
	at := c.settled()
	st := mustState(c.srv)
	for _, n := range c.srv.Live(st, at).NICs {
		got, _ := c.seen(n, at, 5)
		if want := n.Name != "nic-third"; (got["O B"] > 0) != want {
			t.Errorf("%s: %v", n.Name, got)
		}
	}
	for _, n := range c.srv.Live(st, at).NICs {
		if got, _ := c.seen(n, w.Epoch.Add(-time.Hour), 5); n.Name == "nic-second" && len(got) > 0 {
			t.Errorf("it talked before it was made: %v", got)
		}
	}
}

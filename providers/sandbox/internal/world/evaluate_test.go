package world

import (
	"net/netip"
	"testing"
)

func builtinWorld(t *testing.T) *World {
	t.Helper()
	w, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func nic(t *testing.T, w *World, name string) *NIC {
	t.Helper()
	for _, n := range w.NICs {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("no network interface %s", name)
	return nil
}

// TestEvaluate asks the rules of the built-in world about opening packets.
func TestEvaluate(t *testing.T) {
	w := builtinWorld(t)
	tests := map[string]struct {
		nic, direction string
		protocol       uint8
		peer           string // the other end
		port           uint16
		allowed        bool
		acl, rule      string // the NSG's name, "admin", or the zero GUID
	}{
		"user rule":                   {"nic-web-1", "Inbound", TCP, "198.51.100.9", 443, true, "nsg-web", "UserRule_allow-https"},
		"default deny":                {"nic-web-1", "Inbound", TCP, "198.51.100.9", 8080, false, "nsg-web", "DefaultRule_DenyAllInBound"},
		"admin rule before the NSG":   {"nic-web-1", "Inbound", TCP, "198.51.100.9", 3389, false, "admin", "BlockHighRiskTCPPortsFromInternet"},
		"admin rule, inside a range":  {"nic-web-1", "Inbound", UDP, "198.51.100.9", 138, false, "admin", "BlockHighRiskUDPPortsFromInternet"},
		"admin rule, other protocol":  {"nic-web-1", "Inbound", UDP, "198.51.100.9", 3389, false, "nsg-web", "DefaultRule_DenyAllInBound"},
		"admin rule, not this VNet":   {"nic-db-1", "Inbound", TCP, "198.51.100.9", 3389, false, "nsg-db", "DefaultRule_DenyAllInBound"},
		"admin rule, not from inside": {"nic-web-1", "Inbound", TCP, "10.0.1.4", 3389, true, "nsg-web", "DefaultRule_AllowVnetInBound"},
		"peered VNet":                 {"nic-web-1", "Inbound", TCP, "10.0.1.4", 22, true, "nsg-web", "DefaultRule_AllowVnetInBound"},
		"VNet not peered":             {"nic-web-1", "Inbound", TCP, "10.10.1.4", 22, false, "nsg-web", "DefaultRule_DenyAllInBound"},
		"subnet and NIC allow":        {"nic-jump", "Inbound", TCP, "198.51.100.24", 22, true, "nsg-jump-nic", "UserRule_allow-ssh-admin"},
		"NIC denies":                  {"nic-jump", "Inbound", TCP, "198.51.100.25", 22, false, "nsg-jump-nic", "DefaultRule_DenyAllInBound"},
		"subnet denies first":         {"nic-jump", "Inbound", TCP, "192.0.2.1", 22, false, "nsg-mgmt", "DefaultRule_DenyAllInBound"},
		"outbound, subnet is last":    {"nic-jump", "Outbound", TCP, "192.0.2.1", 443, true, "nsg-mgmt", "DefaultRule_AllowInternetOutBound"},
		"range of ports, low":         {"nic-app-1", "Inbound", TCP, "10.1.1.4", 8080, true, "nsg-app", "UserRule_allow-app-from-web"},
		"range of ports, high":        {"nic-app-1", "Inbound", TCP, "10.1.1.4", 8443, true, "nsg-app", "UserRule_allow-app-from-web"},
		"range of ports, above":       {"nic-app-1", "Inbound", TCP, "10.1.1.4", 8444, true, "nsg-app", "DefaultRule_AllowVnetInBound"},
		"destination matters":         {"nic-app-1", "Inbound", TCP, "10.1.1.4", 6379, true, "nsg-app", "DefaultRule_AllowVnetInBound"},
		"destination is this":         {"nic-cache-1", "Inbound", TCP, "10.1.1.4", 6379, true, "nsg-app", "UserRule_allow-cache"},
		"balancer's probe":            {"nic-app-1", "Inbound", TCP, "168.63.129.16", 443, true, "nsg-app", "DefaultRule_AllowAzureLoadBalancerInBound"},
		"priority decides":            {"nic-db-1", "Inbound", TCP, "10.1.2.4", 1433, true, "nsg-db", "UserRule_allow-sql-from-app"},
		"later rule denies":           {"nic-db-1", "Inbound", TCP, "10.1.1.4", 1433, false, "nsg-db", "UserRule_deny-vnet-in"},
		"service tag":                 {"nic-db-1", "Outbound", TCP, "20.60.26.36", 443, true, "nsg-db", "UserRule_allow-backup-out"},
		"Internet":                    {"nic-db-1", "Outbound", TCP, "20.61.26.36", 443, false, "nsg-db", "UserRule_deny-internet-out"},
		"Internet is not the VNet":    {"nic-db-1", "Outbound", TCP, "10.10.1.4", 443, true, "nsg-db", "DefaultRule_AllowVnetOutBound"},
		"platform":                    {"nic-db-1", "Outbound", UDP, "168.63.129.16", 53, true, ZeroGUID, PlatformRule},
		"metadata":                    {"nic-db-1", "Outbound", TCP, "169.254.169.254", 80, true, ZeroGUID, PlatformRule},
		"ICMP ignores ports":          {"nic-db-1", "Inbound", ICMP, "10.0.2.20", 0, true, "nsg-db", "UserRule_allow-monitoring"},
		"ICMP is not TCP":             {"nic-db-1", "Inbound", ICMP, "10.1.2.4", 0, false, "nsg-db", "UserRule_deny-vnet-in"},
	}
	for name, test := range tests {
		n := nic(t, w, test.nic)
		p := Packet{Protocol: test.protocol, Source: n.Private, Dest: netip.MustParseAddr(test.peer), SourcePort: 50000, Port: test.port}
		if test.direction == "Inbound" {
			p.Source, p.Dest = p.Dest, p.Source
		}
		want := Verdict{test.allowed, test.acl, test.rule}
		for _, g := range w.NSGs {
			if g.Name == test.acl {
				want.ACL = string(g.ID)
			}
		}
		for _, r := range w.AdminRules {
			if test.acl == "admin" && r.Name == test.rule {
				want.ACL, want.Rule = r.GUID, r.Label
			}
		}
		if got := w.Evaluate(n, test.direction, p); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// TestAdminAccess checks what Allow and AlwaysAllow mean, and that an
// interface without any group goes by the platform rule.
func TestAdminAccess(t *testing.T) {
	const src = `
name         = "t"
epoch        = "2026-01-01T00:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]
resource_group "rg" { region = "westeurope" }
nsg "closed" {
  resource_group = "rg"
  rule "deny" {
    priority  = 100
    direction = "Inbound"
    access    = "Deny"
  }
}
vnet "v" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "closed" {
    prefix = "10.0.1.0/24"
    nsg    = "closed"
  }
  subnet "open" { prefix = "10.0.2.0/24" }
}
admin_rules "c" {
  vnets = ["v"]
  rule "sure" {
    priority  = 1
    direction = "Inbound"
    access    = "AlwaysAllow"
    protocol  = "Tcp"
    ports     = ["22"]
  }
  rule "maybe" {
    priority  = 2
    direction = "Inbound"
    access    = "Allow"
    ports     = ["80"]
  }
  rule "never" {
    priority  = 3
    direction = "Inbound"
    access    = "Deny"
    ports     = ["80", "81"]
  }
}
vm "a" {
  resource_group = "rg"
  os             = "Linux"
  nic "a" {
    subnet     = "v/closed"
    private_ip = "10.0.1.4"
  }
}
vm "b" {
  resource_group = "rg"
  os             = "Linux"
  nic "b" {
    subnet     = "v/open"
    private_ip = "10.0.2.4"
  }
}`
	w, err := Parse("t.hcl", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		nic     string
		port    uint16
		allowed bool
		rule    string
	}{
		"AlwaysAllow skips the NSG":    {"a", 22, true, w.AdminRules[0].Label},
		"Allow leaves it to the NSG":   {"a", 80, false, "UserRule_deny"},
		"Allow ends the admin rules":   {"b", 80, true, PlatformRule},
		"Deny is final":                {"b", 81, false, w.AdminRules[2].Label},
		"no rule at all":               {"b", 443, true, PlatformRule},
		"NSG where no admin rule fits": {"a", 443, false, "UserRule_deny"},
	}
	for name, test := range tests {
		n := nic(t, w, test.nic)
		p := Packet{Protocol: TCP, Source: netip.MustParseAddr("192.0.2.1"), Dest: n.Private, SourcePort: 1024, Port: test.port}
		if got := w.Evaluate(n, "Inbound", p); got.Allowed != test.allowed || got.Rule != test.rule {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

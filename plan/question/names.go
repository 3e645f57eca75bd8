package question

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/syntax"
)

// Services are the names of ports. Names and ports are those of the IANA registry "Service Name and
// Transport Protocol Port Number", kept to what is met in Azure networks.
// Where people know a service by another name than the registry's (rdp for
// ms-wbt-server, smb for microsoft-ds), it has that name.
var Services = map[uint16]string{
	20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 49: "tacacs", 53: "dns", 67: "dhcp", 68: "dhcp",
	69: "tftp", 80: "http", 88: "kerberos", 110: "pop3", 111: "rpcbind", 123: "ntp", 135: "epmap",
	137: "netbios-ns", 138: "netbios-dgm", 139: "netbios-ssn", 143: "imap", 161: "snmp", 162: "snmptrap",
	179: "bgp", 389: "ldap", 443: "https", 445: "smb", 464: "kpasswd", 465: "smtps", 500: "ike", 514: "syslog",
	546: "dhcpv6", 547: "dhcpv6", 587: "submission", 636: "ldaps", 853: "dns-over-tls", 873: "rsync", 989: "ftps-data",
	990: "ftps", 993: "imaps", 995: "pop3s", 1194: "openvpn", 1433: "mssql", 1434: "mssql-browser", 1521: "oracle",
	1645: "radius", 1646: "radius-acct", 1688: "kms", 1812: "radius", 1813: "radius-acct", 1883: "mqtt", 2049: "nfs",
	2376: "docker", 2379: "etcd", 2380: "etcd", 3260: "iscsi", 3268: "global-catalog", 3269: "global-catalog-ssl",
	3306: "mysql", 3389: "rdp", 3478: "stun", 3544: "teredo", 4500: "ipsec-nat-t", 4789: "vxlan", 5060: "sip", 5061: "sips",
	5353: "mdns", 5355: "llmnr", 5432: "postgresql", 5671: "amqps", 5672: "amqp", 5985: "winrm",
	5986: "winrm-https", 6081: "geneve", 6379: "redis", 6380: "redis-tls", 6443: "kubernetes", 8080: "http-alt",
	8443: "https-alt", 8883: "mqtts", 9092: "kafka", 9093: "kafka-tls", 9200: "elasticsearch", 9389: "adws",
	9418: "git", 10250: "kubelet", 10255: "cosmosdb", 11211: "memcached", 27017: "mongodb", 32526: "azure-wireserver",
}

// QUIC is the service of UDP on the port of https: HTTP/3.
const QUIC = "quic"

// Protocols are the names of IP protocols, by their numbers in the IANA registry
// "Assigned Internet Protocol Numbers".
var Protocols = map[uint8]string{
	0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 8: "EGP", 17: "UDP", 33: "DCCP", 41: "IPv6",
	43: "IPv6-Route", 44: "IPv6-Frag", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "IPv6-ICMP", 59: "IPv6-NoNxt",
	60: "IPv6-Opts", 88: "EIGRP", 89: "OSPF", 94: "IPIP", 103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP",
	132: "SCTP", 135: "Mobility", 136: "UDPLite", 137: "MPLS-in-IP",
}

// frames are the names of what frames without IP carry, see flow.EtherType.
var frames = []string{
	"802.1BR", "802.1CB", "802.1Q", "802.1Q, old", "802.1ad", "802.1ah", "AARP", "ARP", "ATA over Ethernet", "AVTP", "AppleTalk",
	"Arista time stamp", "CDP", "CFM", "Cisco CMD", "EAPOL", "EtherCAT", "FCoE", "FIP", "FabricPath", "GOOSE", "HSR", "HomePlug", "IPX",
	"IPv4", "IPv6", "L2-IS-IS", "LLDP", "MACsec", "MPLS", "MVRP", "NSH", "PPPoE discovery", "PPPoE session", "PRP", "PTP", "Profinet", "RARP",
	"RoCE", "TRILL", "VN-Tag", "bridged Ethernet", "link frame", "loopback test", "pause frames", "sampled values", "slow protocols",
}

// protocol checks the name or the number of a protocol.
func (c *checker) protocol(text string, at hcl.Range) (string, bool) {
	if n, err := strconv.ParseUint(text, 10, 8); err == nil {
		if name, ok := Protocols[uint8(n)]; ok {
			return name, true
		}
		return strconv.FormatUint(n, 10), true
	}
	for _, v := range Protocols {
		if strings.EqualFold(v, text) {
			return v, true
		}
	}
	if slices.ContainsFunc(frames, func(s string) bool { return strings.EqualFold(s, text) }) || strings.HasPrefix(strings.ToLower(text), "0x") {
		return text, true
	}
	if s := serviceName(text); s != "" {
		c.refuse("Unknown value", at, "protocol is never %q, which is spoken over one. Write service == %q.", text, s)
		return "", false
	}
	c.refuse("Unknown value", at, "protocol is never %q. %s Others have their number, as in \"99\".", text, syntax.Hint(text, []string{"TCP", "UDP", "ICMP", "IPv6-ICMP", "GRE", "ESP"}))
	return "", false
}

// service checks the name of a service.
func (c *checker) service(f Field, text string, at hcl.Range) (string, bool) {
	if s := serviceName(text); s != "" {
		return s, true
	}
	if n, err := strconv.ParseUint(text, 10, 16); err == nil {
		c.refuse("Unknown value", at, "%s is a name and never %q. Write port == %d.", f.Name, text, n)
		return "", false
	}
	way := "Ask for the port instead, as in port == 8000."
	if near := syntax.Nearest(text, serviceNames()); near != "" {
		way = "Did you mean " + quote(near) + "?"
	}
	c.refuse("Unknown value", at, "%s is never %q. %s", f.Name, text, way)
	return "", false
}

// serviceNames are all that a service may be called.
func serviceNames() []string {
	names := []string{QUIC}
	for _, s := range Services {
		names = append(names, s)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// serviceName is a service's name whatever its case; empty if there is none.
func serviceName(text string) string {
	names := serviceNames()
	if i := slices.IndexFunc(names, func(s string) bool { return strings.EqualFold(s, text) }); i >= 0 {
		return names[i]
	}
	return ""
}

package summary

import (
	"slices"
	"strconv"
	"sync"
)

// Service names and ports are those of the IANA registry "Service Name and
// Transport Protocol Port Number", kept to what is met in Azure networks.
// Where people know a service by another name than the registry's (rdp for
// ms-wbt-server, smb for microsoft-ds), it has that name.
var services = map[uint16]string{
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

// serviceNames are all that service may say, in order. The first is that of none.
var serviceNames = sync.OnceValue(func() []string {
	names := []string{"", quic}
	for _, s := range services {
		names = append(names, s)
	}
	slices.Sort(names)
	return slices.Compact(names)
})

// serviceNumber is the place of a name of serviceNames.
func serviceNumber(name string) uint16 {
	if name == "" {
		return 0
	}
	n, _ := slices.BinarySearch(serviceNames(), name)
	return uint16(n)
}

const quic = "quic" // HTTP/3, over UDP on the port of https

// service guesses what is spoken over a port of TCP, UDP or SCTP; empty if
// the port says nothing.
func service(proto uint8, port uint16) string {
	switch {
	case proto == protoUDP && port == 443:
		return quic
	case proto == protoTCP || proto == protoUDP || proto == protoSCTP || proto == protoDCCP:
		return services[port]
	}
	return ""
}

// Protocol numbers of the IANA registry "Assigned Internet Protocol Numbers".
const (
	protoTCP  = 6
	protoUDP  = 17
	protoDCCP = 33
	protoSCTP = 132
)

var protocols = map[uint8]string{
	0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPv4", protoTCP: "TCP", 8: "EGP", protoUDP: "UDP", protoDCCP: "DCCP", 41: "IPv6",
	43: "IPv6-Route", 44: "IPv6-Frag", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "IPv6-ICMP", 59: "IPv6-NoNxt",
	60: "IPv6-Opts", 88: "EIGRP", 89: "OSPF", 94: "IPIP", 103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP",
	protoSCTP: "SCTP", 135: "Mobility", 136: "UDPLite", 137: "MPLS-in-IP",
}

// protocol is the name of an IP protocol, or its number.
func protocol(n uint8) string {
	if s, ok := protocols[n]; ok {
		return s
	}
	return strconv.Itoa(int(n))
}

# The world of flowctl's sandbox: the subscription of a company that sells
# things. Copy this file, change it, and give it to provider "sandbox" as its
# world. Everything in it is invented; public addresses are from the ranges for
# documentation (RFC 5737) where they matter to the story.
#
# The story. On 12 November somebody notices that egress has tripled. Nothing
# in the cost report says who. The answer is in here, and a flow log on
# vnet-data shows it: vm-report-1, which builds the quarterly reports, sends
# 20 GB an hour to 203.0.113.77, which calls itself a "sync" service.
#
# How to read it: every block makes the ARM resources of its name; ids follow
# from the resource group. Names in lists refer to other blocks of this file, a
# subnet is "vnet/subnet". What is random (start of a connection, its port, its
# size) follows from the seed, so the same world is the same on every machine.

name         = "contoso"
epoch        = "2026-11-12T08:00:00Z" # the world's time when it is first used
seed         = 20261112
subscription = "5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d"
tenant       = "0f1e2d3c-4b5a-4968-8778-695a4b3c2d1e"
regions      = ["westeurope", "northeurope"]

# Each region has a network watcher, as in Azure: NetworkWatcher_<region> in
# NetworkWatcherRG. A network_watcher block would replace it.

resource_group "rg-net" {
  region = "westeurope"
  tags   = { owner = "netops" }
}

resource_group "rg-shop" {
  region = "westeurope"
  tags   = { owner = "shop", cost_center = "1100" }
}

resource_group "rg-data" {
  region = "westeurope"
  tags   = { owner = "data", cost_center = "2300" }
}

resource_group "rg-dr" {
  region = "northeurope"
  tags   = { owner = "data", cost_center = "2300" }
}

# ---------------------------------------------------------------- networks
# A hub and two spokes in westeurope, one VNet in northeurope. All are peered
# with the hub; the two spokes are peered with each other for the databases.
# Peering is written on one side and made on both.

vnet "vnet-hub" {
  resource_group = "rg-net"
  address_space  = ["10.0.0.0/16"]
  tags           = { role = "hub" }

  subnet "snet-mgmt" {
    prefix = "10.0.1.0/24"
    nsg    = "nsg-mgmt"
  }
  subnet "snet-shared" {
    prefix = "10.0.2.0/24"
    nsg    = "nsg-shared"
  }
}

vnet "vnet-web" {
  resource_group = "rg-net"
  address_space  = ["10.1.0.0/16"]
  encryption     = "AllowUnencrypted"
  peers          = ["vnet-hub", "vnet-data"]
  tags           = { role = "spoke", env = "prod" }

  subnet "snet-web" {
    prefix = "10.1.1.0/24"
    nsg    = "nsg-web"
  }
  subnet "snet-app" {
    prefix = "10.1.2.0/24"
    nsg    = "nsg-app"
  }
  subnet "snet-api" {
    prefix = "10.1.3.0/24"
    nsg    = "nsg-app"
  }
}

vnet "vnet-data" {
  resource_group = "rg-net"
  address_space  = ["10.2.0.0/16"]
  encryption     = "AllowUnencrypted"
  peers          = ["vnet-hub"]
  tags           = { role = "spoke", env = "prod" }

  subnet "snet-db" {
    prefix = "10.2.1.0/24"
    nsg    = "nsg-db"
  }
  subnet "snet-batch" {
    prefix = "10.2.2.0/24"
    nsg    = "nsg-batch"
  }
}

vnet "vnet-dr" {
  resource_group = "rg-dr"
  address_space  = ["10.10.0.0/16"]
  peers          = ["vnet-hub", "vnet-data"]
  tags           = { role = "dr" }

  subnet "snet-dr" {
    prefix = "10.10.1.0/24"
    nsg    = "nsg-dr"
  }
}

# ------------------------------------------------------------------- rules
# The six default rules of every NSG are added. Sources, destinations and ports
# default to "*". VirtualNetwork, Internet and AzureLoadBalancer are known;
# other service tags are what a service_tag block says.

service_tag "Storage.WestEurope" {
  prefixes = ["20.60.26.0/24", "20.150.9.0/24"]
}

nsg "nsg-mgmt" {
  resource_group = "rg-net"
  rule "allow-ssh-office" {
    priority  = 100
    direction = "Inbound"
    access    = "Allow"
    protocol  = "Tcp"
    sources   = ["198.51.100.0/24"]
    ports     = ["22"]
  }
}

# On the interface of vm-jump: of the office, only the administrator.
nsg "nsg-jump-nic" {
  resource_group = "rg-net"
  rule "allow-ssh-admin" {
    description = "netops on call"
    priority    = 100
    direction   = "Inbound"
    access      = "Allow"
    protocol    = "Tcp"
    sources     = ["198.51.100.24/32"]
    ports       = ["22"]
  }
}

nsg "nsg-shared" {
  resource_group = "rg-net"
}

nsg "nsg-web" {
  resource_group = "rg-net"
  rule "allow-https" {
    priority  = 100
    direction = "Inbound"
    access    = "Allow"
    protocol  = "Tcp"
    sources   = ["Internet"]
    ports     = ["80", "443"]
  }
  rule "deny-smtp-out" {
    priority     = 200
    direction    = "Outbound"
    access       = "Deny"
    protocol     = "Tcp"
    destinations = ["Internet"]
    ports        = ["25", "465", "587"]
  }
}

nsg "nsg-app" {
  resource_group = "rg-net"
  rule "allow-app-from-web" {
    priority  = 100
    direction = "Inbound"
    access    = "Allow"
    protocol  = "Tcp"
    sources   = ["10.1.1.0/24"]
    ports     = ["8080-8443"]
  }
  rule "allow-cache" {
    priority     = 110
    direction    = "Inbound"
    access       = "Allow"
    protocol     = "Tcp"
    sources      = ["10.1.0.0/16"]
    destinations = ["10.1.2.20"]
    ports        = ["6379"]
  }
}

nsg "nsg-db" {
  resource_group = "rg-net"
  rule "allow-sql-from-app" {
    priority  = 100
    direction = "Inbound"
    access    = "Allow"
    protocol  = "Tcp"
    sources   = ["10.1.2.0/24", "10.1.3.0/24", "10.2.2.0/24"]
    ports     = ["1433", "5432"]
  }
  rule "allow-monitoring" {
    priority  = 110
    direction = "Inbound"
    access    = "Allow"
    sources   = ["10.0.2.20"]
  }
  rule "allow-ssh-from-jump" {
    priority  = 120
    direction = "Inbound"
    access    = "Allow"
    protocol  = "Tcp"
    sources   = ["10.0.1.0/24"]
    ports     = ["22", "3389"]
  }
  rule "deny-vnet-in" {
    description = "databases answer only those named above"
    priority    = 4000
    direction   = "Inbound"
    access      = "Deny"
    sources     = ["VirtualNetwork"]
  }
  rule "allow-backup-out" {
    priority     = 100
    direction    = "Outbound"
    access       = "Allow"
    protocol     = "Tcp"
    destinations = ["Storage.WestEurope"]
    ports        = ["443"]
  }
  rule "deny-internet-out" {
    priority     = 4000
    direction    = "Outbound"
    access       = "Deny"
    destinations = ["Internet"]
  }
}

nsg "nsg-batch" {
  resource_group = "rg-net"
}

nsg "nsg-dr" {
  resource_group = "rg-dr"
}

# Security admin rules of Azure Virtual Network Manager come before the NSGs.
admin_rules "ac-baseline" {
  vnets = ["vnet-hub", "vnet-web"]
  rule "BlockHighRiskTCPPortsFromInternet" {
    priority  = 10
    direction = "Inbound"
    access    = "Deny"
    protocol  = "Tcp"
    sources   = ["Internet"]
    ports     = ["20-21", "23", "111", "135", "139", "445", "3389", "5900"]
  }
  rule "BlockHighRiskUDPPortsFromInternet" {
    priority  = 20
    direction = "Inbound"
    access    = "Deny"
    protocol  = "Udp"
    sources   = ["Internet"]
    ports     = ["111", "137-138", "161", "389", "1900"]
  }
}

# ---------------------------------------------------------------- machines
# power is running, stopped or deallocated. agent is the Network Watcher
# extension, without which a packet capture fails.

vm "vm-jump" {
  resource_group = "rg-net"
  os             = "Linux"
  size           = "Standard_B2s"
  tags           = { role = "jump" }
  nic "nic-jump" {
    subnet     = "vnet-hub/snet-mgmt"
    private_ip = "10.0.1.4"
    public_ip  = "20.71.14.5"
    nsg        = "nsg-jump-nic"
  }
}

vm "vm-dns-1" {
  resource_group = "rg-net"
  os             = "Windows"
  tags           = { role = "dns" }
  nic "nic-dns-1" {
    subnet     = "vnet-hub/snet-shared"
    private_ip = "10.0.2.10"
  }
}

vm "vm-monitor-1" {
  resource_group = "rg-net"
  os             = "Linux"
  tags           = { role = "monitor" }
  nic "nic-monitor-1" {
    subnet     = "vnet-hub/snet-shared"
    private_ip = "10.0.2.20"
  }
}

vm "vm-web-1" {
  resource_group = "rg-shop"
  os             = "Linux"
  tags           = { role = "web", env = "prod" }
  nic "nic-web-1" {
    subnet     = "vnet-web/snet-web"
    private_ip = "10.1.1.4"
    public_ip  = "20.71.80.11"
  }
}

vm "vm-web-2" {
  resource_group = "rg-shop"
  os             = "Linux"
  tags           = { role = "web", env = "prod" }
  nic "nic-web-2" {
    subnet     = "vnet-web/snet-web"
    private_ip = "10.1.1.5"
    public_ip  = "20.71.80.12"
  }
}

vm "vm-app-1" {
  resource_group = "rg-shop"
  os             = "Windows"
  size           = "Standard_D4s_v5"
  tags           = { role = "app", env = "prod" }
  nic "nic-app-1" {
    subnet     = "vnet-web/snet-app"
    private_ip = "10.1.2.4"
  }
}

vm "vm-app-2" {
  resource_group = "rg-shop"
  os             = "Windows"
  size           = "Standard_D4s_v5"
  agent          = false # nobody installed it
  tags           = { role = "app", env = "prod" }
  nic "nic-app-2" {
    subnet     = "vnet-web/snet-app"
    private_ip = "10.1.2.5"
  }
}

vm "vm-cache-1" {
  resource_group = "rg-shop"
  os             = "Linux"
  size           = "Standard_E2s_v5"
  tags           = { role = "cache", env = "prod" }
  nic "nic-cache-1" {
    subnet     = "vnet-web/snet-app"
    private_ip = "10.1.2.20"
  }
}

scale_set "vmss-api" {
  resource_group   = "rg-shop"
  os               = "Linux"
  instances        = 3
  subnet           = "vnet-web/snet-api"
  first_private_ip = "10.1.3.4"
  tags             = { role = "api", env = "prod" }
}

vm "vm-db-1" {
  resource_group = "rg-data"
  os             = "Windows"
  size           = "Standard_E8s_v5"
  tags           = { role = "db", engine = "mssql" }
  nic "nic-db-1" {
    subnet     = "vnet-data/snet-db"
    private_ip = "10.2.1.4"
  }
}

vm "vm-db-2" {
  resource_group = "rg-data"
  os             = "Linux"
  size           = "Standard_E8s_v5"
  tags           = { role = "db", engine = "postgres" }
  nic "nic-db-2" {
    subnet     = "vnet-data/snet-db"
    private_ip = "10.2.1.5"
  }
}

vm "vm-build-1" {
  resource_group = "rg-data"
  os             = "Linux"
  size           = "Standard_F8s_v2"
  tags           = { role = "build" }
  nic "nic-build-1" {
    subnet     = "vnet-data/snet-batch"
    private_ip = "10.2.2.10"
  }
}

vm "vm-report-1" {
  resource_group = "rg-data"
  os             = "Windows"
  tags           = { role = "report" }
  nic "nic-report-1" {
    subnet     = "vnet-data/snet-batch"
    private_ip = "10.2.2.11"
  }
}

vm "vm-batch-old" {
  resource_group = "rg-data"
  os             = "Linux"
  power          = "deallocated"
  tags           = { role = "batch" }
  nic "nic-batch-old" {
    subnet     = "vnet-data/snet-batch"
    private_ip = "10.2.2.12"
  }
}

vm "vm-dr-1" {
  resource_group = "rg-dr"
  os             = "Linux"
  tags           = { role = "dr" }
  nic "nic-dr-1" {
    subnet     = "vnet-dr/snet-dr"
    private_ip = "10.10.1.4"
  }
}

# ----------------------------------------------------------------- storage
# Flow logs need a standard account in the region of their target, captures one
# with shared keys; the last two are there to be refused.

storage_account "stcontosonetweu" {
  resource_group = "rg-net"
}

storage_account "stcontosonetneu" {
  resource_group = "rg-dr"
}

storage_account "stcontososoc" {
  resource_group = "rg-net"
  tags           = { owner = "soc" }
}

storage_account "stcontosofast" {
  resource_group = "rg-data"
  sku            = "Premium_LRS"
}

storage_account "stcontosolocked" {
  resource_group = "rg-net"
  shared_key     = false
}

# The security team watches the web spoke already. flowctl reads it and leaves
# it alone.
flow_log "soc-vnet-web" {
  target          = "vnet-web"
  storage_account = "stcontososoc"
  created         = "2026-11-11T06:00:00Z"
  retention_days  = 30
  tags            = { owner = "soc" }
}

# ------------------------------------------------------------------- hosts
# What lies outside: addresses, or prefixes with a count of addresses drawn
# from them, of which each connection takes one.

host "azure" {
  addresses = ["168.63.129.16"] # DNS, health probes, the VM agent's server
}

host "imds" {
  addresses = ["169.254.169.254"] # instance metadata
}

host "resolvers" {
  addresses = ["1.1.1.1", "8.8.8.8"]
  names     = ["one.one.one.one", "dns.google"]
}

host "time" {
  addresses = ["185.125.190.56", "91.189.91.157"]
  names     = ["ntp.ubuntu.com"]
}

host "updates" {
  addresses = ["13.107.4.50", "20.54.24.148", "40.125.122.151"]
  names     = ["download.windowsupdate.com"]
}

host "ubuntu" {
  addresses = ["185.125.190.36", "91.189.91.81"]
  names     = ["azure.archive.ubuntu.com"]
}

host "storage-weu" {
  addresses = ["20.60.26.36", "20.60.26.68", "20.150.9.132"]
  names     = ["stcontosodata.blob.core.windows.net"]
}

host "arm" {
  addresses = ["40.113.178.49", "51.116.60.112"]
  names     = ["management.azure.com"]
}

host "payments" {
  addresses = ["192.0.2.80", "192.0.2.81"]
  names     = ["api.payments.example"]
}

host "telemetry" {
  addresses = ["20.50.88.244"]
  names     = ["vortex.data.microsoft.com"]
}

host "registry" {
  addresses = ["104.18.121.25", "104.18.122.25"]
  names     = ["registry.npmjs.example"]
}

host "mail" {
  addresses = ["192.0.2.25"]
  names     = ["mx1.example.org"]
}

host "customers" {
  prefixes = ["81.164.0.0/16", "84.24.0.0/15", "86.80.0.0/14", "91.180.0.0/15", "145.53.0.0/16"]
  count    = 600
}

host "scanners" {
  prefixes = ["45.155.205.0/24", "89.248.165.0/24", "94.102.61.0/24", "167.94.138.0/24", "185.220.101.0/24", "193.163.125.0/24"]
  count    = 260
}

host "admin" {
  addresses = ["198.51.100.24"]
}

host "sync" {
  addresses = ["203.0.113.77"]
  names     = ["sync.quarterly-insights.example"]
}

# ----------------------------------------------------------------- traffic
# One block is a habit: from each machine or host of "from" to each of "to", a
# connection every so often. Both take VMs, scale sets, network interfaces,
# subnets, VNets and hosts; a host of many addresses takes another one each
# time. What the rules deny is refused as they say.
#
#   protocol     tcp, udp or icmp (which flow logs do not show)
#   ports        of the destination; each connection takes one
#   app          what the first packets look like: tls, http, dns, mssql,
#                postgres, redis, ssh, rdp, ntp, or raw (the default)
#   every        time between two connections of a pair, on average
#   duration     of a connection, on average; the default is 200ms
#   up, down     payload bytes of a connection, on average, beside what the app
#                opens with (http asks by itself: it needs no up);
#                up_per_second and down_per_second say it per time
#   spread       how far duration and bytes stray from the average: 0 to 0.9
#   exchanges    questions and answers in a connection; 1 is bulk, which is
#                spread evenly over the duration
#   server_name  in the TLS ClientHello or the HTTP Host header
#   names        asked for in DNS
#   encryption   as flow logs say it: X, NX (the default), NX_FALLBACK …
#   rtt          round-trip time; the default is 1ms
#   retransmit   share of data packets that are sent twice
#   reset        share of connections that end by RST
#   unanswered   true if nobody listens

# The answer.
traffic "report-sync" {
  from          = ["vm-report-1"]
  to            = ["sync"]
  protocol      = "tcp"
  ports         = [443]
  app           = "tls"
  server_name   = "sync.quarterly-insights.example"
  every         = "30s"
  duration      = "120s"
  spread        = 0.1
  up_per_second = "1360kB"
  down          = "6kB"
  rtt           = "38ms"
  retransmit    = 0.002
}

traffic "report-sync-dns" {
  from     = ["vm-report-1"]
  to       = ["vm-dns-1"]
  protocol = "udp"
  ports    = [53]
  app      = "dns"
  names    = ["sync.quarterly-insights.example"]
  every    = "2m"
}

# The shop.
traffic "customers" {
  from        = ["customers"]
  to          = ["vm-web-1", "vm-web-2"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "shop.contoso.example"
  every       = "2500ms"
  duration    = "4s"
  spread      = 0.8
  up          = "2kB"
  down        = "45kB"
  exchanges   = 3
  rtt         = "24ms"
  retransmit  = 0.01
  reset       = 0.04
}

traffic "customers-http" {
  from        = ["customers"]
  to          = ["vm-web-1", "vm-web-2"]
  protocol    = "tcp"
  ports       = [80]
  app         = "http"
  server_name = "shop.contoso.example"
  every       = "23s"
  down        = "480B"
  rtt         = "24ms"
}

traffic "web-to-app" {
  from       = ["vm-web-1", "vm-web-2"]
  to         = ["vm-app-1", "vm-app-2"]
  protocol   = "tcp"
  ports      = [8443]
  app        = "tls"
  every      = "15s"
  duration   = "45s"
  spread     = 0.4
  up         = "30kB"
  down       = "400kB"
  exchanges  = 40
  rtt        = "900us"
  encryption = "X"
}

traffic "web-to-api" {
  from        = ["vm-web-1", "vm-web-2"]
  to          = ["vmss-api"]
  protocol    = "tcp"
  ports       = [8080]
  app         = "http"
  server_name = "api.shop.internal"
  every       = "12s"
  duration    = "2s"
  spread      = 0.5
  down        = "24kB"
  rtt         = "800us"
  reset       = 0.02
}

# Encrypted between the hosts.
traffic "app-to-sql" {
  from       = ["vm-app-1", "vm-app-2"]
  to         = ["vm-db-1"]
  protocol   = "tcp"
  ports      = [1433]
  app        = "mssql"
  every      = "40s"
  duration   = "7m"
  spread     = 0.6
  up         = "90kB"
  down       = "900kB"
  exchanges  = 300
  rtt        = "1100us"
  encryption = "X"
}

# The size of vm-db-2 does not support encryption here, so it falls back.
traffic "app-to-postgres" {
  from       = ["vm-app-1", "vm-app-2", "vmss-api"]
  to         = ["vm-db-2"]
  protocol   = "tcp"
  ports      = [5432]
  app        = "postgres"
  every      = "50s"
  duration   = "5m30s"
  spread     = 0.5
  up         = "70kB"
  down       = "600kB"
  exchanges  = 220
  rtt        = "1200us"
  encryption = "NX_FALLBACK"
}

traffic "app-to-cache" {
  from      = ["vm-app-1", "vm-app-2", "vmss-api"]
  to        = ["vm-cache-1"]
  protocol  = "tcp"
  ports     = [6379]
  app       = "redis"
  every     = "10s"
  duration  = "18s"
  spread    = 0.5
  up        = "5kB"
  down      = "30kB"
  exchanges = 60
  rtt       = "500us"
}

traffic "report-to-sql" {
  from      = ["vm-report-1"]
  to        = ["vm-db-1"]
  protocol  = "tcp"
  ports     = [1433]
  app       = "mssql"
  every     = "5m"
  duration  = "90s"
  spread    = 0.3
  up        = "40kB"
  down      = "8MB"
  exchanges = 25
  rtt       = "700us"
}

# Web servers have no business at the database: nsg-db says no, and they only
# see that nobody answers.
traffic "web-to-sql-blocked" {
  from     = ["vm-web-2"]
  to       = ["vm-db-1"]
  protocol = "tcp"
  ports    = [1433]
  every    = "30s"
}

traffic "payments" {
  from        = ["vm-app-1", "vm-app-2"]
  to          = ["payments"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "api.payments.example"
  every       = "20s"
  duration    = "1500ms"
  spread      = 0.5
  up          = "3kB"
  down        = "5kB"
  exchanges   = 2
  rtt         = "31ms"
}

# Names. Most machines ask Azure, some the domain controller, the build machine
# asks the internet.
traffic "dns-azure" {
  from     = ["vnet-hub", "vnet-web", "vnet-data", "vnet-dr"]
  to       = ["azure"]
  protocol = "udp"
  ports    = [53]
  app      = "dns"
  names    = ["stcontosodata.blob.core.windows.net", "management.azure.com", "api.payments.example", "azure.archive.ubuntu.com"]
  every    = "20s"
  rtt      = "2ms"
}

traffic "dns-internal" {
  from     = ["vm-web-1", "vm-web-2", "vm-app-1", "vm-app-2", "vm-db-1"]
  to       = ["vm-dns-1"]
  protocol = "udp"
  ports    = [53]
  app      = "dns"
  names    = ["db-1.corp.contoso.example", "cache-1.corp.contoso.example", "_ldap._tcp.corp.contoso.example"]
  every    = "30s"
}

traffic "dns-public" {
  from     = ["vm-build-1", "vm-dns-1"]
  to       = ["resolvers"]
  protocol = "udp"
  ports    = [53]
  app      = "dns"
  names    = ["registry.npmjs.example", "github.com", "pypi.org"]
  every    = "15s"
  rtt      = "9ms"
}

traffic "ntp" {
  from     = ["vm-jump", "vm-web-1", "vm-web-2", "vm-cache-1", "vm-build-1", "vm-dr-1", "vmss-api"]
  to       = ["time"]
  protocol = "udp"
  ports    = [123]
  app      = "ntp"
  every    = "17m"
  up       = "48B"
  down     = "48B"
  rtt      = "12ms"
}

# Azure itself.
traffic "health-probe" {
  from     = ["azure"]
  to       = ["vm-web-1", "vm-web-2", "vmss-api"]
  protocol = "tcp"
  ports    = [80]
  app      = "raw"
  every    = "15s"
  duration = "20ms"
  rtt      = "600us"
}

traffic "vm-agent" {
  from        = ["vnet-hub", "vnet-web", "vnet-data", "vnet-dr"]
  to          = ["azure"]
  protocol    = "tcp"
  ports       = [80, 32526]
  app         = "http"
  server_name = "168.63.129.16"
  every       = "30s"
  duration    = "40ms"
  down        = "2kB"
  rtt         = "400us"
}

traffic "metadata" {
  from        = ["vnet-hub", "vnet-web", "vnet-data", "vnet-dr"]
  to          = ["imds"]
  protocol    = "tcp"
  ports       = [80]
  app         = "http"
  server_name = "169.254.169.254"
  every       = "5m"
  duration    = "30ms"
  down        = "1500B"
  rtt         = "300us"
}

# Operations.
traffic "ssh-admin" {
  from      = ["admin"]
  to        = ["vm-jump"]
  protocol  = "tcp"
  ports     = [22]
  app       = "ssh"
  every     = "45m"
  duration  = "25m"
  spread    = 0.4
  up        = "90kB"
  down      = "450kB"
  exchanges = 900
  rtt       = "19ms"
}

traffic "ssh-inside" {
  from      = ["vm-jump"]
  to        = ["vm-web-1", "vm-db-2", "vm-build-1"]
  protocol  = "tcp"
  ports     = [22]
  app       = "ssh"
  every     = "40m"
  duration  = "9m"
  spread    = 0.5
  up        = "30kB"
  down      = "160kB"
  exchanges = 300
  rtt       = "800us"
}

traffic "rdp-inside" {
  from      = ["vm-jump"]
  to        = ["vm-db-1"]
  protocol  = "tcp"
  ports     = [3389]
  app       = "rdp"
  every     = "70m"
  duration  = "12m"
  up        = "200kB"
  down      = "4MB"
  exchanges = 400
  rtt       = "900us"
}

traffic "monitoring" {
  from        = ["vm-monitor-1"]
  to          = ["vm-web-1", "vm-web-2", "vm-app-1", "vm-app-2", "vm-cache-1", "vm-db-1", "vm-db-2", "vm-build-1", "vm-dr-1"]
  protocol    = "tcp"
  ports       = [9100]
  app         = "http"
  server_name = "metrics"
  every       = "30s"
  duration    = "150ms"
  down        = "18kB"
  rtt         = "900us"
}

# In captures only: flow logs do not know ICMP.
traffic "ping" {
  from      = ["vm-monitor-1"]
  to        = ["vm-web-1", "vm-db-1", "vm-db-2", "vm-dr-1"]
  protocol  = "icmp"
  every     = "60s"
  duration  = "4s"
  exchanges = 4
  up        = "56B"
  rtt       = "900us"
}

# The build machine still looks for the old batch machine, which is off.
traffic "batch-old" {
  from     = ["vm-build-1"]
  to       = ["vm-batch-old"]
  protocol = "tcp"
  ports    = [22]
  every    = "3m"
}

# Ordinary ways out.
traffic "updates" {
  from        = ["vm-app-1", "vm-app-2", "vm-dns-1", "vm-report-1"]
  to          = ["updates"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "download.windowsupdate.com"
  every       = "11m"
  duration    = "20s"
  spread      = 0.5
  up          = "9kB"
  down        = "6MB"
  exchanges   = 4
  rtt         = "8ms"
  retransmit  = 0.002
}

traffic "packages" {
  from        = ["vm-web-1", "vm-web-2", "vm-build-1", "vm-dr-1", "vmss-api"]
  to          = ["ubuntu"]
  protocol    = "tcp"
  ports       = [80]
  app         = "http"
  server_name = "azure.archive.ubuntu.com"
  every       = "19m"
  duration    = "6s"
  spread      = 0.6
  down        = "3MB"
  rtt         = "14ms"
}

traffic "blob-writes" {
  from        = ["vm-app-1", "vm-app-2", "vm-build-1", "vm-report-1"]
  to          = ["storage-weu"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "stcontosodata.blob.core.windows.net"
  every       = "2m"
  duration    = "9s"
  spread      = 0.7
  up          = "2500kB"
  down        = "120kB"
  exchanges   = 5
  rtt         = "1500us"
}

traffic "db-backup" {
  from        = ["vm-db-1", "vm-db-2"]
  to          = ["storage-weu"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "stcontosodata.blob.core.windows.net"
  every       = "15m"
  duration    = "40s"
  spread      = 0.3
  up          = "24MB"
  down        = "40kB"
  exchanges   = 6
  rtt         = "1500us"
}

traffic "db-replica" {
  from       = ["vm-db-2"]
  to         = ["vm-dr-1"]
  protocol   = "tcp"
  ports      = [5432]
  app        = "postgres"
  every      = "20m"
  duration   = "19m"
  spread     = 0.2
  up         = "30MB"
  down       = "900kB"
  exchanges  = 600
  rtt        = "18ms"
  retransmit = 0.001
}

traffic "arm" {
  from        = ["vm-build-1", "vm-monitor-1", "vm-jump"]
  to          = ["arm"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "management.azure.com"
  every       = "70s"
  duration    = "1s"
  spread      = 0.6
  up          = "4kB"
  down        = "30kB"
  exchanges   = 3
  rtt         = "7ms"
}

traffic "build-downloads" {
  from        = ["vm-build-1"]
  to          = ["registry"]
  protocol    = "tcp"
  ports       = [443]
  app         = "tls"
  server_name = "registry.npmjs.example"
  every       = "45s"
  duration    = "6s"
  spread      = 0.8
  up          = "12kB"
  down        = "4MB"
  exchanges   = 8
  rtt         = "5ms"
  retransmit  = 0.003
}

# Denied on the way out.
traffic "db-telemetry-blocked" {
  from     = ["vm-db-1", "vm-db-2"]
  to       = ["telemetry"]
  protocol = "tcp"
  ports    = [443]
  every    = "45s"
}

traffic "smtp-blocked" {
  from     = ["vm-web-1"]
  to       = ["mail"]
  protocol = "tcp"
  ports    = [25]
  every    = "4m"
}

# Denied on the way in: what every public address sees all day, some of it by
# the admin rules, the rest by the NSGs.
traffic "scans" {
  from     = ["scanners"]
  to       = ["vm-jump", "vm-web-1", "vm-web-2"]
  protocol = "tcp"
  ports    = [22, 23, 445, 1433, 3389, 5432, 5900, 6379, 8080, 8443, 9200, 27017]
  every    = "6s"
}

traffic "scans-udp" {
  from     = ["scanners"]
  to       = ["vm-jump", "vm-web-1", "vm-web-2"]
  protocol = "udp"
  ports    = [53, 123, 161, 389, 1900, 5060]
  every    = "40s"
  up       = "40B"
}

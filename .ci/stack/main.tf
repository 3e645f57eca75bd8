# What .ci/terraform makes, changes and removes in a sandbox that is served:
# every kind of resource that flow logs and captures need, and the world's own
# as data. Step 2 changes what can be changed in place.
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}

variable "step" { default = 1 }
variable "region" { default = "westeurope" }
variable "registrations" { default = "none" }

provider "azurerm" {
  features {}
  resource_provider_registrations = var.registrations
}

locals {
  tags = { env = "test", step = tostring(var.step) }
}

data "azurerm_client_config" "me" {}
data "azurerm_subscription" "me" {}

data "azurerm_virtual_network" "hub" {
  name                = "vnet-hub"
  resource_group_name = "rg-net"
}
data "azurerm_network_watcher" "weu" {
  name                = "NetworkWatcher_westeurope"
  resource_group_name = "NetworkWatcherRG"
}
data "azurerm_storage_account" "net" {
  name                = "stcontosonetweu"
  resource_group_name = "rg-net"
}
data "azurerm_resource_group" "net" { name = "rg-net" }

resource "azurerm_resource_group" "rg" {
  name     = "rg-tf"
  location = var.region
  tags     = local.tags
}

resource "azurerm_virtual_network" "a" {
  name                    = "vnet-a"
  location                = azurerm_resource_group.rg.location
  resource_group_name     = azurerm_resource_group.rg.name
  address_space           = ["10.90.0.0/16"]
  dns_servers             = var.step == 1 ? ["10.90.0.4", "10.90.0.5"] : ["10.90.0.4"]
  flow_timeout_in_minutes = var.step == 1 ? 10 : 12
  encryption { enforcement = "AllowUnencrypted" }
  tags = local.tags
}

resource "azurerm_virtual_network" "b" {
  name                = "vnet-b"
  location            = "West Europe"
  resource_group_name = azurerm_resource_group.rg.name
  address_space       = ["10.91.0.0/16"]
  subnet {
    name             = "inline"
    address_prefixes = ["10.91.1.0/24"]
    security_group   = azurerm_network_security_group.inline.id
  }
  subnet {
    name             = "inline2"
    address_prefixes = ["10.91.2.0/24"]
  }
}

resource "azurerm_subnet" "one" {
  name                 = "snet-one"
  resource_group_name  = azurerm_resource_group.rg.name
  virtual_network_name = azurerm_virtual_network.a.name
  address_prefixes     = ["10.90.1.0/24"]
  service_endpoint { service = "Microsoft.Storage" }
  private_endpoint_network_policies = var.step == 1 ? "Disabled" : "Enabled"
}

resource "azurerm_subnet" "two" {
  name                            = "snet-two"
  resource_group_name             = azurerm_resource_group.rg.name
  virtual_network_name            = azurerm_virtual_network.a.name
  address_prefixes                = ["10.90.2.0/24"]
  default_outbound_access_enabled = false
  delegation {
    name = "d"
    service_delegation {
      name    = "Microsoft.ContainerInstance/containerGroups"
      actions = ["Microsoft.Network/virtualNetworks/subnets/action"]
    }
  }
}

resource "azurerm_virtual_network_peering" "ab" {
  name                      = "a-to-b"
  resource_group_name       = azurerm_resource_group.rg.name
  virtual_network_name      = azurerm_virtual_network.a.name
  remote_virtual_network_id = azurerm_virtual_network.b.id
  allow_forwarded_traffic   = var.step > 1
}
resource "azurerm_virtual_network_peering" "ba" {
  name                      = "b-to-a"
  resource_group_name       = azurerm_resource_group.rg.name
  virtual_network_name      = azurerm_virtual_network.b.name
  remote_virtual_network_id = azurerm_virtual_network.a.id
}

resource "azurerm_network_security_group" "inline" {
  name                = "nsg-inline"
  location            = azurerm_resource_group.rg.location
  resource_group_name = azurerm_resource_group.rg.name
  security_rule {
    name                       = "https"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "*"
    destination_address_prefix = "*"
  }
  dynamic "security_rule" {
    for_each = var.step > 1 ? ["x"] : []
    content {
      name                         = "many"
      description                  = "several of each"
      priority                     = 110
      direction                    = "Outbound"
      access                       = "Deny"
      protocol                     = "*"
      source_port_ranges           = ["1-5", "7"]
      destination_port_ranges      = ["22", "3389"]
      source_address_prefixes      = ["10.0.0.0/8", "192.168.0.0/16"]
      destination_address_prefixes = ["1.2.3.4", "5.6.7.8"]
    }
  }
  tags = local.tags
}

resource "azurerm_application_security_group" "web" {
  name                = "asg-web"
  location            = azurerm_resource_group.rg.location
  resource_group_name = azurerm_resource_group.rg.name
  tags                = local.tags
}

resource "azurerm_network_security_group" "sep" {
  name                = "nsg-sep"
  location            = azurerm_resource_group.rg.location
  resource_group_name = azurerm_resource_group.rg.name
}
resource "azurerm_network_security_rule" "ssh" {
  name                                       = "ssh"
  resource_group_name                        = azurerm_resource_group.rg.name
  network_security_group_name                = azurerm_network_security_group.sep.name
  priority                                   = 200
  direction                                  = "Inbound"
  access                                     = var.step == 1 ? "Allow" : "Deny"
  protocol                                   = "Tcp"
  source_port_range                          = "*"
  destination_port_ranges                    = ["22"]
  source_address_prefix                      = "VirtualNetwork"
  destination_application_security_group_ids = [azurerm_application_security_group.web.id]
}
resource "azurerm_network_security_rule" "udp" {
  name                        = "udp"
  resource_group_name         = azurerm_resource_group.rg.name
  network_security_group_name = azurerm_network_security_group.sep.name
  priority                    = 210
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Udp"
  source_port_range           = "*"
  destination_port_range      = "53"
  source_address_prefix       = "*"
  destination_address_prefix  = "Internet"
}

resource "azurerm_subnet_network_security_group_association" "one" {
  subnet_id                 = azurerm_subnet.one.id
  network_security_group_id = azurerm_network_security_group.sep.id
}

resource "azurerm_route_table" "rt" {
  name                          = "rt"
  location                      = azurerm_resource_group.rg.location
  resource_group_name           = azurerm_resource_group.rg.name
  bgp_route_propagation_enabled = var.step == 1
  route {
    name                   = "default"
    address_prefix         = "0.0.0.0/0"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = "10.90.1.4"
  }
}
resource "azurerm_route_table" "rt2" {
  name                = "rt2"
  location            = azurerm_resource_group.rg.location
  resource_group_name = azurerm_resource_group.rg.name
}
resource "azurerm_route" "r" {
  name                = "r"
  resource_group_name = azurerm_resource_group.rg.name
  route_table_name    = azurerm_route_table.rt2.name
  address_prefix      = "10.1.0.0/16"
  next_hop_type       = var.step == 1 ? "VnetLocal" : "None"
}
resource "azurerm_subnet_route_table_association" "one" {
  subnet_id      = azurerm_subnet.one.id
  route_table_id = azurerm_route_table.rt.id
}

resource "azurerm_public_ip" "pip" {
  name                    = "pip"
  location                = azurerm_resource_group.rg.location
  resource_group_name     = azurerm_resource_group.rg.name
  allocation_method       = "Static"
  zones                   = ["1", "2", "3"]
  idle_timeout_in_minutes = var.step == 1 ? 4 : 10
  domain_name_label       = "flowctltf"
  tags                    = local.tags
}

resource "azurerm_network_interface" "nic" {
  name                  = "nic"
  location              = azurerm_resource_group.rg.location
  resource_group_name   = azurerm_resource_group.rg.name
  dns_servers           = var.step == 1 ? [] : ["10.90.0.4"]
  ip_forwarding_enabled = var.step > 1
  ip_configuration {
    name                          = "internal"
    subnet_id                     = azurerm_subnet.one.id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.pip.id
    primary                       = true
  }
  ip_configuration {
    name                          = "second"
    subnet_id                     = azurerm_subnet.one.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.90.1.77"
  }
  tags = local.tags
}

resource "azurerm_network_interface_security_group_association" "nic" {
  network_interface_id      = azurerm_network_interface.nic.id
  network_security_group_id = azurerm_network_security_group.sep.id
}
resource "azurerm_network_interface_application_security_group_association" "nic" {
  network_interface_id          = azurerm_network_interface.nic.id
  application_security_group_id = azurerm_application_security_group.web.id
  depends_on                    = [azurerm_network_interface_security_group_association.nic] # azurerm does not lock the two against each other
}

resource "azurerm_storage_account" "logs" {
  name                            = "sttfmade"
  resource_group_name             = azurerm_resource_group.rg.name
  location                        = azurerm_resource_group.rg.location
  account_tier                    = "Standard"
  account_replication_type        = var.step == 1 ? "LRS" : "GRS"
  allow_nested_items_to_be_public = false
  network_rules {
    default_action             = "Allow"
    bypass                     = ["AzureServices"]
    ip_rules                   = ["203.0.113.7"]
    virtual_network_subnet_ids = [azurerm_subnet.one.id]
  }
  blob_properties {
    versioning_enabled = var.step > 1
    delete_retention_policy { days = 5 }
  }
  identity { type = "SystemAssigned" }
  tags = local.tags
}

resource "azurerm_storage_account" "plain" {
  name                     = "sttfplain"
  resource_group_name      = azurerm_resource_group.rg.name
  location                 = azurerm_resource_group.rg.location
  account_tier             = "Standard"
  account_replication_type = "ZRS"
}
resource "azurerm_storage_account_network_rules" "plain" {
  storage_account_id = azurerm_storage_account.plain.id
  default_action     = var.step == 1 ? "Deny" : "Allow"
  bypass             = ["AzureServices", "Logging"]
  ip_rules           = ["198.51.100.0/24"]
}

resource "azurerm_storage_container" "c" {
  name                  = "captures"
  storage_account_id    = azurerm_storage_account.logs.id
  container_access_type = "private"
  metadata              = { made = "by-terraform" }
}

resource "azurerm_storage_management_policy" "p" { # not on the account with the flow logs' retention: the service adds rules there
  storage_account_id = azurerm_storage_account.plain.id
  rule {
    name    = "old"
    enabled = true
    filters {
      prefix_match = ["captures/x"]
      blob_types   = ["blockBlob"]
    }
    actions {
      base_blob { delete_after_days_since_modification_greater_than = var.step == 1 ? 30 : 40 }
      snapshot { delete_after_days_since_creation_greater_than = 10 }
    }
  }
}

resource "azurerm_log_analytics_workspace" "ws" {
  name                = "ws-tf"
  location            = azurerm_resource_group.rg.location
  resource_group_name = azurerm_resource_group.rg.name
  sku                 = "PerGB2018"
  retention_in_days   = var.step == 1 ? 30 : 60
  tags                = local.tags
}

resource "azurerm_network_watcher" "made" {
  name                = "nw-tf"
  location            = "northcentralus"
  resource_group_name = azurerm_resource_group.rg.name
  tags                = local.tags
}

resource "azurerm_network_watcher_flow_log" "vnet" {
  name                 = "fl-vnet"
  network_watcher_name = data.azurerm_network_watcher.weu.name
  resource_group_name  = data.azurerm_network_watcher.weu.resource_group_name
  target_resource_id   = var.step == 1 ? azurerm_virtual_network.a.id : azurerm_virtual_network.b.id
  storage_account_id   = azurerm_storage_account.logs.id
  enabled              = true
  version              = 2
  retention_policy {
    enabled = true
    days    = var.step == 1 ? 7 : 9
  }
  tags = local.tags
}
resource "azurerm_network_watcher_flow_log" "subnet" {
  name                 = "fl-subnet"
  network_watcher_name = data.azurerm_network_watcher.weu.name
  resource_group_name  = data.azurerm_network_watcher.weu.resource_group_name
  target_resource_id   = azurerm_subnet.one.id
  storage_account_id   = azurerm_storage_account.logs.id
  enabled              = true
  retention_policy {
    enabled = false
    days    = 0
  }
  traffic_analytics {
    enabled               = true
    workspace_id          = azurerm_log_analytics_workspace.ws.workspace_id
    workspace_region      = azurerm_log_analytics_workspace.ws.location
    workspace_resource_id = azurerm_log_analytics_workspace.ws.id
    interval_in_minutes   = var.step == 1 ? 60 : 10
  }
}
resource "azurerm_network_watcher_flow_log" "nic" {
  name                 = "fl-nic"
  network_watcher_name = data.azurerm_network_watcher.weu.name
  resource_group_name  = data.azurerm_network_watcher.weu.resource_group_name
  target_resource_id   = azurerm_network_interface.nic.id
  storage_account_id   = azurerm_storage_account.plain.id
  enabled              = var.step == 1
  retention_policy {
    enabled = false
    days    = 0
  }
}
resource "azurerm_network_watcher_flow_log" "hub" {
  name                 = "fl-hub"
  network_watcher_name = data.azurerm_network_watcher.weu.name
  resource_group_name  = data.azurerm_network_watcher.weu.resource_group_name
  target_resource_id   = data.azurerm_virtual_network.hub.id
  storage_account_id   = data.azurerm_storage_account.net.id
  enabled              = true
  retention_policy {
    enabled = true
    days    = 0
  }
}

resource "azurerm_linux_virtual_machine" "vm" {
  name                            = "vm-tf"
  location                        = azurerm_resource_group.rg.location
  resource_group_name             = azurerm_resource_group.rg.name
  size                            = var.step == 1 ? "Standard_B2s" : "Standard_B4ms"
  admin_username                  = "azureuser"
  admin_password                  = "P@ssw0rd-1234!"
  disable_password_authentication = false
  network_interface_ids           = [azurerm_network_interface.nic.id]
  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }
  source_image_reference {
    publisher = "Canonical"
    offer     = "0001-com-ubuntu-server-jammy"
    sku       = "22_04-lts"
    version   = "latest"
  }
  tags = local.tags
}

resource "azurerm_virtual_machine_extension" "agent" {
  name                       = "AzureNetworkWatcherExtension"
  virtual_machine_id         = azurerm_linux_virtual_machine.vm.id
  publisher                  = "Microsoft.Azure.NetworkWatcher"
  type                       = "NetworkWatcherAgentLinux"
  type_handler_version       = "1.4"
  auto_upgrade_minor_version = true
}

resource "azurerm_virtual_machine_packet_capture" "pc" {
  name               = "pc-tf"
  network_watcher_id = data.azurerm_network_watcher.weu.id
  virtual_machine_id = azurerm_linux_virtual_machine.vm.id
  storage_location {
    storage_account_id = azurerm_storage_account.logs.id
  }
  filter {
    protocol   = "TCP"
    local_port = "443"
  }
  depends_on = [azurerm_virtual_machine_extension.agent]
}

data "azurerm_virtual_machine" "db" {
  name                = "vm-web-1"
  resource_group_name = "rg-shop"
}
resource "azurerm_virtual_machine_packet_capture" "world" {
  name                                = "pc-world"
  network_watcher_id                  = data.azurerm_network_watcher.weu.id
  virtual_machine_id                  = data.azurerm_virtual_machine.db.id
  maximum_bytes_per_packet            = 128
  maximum_capture_duration_in_seconds = 600
  storage_location {
    storage_account_id = data.azurerm_storage_account.net.id
    file_path          = "/var/captures/x.cap"
  }
}

output "hub" { value = data.azurerm_virtual_network.hub }
output "vm" { value = data.azurerm_virtual_machine.db }

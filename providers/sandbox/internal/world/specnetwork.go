package world

import "github.com/hashicorp/hcl/v2"

// Networks and what lives in them beside machines, as a world file says it.

type looseNICSpec struct {
	Name    string            `hcl:"name,label"`
	Group   string            `hcl:"resource_group"`
	Region  string            `hcl:"region,optional"`
	Subnet  string            `hcl:"subnet"`
	Private string            `hcl:"private_ip"`
	NSG     string            `hcl:"nsg,optional"`
	Tags    map[string]string `hcl:"tags,optional"`
	Body    hcl.Body          `hcl:",body"`
	Range   hcl.Range         `hcl:",def_range"`
}

type gatewaySpec struct {
	Name   string            `hcl:"name,label"`
	Group  string            `hcl:"resource_group"`
	Region string            `hcl:"region,optional"`
	Kind   string            `hcl:"kind"`
	SKU    string            `hcl:"sku,optional"`
	Subnet string            `hcl:"subnet"`
	Tags   map[string]string `hcl:"tags,optional"`
	Body   hcl.Body          `hcl:",body"`
	Range  hcl.Range         `hcl:",def_range"`
}

type endpointSpec struct {
	Name    string            `hcl:"name,label"`
	Group   string            `hcl:"resource_group"`
	Region  string            `hcl:"region,optional"`
	Subnet  string            `hcl:"subnet"`
	Private string            `hcl:"private_ip"`
	Target  string            `hcl:"target"`
	Part    string            `hcl:"group_id,optional"`
	Tags    map[string]string `hcl:"tags,optional"`
	Body    hcl.Body          `hcl:",body"`
	Range   hcl.Range         `hcl:",def_range"`
}

type policySpec struct {
	Name        string    `hcl:"name,label"`
	Scope       string    `hcl:"scope"`
	Definition  string    `hcl:"definition"`
	DisplayName string    `hcl:"display_name,optional"`
	Effect      string    `hcl:"effect,optional"`
	Enforced    *bool     `hcl:"enforced,optional"`
	Body        hcl.Body  `hcl:",body"`
	Range       hcl.Range `hcl:",def_range"`
}

type quotaSpec struct {
	Name   string    `hcl:"name,label"`
	Region string    `hcl:"region"`
	Limit  int64     `hcl:"limit"`
	Used   int64     `hcl:"used,optional"`
	Body   hcl.Body  `hcl:",body"`
	Range  hcl.Range `hcl:",def_range"`
}

type fleetSpec struct {
	Name   string            `hcl:"name,label"`
	Group  string            `hcl:"resource_group"`
	Region string            `hcl:"region,optional"`
	Space  string            `hcl:"address_space"`
	VNets  int               `hcl:"vnets"`
	VMs    int               `hcl:"vms,optional"`
	OS     string            `hcl:"os,optional"`
	Agent  *bool             `hcl:"agent,optional"`
	NSG    string            `hcl:"nsg,optional"`
	Tags   map[string]string `hcl:"tags,optional"`
	Body   hcl.Body          `hcl:",body"`
	Range  hcl.Range         `hcl:",def_range"`
}

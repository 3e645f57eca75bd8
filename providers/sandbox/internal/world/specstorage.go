package world

import "github.com/hashicorp/hcl/v2"

// What stands guard over a storage account, as a world file says it.

type firewallSpec struct {
	Default string    `hcl:"default,optional"`
	Bypass  []string  `hcl:"bypass,optional"`
	IPs     []string  `hcl:"ips,optional"`
	Subnets []string  `hcl:"subnets,optional"`
	Body    hcl.Body  `hcl:",body"`
	Range   hcl.Range `hcl:",def_range"`
}

type lifecycleSpec struct {
	Name     string    `hcl:"name,label"`
	Enabled  *bool     `hcl:"enabled,optional"`
	Prefixes []string  `hcl:"prefixes,optional"`
	Delete   int       `hcl:"delete_after_days,optional"`
	Cool     int       `hcl:"cool_after_days,optional"`
	Body     hcl.Body  `hcl:",body"`
	Range    hcl.Range `hcl:",def_range"`
}

type immutableSpec struct {
	Days          int       `hcl:"days"`
	State         string    `hcl:"state,optional"`
	AppendAllowed bool      `hcl:"append_allowed,optional"`
	Body          hcl.Body  `hcl:",body"`
	Range         hcl.Range `hcl:",def_range"`
}

type containerSpec struct {
	Name         string         `hcl:"name,label"`
	LegalHold    []string       `hcl:"legal_hold,optional"`
	Immutability *immutableSpec `hcl:"immutability,block"`
	Body         hcl.Body       `hcl:",body"`
	Range        hcl.Range      `hcl:",def_range"`
}

type lockSpec struct {
	Name  string    `hcl:"name,label"`
	Scope string    `hcl:"scope"`
	Level string    `hcl:"level"`
	Notes string    `hcl:"notes,optional"`
	Body  hcl.Body  `hcl:",body"`
	Range hcl.Range `hcl:",def_range"`
}

package world

import "github.com/hashicorp/hcl/v2"

// What goes wrong, what the caller may do, and how fast, as gohcl reads it.

type faultSpec struct {
	Name        string    `hcl:"name,label"`
	Operation   string    `hcl:"operation"`
	Target      string    `hcl:"target,optional"`
	Region      string    `hcl:"region,optional"`
	Nth         []int     `hcl:"nth,optional"`
	Probability *float64  `hcl:"probability,optional"`
	After       string    `hcl:"after,optional"`
	Until       string    `hcl:"until,optional"`
	Times       *int      `hcl:"times,optional"`
	Effect      string    `hcl:"effect,optional"`
	Status      *int      `hcl:"status,optional"`
	Code        string    `hcl:"code,optional"`
	Message     string    `hcl:"message,optional"`
	RetryAfter  string    `hcl:"retry_after,optional"`
	Delay       string    `hcl:"delay,optional"`
	Bytes       string    `hcl:"bytes,optional"`
	Blocks      *int      `hcl:"blocks,optional"`
	OtherTarget string    `hcl:"other_target,optional"`
	Body        hcl.Body  `hcl:",body"`
	Range       hcl.Range `hcl:",def_range"`
}

type roleSpec struct {
	Name           string    `hcl:"name,label"`
	Scope          string    `hcl:"scope,optional"`
	Actions        []string  `hcl:"actions,optional"`
	NotActions     []string  `hcl:"not_actions,optional"`
	DataActions    []string  `hcl:"data_actions,optional"`
	NotDataActions []string  `hcl:"not_data_actions,optional"`
	Body           hcl.Body  `hcl:",body"`
	Range          hcl.Range `hcl:",def_range"`
}

type throttleSpec struct {
	Kind   string    `hcl:"kind,label"`
	Bucket int       `hcl:"bucket"`
	Refill float64   `hcl:"refill"`
	Body   hcl.Body  `hcl:",body"`
	Range  hcl.Range `hcl:",def_range"`
}

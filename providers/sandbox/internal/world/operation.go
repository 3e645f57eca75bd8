package world

import (
	"slices"
	"strings"
)

// calls are what clients can do, by thing, as faults name it: flow_log.create.
var calls = map[string]string{
	"subscription":    "read list",
	"location":        "list",
	"provider":        "read list register unregister",
	"resource":        "list query",
	"permission":      "list",
	"lock":            "read list create update delete",
	"policy":          "read list",
	"usage":           "list",
	"operation":       "read",
	"resource_group":  "read list create update delete",
	"vnet":            "read list create update delete",
	"subnet":          "read list create update delete",
	"peering":         "read list create update delete",
	"nic":             "read list create update delete effective_network_security_groups effective_route_table",
	"nsg":             "read list create update delete",
	"rule":            "read list create update delete",
	"public_ip":       "read list create update delete",
	"vm":              "read list create update delete start restart redeploy power_off deallocate run_command",
	"scale_set":       "read list create update delete upgrade",
	"instance":        "read list",
	"extension":       "read list create update delete",
	"storage_account": "read list create update delete list_keys list_account_sas list_service_sas check_name",
	"lifecycle":       "read create update delete",
	"container":       "read list create update delete",
	"blob":            "get list put delete",
	"workspace":       "read list create update delete shared_keys",
	"network_watcher": "read list create update delete configure_flow_log query_flow_log_status ip_flow_verify next_hop topology connectivity_check security_group_view",
	"flow_log":        "read list create update delete record",
	"packet_capture":  "read list create delete stop status upload",
	"other":           "read list create update delete action",
}

// What Azure does by itself: no client calls it.
const (
	Record = "flow_log.record"       // writes blocks into an hour blob
	Upload = "packet_capture.upload" // puts the file of a capture that has ended
)

// Operations are the names of all that can be done in a world, in their
// order. "other" stands for resources that have no name here.
func Operations() []string {
	var all []string
	for thing, verbs := range calls {
		for verb := range strings.FieldsSeq(verbs) {
			all = append(all, thing+"."+verb)
		}
	}
	slices.Sort(all)
	return all
}

// Matches reports whether name is what pattern says, in which * stands for
// any text. Azure's names do not heed case, nor does this.
func Matches(pattern, name string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(name))
}

func glob(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}

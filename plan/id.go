package plan

import "strings"

// ID is an Azure resource id. Azure does not keep its case, so ids are
// compared with Is and indexed by Key.
type ID string

// Key is the id in the form in which ids that mean the same are equal.
func (id ID) Key() string { return strings.ToLower(strings.TrimSuffix(string(id), "/")) }

// Is reports whether both ids name the same resource.
func (id ID) Is(other ID) bool {
	return strings.EqualFold(strings.TrimSuffix(string(id), "/"), strings.TrimSuffix(string(other), "/"))
}

// Subscription is the id of the subscription that holds the resource.
func (id ID) Subscription() string { return id.after("subscriptions") }

// ResourceGroup is the name of the group that holds the resource.
func (id ID) ResourceGroup() string { return id.after("resourcegroups") }

// Name is the last segment.
func (id ID) Name() string {
	s := strings.TrimSuffix(string(id), "/")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// Type is the resource type, such as Microsoft.Network/virtualNetworks/subnets.
func (id ID) Type() string {
	segs := id.segments()
	for i := len(segs) - 2; i >= 0; i-- {
		if strings.EqualFold(segs[i], "providers") {
			return typeOf(segs[i+1:])
		}
	}
	return ""
}

// Parent is the id of the resource that holds a child resource, such as the
// virtual network of a subnet; empty for a top-level resource.
func (id ID) Parent() ID {
	if strings.Count(id.Type(), "/") < 2 {
		return ""
	}
	s := strings.TrimSuffix(string(id), "/")
	for range 2 {
		s = s[:strings.LastIndexByte(s, '/')]
	}
	return ID(s)
}

func typeOf(segs []string) string {
	parts := segs[:1:1]
	for i := 1; i < len(segs); i += 2 {
		parts = append(parts, segs[i])
	}
	return strings.Join(parts, "/")
}

func (id ID) segments() []string {
	return strings.Split(strings.Trim(string(id), "/"), "/")
}

// after returns the segment that follows the one named key.
func (id ID) after(key string) string {
	segs := id.segments()
	for i := 0; i+1 < len(segs); i += 2 {
		if strings.EqualFold(segs[i], key) {
			return segs[i+1]
		}
	}
	return ""
}

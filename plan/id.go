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
	s := strings.Trim(string(id), "/")
	for end := len(s); end > 0; {
		start := strings.LastIndexByte(s[:end], '/') + 1
		if end < len(s) && strings.EqualFold(s[start:end], "providers") {
			return typeIn(s[end+1:])
		}
		end = start - 1
	}
	return ""
}

// typeIn is the type in what follows providers/: the namespace, and each second
// segment after it.
func typeIn(rest string) string {
	var b strings.Builder
	i := 0
	for seg := range strings.SplitSeq(rest, "/") {
		if i%2 == 1 {
			b.WriteByte('/')
		}
		if i == 0 || i%2 == 1 {
			b.WriteString(seg)
		}
		i++
	}
	return b.String()
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

// after returns the segment that follows the one named key.
func (id ID) after(key string) string {
	i, named := 0, false
	for seg := range strings.SplitSeq(strings.Trim(string(id), "/"), "/") {
		if named {
			return seg
		}
		named = i%2 == 0 && strings.EqualFold(seg, key)
		i++
	}
	return ""
}

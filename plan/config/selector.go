package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"flowctl/plan"
)

// ways are the attributes of which a watch has exactly one.
var ways = []string{"id", "name", "tags", "query"}

// selector reads which resources a watch means, and where that is said.
func (b block) selector(kind string) (Selector, hcl.Range) {
	var said []string
	for _, way := range ways {
		if b.has(way) {
			said = append(said, way)
		}
	}
	switch {
	case len(said) == 0 && slices.ContainsFunc(ways, func(way string) bool { return watchSchema.misspelt(b.Body, way) }):
		return Selector{}, header(b.Block)
	case len(said) == 0 && b.has("resource_group"):
		b.scope.add("Missing selector", b.at("resource_group"), "resource_group says where names are; add name = ….")
		return Selector{}, b.at("resource_group")
	case len(said) == 0:
		b.scope.add("Missing selector", header(b.Block), "%s selects nothing. Write id, name with resource_group, tags, or query.", title(b.Block))
		return Selector{}, header(b.Block)
	case len(said) > 1:
		b.scope.add("Several selectors", b.at(said[1]), "A watch selects by id, by name, by tags or by query; this one has %s. Keep one, and make a second watch for the other.", strings.Join(said, " and "))
		return Selector{}, b.at(said[1])
	}
	b.extras(said[0], kind)
	var sel Selector
	switch said[0] {
	case "id":
		sel.IDs = b.ids(kind)
	case "name":
		b.names(kind, &sel)
	case "tags":
		sel.Tags = b.tags(kind)
	case "query":
		sel.Query = b.query()
	}
	return sel, b.at(said[0])
}

// extras reports attributes that mean nothing beside the way of selecting.
func (b block) extras(way, kind string) {
	if way != "name" && b.has("resource_group") {
		b.scope.add("Conflicting attributes", b.at("resource_group"), "resource_group goes with name, not with %s. Remove it.", way)
	}
	if b.has("vnet") && (way != "name" || kind != Subnet) {
		b.scope.add("Conflicting attributes", b.at("vnet"), "vnet goes with the name of a subnet only. Remove it.")
	}
}

func (b block) ids(kind string) []plan.ID {
	items, _ := b.list("id")
	var ids []plan.ID
	for _, i := range items {
		id := plan.ID(i.text)
		if !b.scope.resource(i, types[kind], "id") {
			continue
		}
		if slices.ContainsFunc(ids, id.Is) {
			b.scope.add("Duplicate value", i.at, "%q is in the list twice. Remove one.", i.text)
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

// otherKind says how a resource of the wrong type can be watched.
func otherKind(id plan.ID) string {
	for _, kind := range kinds {
		if strings.EqualFold(types[kind], id.Type()) {
			return fmt.Sprintf(" It can be watched as watch %q.", kind)
		}
	}
	return ""
}

func (b block) names(kind string, sel *Selector) {
	items, _ := b.list("name")
	for _, i := range items {
		if !b.nameIsPlain(i) {
			continue
		}
		if slices.ContainsFunc(sel.Names, func(n string) bool { return strings.EqualFold(n, i.text) }) {
			b.scope.add("Duplicate value", i.at, "%q is in the list twice. Remove one.", i.text)
			continue
		}
		sel.Names = append(sel.Names, i.text)
	}
	sel.ResourceGroup = b.beside("resource_group", "A name is looked for in a resource group: add resource_group = ….")
	if kind == Subnet {
		sel.VNet = b.beside("vnet", "A subnet is looked for in a virtual network: add vnet = ….")
	}
}

// beside returns an attribute that a name cannot be without.
func (b block) beside(name, why string) string {
	if !b.has(name) && watchSchema.misspelt(b.Body, name) {
		return ""
	}
	if !b.has(name) {
		b.scope.add("Missing attribute", b.Body.Attributes["name"].SrcRange, "%s", why)
		return ""
	}
	s, ok := b.text(name)
	if !ok || !b.nameIsPlain(item{s, b.at(name)}) {
		return ""
	}
	return s
}

func (b block) nameIsPlain(i item) bool {
	switch {
	case strings.HasPrefix(i.text, "/"):
		b.scope.add("Invalid name", i.at, "%q is a resource id. Write it as id = …, without resource_group.", i.text)
	case i.text == "" || len(i.text) > 90 || strings.ContainsAny(i.text, "/*?%<>&:\\\"'") || strings.ContainsFunc(i.text, unprintable):
		b.scope.add("Invalid name", i.at, "No resource can be called %q. Write the name as Azure shows it; there are no wildcards, tags select many.", i.text)
	default:
		return true
	}
	return false
}

func (b block) tags(kind string) map[string]string {
	if kind == Subnet {
		b.scope.add("Conflicting attributes", b.at("tags"), "Subnets have no tags in Azure. Select by id, or by name with resource_group and vnet.")
		return nil
	}
	v, ok := b.value("tags")
	if !ok {
		return nil
	}
	m, err := convert.Convert(v, cty.Map(cty.String))
	if err != nil {
		b.scope.add("Wrong type", b.at("tags"), "tags must be a map of texts, such as { role = \"db\" }, not %s.", kindOf(v))
		return nil
	}
	tags := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.AsValueMap())) {
		val := m.Index(cty.StringVal(name))
		if val.IsNull() || name == "" {
			b.scope.add("Wrong type", b.at("tags"), "Tag %q has no value or no name. Write \"\" for a tag without a value.", name)
			return nil
		}
		tags[name] = val.AsString()
	}
	if len(tags) == 0 {
		b.scope.add("Empty list", b.at("tags"), "tags is empty, which would select everything. Name at least one tag.")
	}
	return tags
}

package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/hashicorp/go-cty-funcs/collection"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Functions returns the functions of the language, by name. They are
// Terraform's, as far as they are pure: nothing reads a file, the clock or chance.
func Functions() map[string]function.Function {
	return map[string]function.Function{
		// Numbers.
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc,
		"min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc,
		"sum": sumFunc,

		// Text.
		"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc,
		"indent": stdlib.IndentFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc,
		"regexall": stdlib.RegexAllFunc, "replace": replaceFunc, "split": stdlib.SplitFunc, "strrev": stdlib.ReverseFunc,
		"substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
		"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,
		"startswith": prefixFunc, "endswith": suffixFunc,

		// Collections.
		"alltrue": allTrueFunc, "anytrue": anyTrueFunc, "chunklist": stdlib.ChunklistFunc, "coalesce": collection.CoalesceFunc,
		"coalescelist": stdlib.CoalesceListFunc, "compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc,
		"contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc,
		"flatten": stdlib.FlattenFunc, "index": indexFunc, "keys": stdlib.KeysFunc, "length": lengthFunc,
		"lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc, "setproduct": stdlib.SetProductFunc,
		"setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc, "slice": stdlib.SliceFunc,
		"sort": stdlib.SortFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

		// Types and encodings.
		"can": tryfunc.CanFunc, "try": tryfunc.TryFunc, "csvdecode": stdlib.CSVDecodeFunc,
		"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
		"tobool": to(cty.Bool), "tonumber": to(cty.Number), "tostring": to(cty.String),
		"tolist": to(cty.List(cty.DynamicPseudoType)), "tomap": to(cty.Map(cty.DynamicPseudoType)),
		"toset": to(cty.Set(cty.DynamicPseudoType)), "sensitive": sensitiveFunc, "nonsensitive": nonsensitiveFunc,

		// Times and networks.
		"formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc,
		"cidrcontains": cidrContainsFunc, "cidrhost": cidr.HostFunc, "cidrnetmask": cidr.NetmaskFunc,
		"cidrsubnet": cidr.SubnetFunc, "cidrsubnets": cidr.SubnetsFunc,
	}
}

func to(t cty.Type) function.Function { return stdlib.MakeToFunc(t) }

var text = function.Parameter{Name: "str", Type: cty.String}

// replaceFunc takes a pattern between slashes for a regular expression, as Terraform's does.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{text, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if p := args[1].AsString(); len(p) > 1 && p[0] == '/' && p[len(p)-1] == '/' {
			return stdlib.RegexReplace(args[0], cty.StringVal(p[1:len(p)-1]), args[2])
		}
		return stdlib.Replace(args[0], args[1], args[2])
	},
})

var prefixFunc = textTest("prefix", func(s, p string) bool { return len(s) >= len(p) && s[:len(p)] == p })
var suffixFunc = textTest("suffix", func(s, p string) bool { return len(s) >= len(p) && s[len(s)-len(p):] == p })

func textTest(name string, test func(s, arg string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{text, {Name: name, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// lengthFunc counts the characters of a text, and the elements of anything else.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch t := args[0].Type(); {
		case t == cty.String:
			return stdlib.Strlen(args[0])
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
		}
		return stdlib.Length(args[0])
	},
})

// indexFunc finds the place of a value in a list.
var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}, {Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].Type().IsListType() && !args[0].Type().IsTupleType() {
			return cty.NilVal, function.NewArgErrorf(0, "must be a list")
		}
		i := 0
		for it := args[0].ElementIterator(); it.Next(); i++ {
			if _, v := it.Element(); v.RawEquals(args[1]) {
				return cty.NumberIntVal(int64(i)), nil
			}
		}
		return cty.NilVal, errors.New("the list has no such value")
	},
})

var sumFunc = fold("numbers", cty.Number, cty.Zero, cty.Value.Add)
var allTrueFunc = fold("conditions", cty.Bool, cty.True, cty.Value.And)
var anyTrueFunc = fold("conditions", cty.Bool, cty.False, cty.Value.Or)

// fold joins the elements of a list by an operation.
func fold(name string, elem cty.Type, start cty.Value, join func(a, b cty.Value) cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: name, Type: cty.List(elem)}},
		Type:   function.StaticReturnType(elem),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			total := start
			for it := args[0].ElementIterator(); it.Next(); {
				_, v := it.Element()
				if v.IsNull() {
					return cty.NilVal, function.NewArgErrorf(0, "must not contain null")
				}
				total = join(total, v)
			}
			return total, nil
		},
	})
}

// sensitiveFunc marks a value as one that must not be shown.
var sensitiveFunc = marking(func(v cty.Value) cty.Value { return v.Mark(mark{}) })

// nonsensitiveFunc is the user's word that a value may be shown.
var nonsensitiveFunc = marking(func(v cty.Value) cty.Value { v, _ = v.UnmarkDeep(); return v })

func marking(change func(cty.Value) cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{
			Name: "value", Type: cty.DynamicPseudoType,
			AllowUnknown: true, AllowNull: true, AllowMarked: true, AllowDynamicType: true,
		}},
		Type: func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return change(args[0]), nil },
	})
}

// cidrContainsFunc tells whether a network, or one of several, holds an
// address or another network.
var cidrContainsFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.DynamicPseudoType}, {Name: "address", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		outer, err := networks(args[0])
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		inner, err := prefixOf(args[1].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(1, err)
		}
		return cty.BoolVal(slices.ContainsFunc(outer, func(p netip.Prefix) bool {
			return inner.Bits() >= p.Bits() && p.Contains(inner.Addr())
		})), nil
	},
})

// networks reads a network or a list of them.
func networks(v cty.Value) ([]netip.Prefix, error) {
	elems := []cty.Value{v}
	if t := v.Type(); t.IsTupleType() || t.IsListType() || t.IsSetType() {
		if v.IsNull() {
			return nil, errors.New("the list of networks is null")
		}
		elems = v.AsValueSlice()
	}
	var nets []netip.Prefix
	for _, e := range elems {
		s, _ := textOf(e)
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", s)
		}
		nets = append(nets, p.Masked())
	}
	return nets, nil
}

// prefixOf reads an address or a network; an address is the network of itself.
func prefixOf(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address such as 10.1.2.3 nor a network such as 10.0.0.0/8", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// textOf converts a value to text if it has a text form.
func textOf(v cty.Value) (string, bool) {
	c, err := convert.Convert(v, cty.String)
	if err != nil || c.IsNull() || !c.IsKnown() {
		return "", false
	}
	return c.AsString(), true
}

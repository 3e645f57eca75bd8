package servicetag

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// slow names addresses by going over all prefixes of a list, bit by bit. It knows
// the rule and shares nothing with List.
type slow struct {
	read   [][]bitString
	Values []struct {
		Name       string
		Properties struct {
			Region          string
			AddressPrefixes []string
		}
	}
}

// armNames are the regions that lists spell in another way than Azure Resource
// Manager.
var armNames = map[string]string{
	"germanywc": "germanywestcentral", "germanyn": "germanynorth", "centralfrance": "francecentral", "southfrance": "francesouth",
	"norwaye": "norwayeast", "norwayw": "norwaywest", "switzerlandn": "switzerlandnorth", "switzerlandw": "switzerlandwest",
	"brazilse": "brazilsoutheast", "brazilne": "brazilnortheast", "chilec": "chilecentral", "usstagee": "eastusstg", "usstagec": "southcentralusstg",
}

// bitString is a prefix: the first bits of addresses.
type bitString struct {
	bytes []byte
	bits  int
}

// parsed are the prefixes of tag i, read once.
func (s *slow) parsed(i int) []bitString {
	if s.read == nil {
		s.read = make([][]bitString, len(s.Values))
	}
	if s.read[i] == nil {
		for _, prefix := range s.Values[i].Properties.AddressPrefixes {
			text, bits, _ := strings.Cut(prefix, "/")
			p := bitString{bytes: netip.MustParseAddr(text).AsSlice()}
			fmt.Sscan(bits, &p.bits)
			s.read[i] = append(s.read[i], p)
		}
	}
	return s.read[i]
}

// holds returns how long p is if it holds the address a; -1 if it does not.
func (p bitString) holds(a []byte) int {
	if len(p.bytes) != len(a) {
		return -1
	}
	for i := range p.bits {
		if (p.bytes[i/8]^a[i/8])>>(7-i%8)&1 != 0 {
			return -1
		}
	}
	return p.bits
}

func (s *slow) lookup(a netip.Addr) (tag, region string) {
	type candidate struct {
		name, region string
		bits         int
		size         float64
	}
	better := func(x, y *candidate) bool {
		switch {
		case y == nil:
			return true
		case x.bits != y.bits:
			return x.bits > y.bits
		case (x.region == "") != (y.region == ""):
			return x.region != ""
		case x.size != y.size:
			return x.size < y.size
		}
		return x.name < y.name
	}
	bytes := a.AsSlice()
	var service, cloud, place *candidate
	for i := range s.Values {
		v := &s.Values[i]
		c := candidate{name: v.Name, region: v.Properties.Region, bits: -1}
		for _, p := range s.parsed(i) {
			c.bits = max(c.bits, p.holds(bytes))
		}
		if c.bits < 0 {
			continue
		}
		for _, p := range s.parsed(i) {
			if len(p.bytes) == 4 {
				c.size += float64(uint64(1) << (32 - p.bits))
			}
		}
		switch isCloud := v.Name == "AzureCloud" || strings.HasPrefix(v.Name, "AzureCloud."); {
		case !isCloud && better(&c, service):
			service = &c
		case isCloud && c.region != "" && better(&c, place):
			place = &c
		case isCloud && c.region == "":
			cloud = &c
		}
	}
	for _, c := range []*candidate{service, place, cloud} {
		if c != nil {
			tag, region = c.name, c.region
			break
		}
	}
	if place != nil {
		region = place.region
	}
	if arm := armNames[strings.ToLower(region)]; arm != "" {
		region = arm
	}
	if tag == "" {
		tag = "internet"
	}
	return tag, strings.ToLower(region)
}

// pick returns addresses of which many are decisive: the edges of prefixes, one
// beyond each, and some within.
func (s *slow) pick(r *rand.Rand, n int) []netip.Addr {
	var out []netip.Addr
	for len(out) < n {
		v := s.Values[r.IntN(len(s.Values))].Properties.AddressPrefixes
		if len(v) == 0 {
			continue
		}
		p := netip.MustParsePrefix(v[r.IntN(len(v))])
		first, last := p.Addr().AsSlice(), p.Addr().AsSlice()
		within := p.Addr().AsSlice()
		for i := p.Bits(); i < len(last)*8; i++ {
			last[i/8] |= 1 << (7 - i%8)
			within[i/8] |= byte(r.IntN(2)) << (7 - i%8)
		}
		for _, b := range [][]byte{first, last, within} {
			a, _ := netip.AddrFromSlice(b)
			out = append(out, a)
		}
		out = append(out, out[len(out)-3].Prev(), out[len(out)-2].Next())
	}
	return out[:n]
}

// same compares a list with the slow reference.
func same(t *testing.T, data []byte, seed uint64, n int) {
	t.Helper()
	l, err := Read("list.json", data)
	if err != nil {
		t.Fatal(err)
	}
	var s slow
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, a := range s.pick(rand.New(rand.NewPCG(seed, 1)), n) {
		tag, region := s.lookup(a)
		if got := l.Lookup(a); Special(a) == "" && (got.Tag != tag || got.Region != region) && wrong < 10 {
			wrong++
			t.Errorf("seed %d: %s is %s in %q, want %s in %q", seed, a, got.Tag, got.Region, tag, region)
		}
	}
}

// TestAgainstSlowReference names addresses of generated lists, whose prefixes are
// nested and shared.
func TestAgainstSlowReference(t *testing.T) {
	for seed := range uint64(20) {
		same(t, generated(rand.New(rand.NewPCG(seed, 2))), seed, 200)
	}
}

// TestCorpusAgainstSlowReference does so for what Azure published.
func TestCorpusAgainstSlowReference(t *testing.T) {
	same(t, corpus(t, "ServiceTags_Public_20251028.json"), 7, 1000)
	same(t, corpus(t, "ServiceTags_China_20200601.json"), 8, 1000)
}

// corpus reads a list that Azure published.
func corpus(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("FLOWCTL_CORPUS")
	if dir == "" {
		t.Skip("FLOWCTL_CORPUS is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "servicetags", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// generated is a list in which services share few blocks of addresses at all
// lengths, within AzureCloud and beyond it.
func generated(r *rand.Rand) []byte {
	type properties struct {
		Region          string   `json:"region"`
		AddressPrefixes []string `json:"addressPrefixes"`
	}
	type value struct {
		Name       string     `json:"name"`
		Properties properties `json:"properties"`
	}
	var values []value
	block := func() string {
		if r.IntN(4) == 0 {
			b := [16]byte{0x26, 0x03, 0x10, byte(r.IntN(2)), byte(r.IntN(4))}
			return netip.PrefixFrom(netip.AddrFrom16(b), 20+r.IntN(24)).Masked().String()
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(r.IntN(3)), byte(r.IntN(4) * 64), byte(r.IntN(256))}), 10+r.IntN(23)).Masked().String()
	}
	add := func(name, region string, n int) {
		v := value{name, properties{Region: region}}
		for range n {
			v.Properties.AddressPrefixes = append(v.Properties.AddressPrefixes, block())
		}
		values = append(values, v)
	}
	add("AzureCloud", "", 6)
	for i, region := range []string{"westeurope", "germanywc", "chilec", "EastUS"} {
		// No address is in two regions.
		p := properties{Region: region, AddressPrefixes: []string{fmt.Sprintf("20.%d.%d.0/18", i%3, i*64), fmt.Sprintf("20.%d.%d.8/29", i%3, i*64)}}
		values = append(values, value{"AzureCloud." + region, p})
	}
	for i := range 12 {
		name := fmt.Sprintf("Service%c", 'L'-i)
		add(name, "", r.IntN(6))
		for _, region := range []string{"westeurope", "germanywc"} {
			if r.IntN(2) == 0 {
				add(name+"."+region, region, 1+r.IntN(4))
			}
		}
	}
	add("AzureFrontDoor.Backend", "", 3)
	r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	b, err := json.Marshal(map[string]any{"changeNumber": 7, "cloud": "Public", "values": values})
	if err != nil {
		panic(err)
	}
	return b
}

package summary

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/dictionary"
)

func entriesOf(t *testing.T, texts ...string) (list []dictionary.Entry) {
	t.Helper()
	for i := 0; i < len(texts); i += 2 {
		e, err := dictionary.New(texts[i], texts[i+1])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// Names are those of the inventory, else of the longest prefix; networks of one name are
// one row; and where there is a dictionary, what it does not name has no name.
func TestNames(t *testing.T) {
	words := entriesOf(t, "20.0.0.0/8", "partner", "20.1.2.0/24", "branch Lisbon", "40.1.2.1", "branch Lisbon", "10.0.0.0/8", "ours")
	inv := []*plan.Inventory{twoOfAll()}
	for name, tt := range map[string]struct {
		o    Options
		by   string
		want map[string]uint64
	}{
		"dictionary":     {Options{Dictionary: words}, "destination.name", map[string]uint64{"branch Lisbon": 3, "partner": 2, "ours": 1, "": 3}},
		"source":         {Options{Dictionary: words}, "source.name", map[string]uint64{"ours": 9}},
		"inventory":      {Options{Dictionary: words, Inventories: inv}, "source.name", map[string]uint64{twoOfAll().NICs[0].VM.Name(): 9}},
		"the first wins": {Options{Dictionary: append(entriesOf(t, "20.1.2.0/24", "Porto"), words...)}, "remote.name", map[string]uint64{"Porto": 2, "branch Lisbon": 1, "partner": 2, "ours": 1, "": 3}},
	} {
		if diff := cmp.Diff(tt.want, rowsOf(tagged(t, tt.o, tt.by))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, n := range tagged(t, Options{Dictionary: words}, "destination.address").Names {
		if n.Name == "" {
			t.Errorf("%+v is listed without a name", n)
		}
	}
}

// A dictionary finds what a search through all entries finds.
func TestNamesAgainstAll(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 13))
	var list []dictionary.Entry
	for i := range 500 {
		var b [4]byte
		for j := range b {
			b[j] = byte(r.IntN(4))
		}
		list = append(list, dictionary.Entry{Prefix: netip.PrefixFrom(netip.AddrFrom4(b), r.IntN(33)).Masked(), Name: fmt.Sprint(i)})
	}
	p := newLocator(nil)
	p.called.use(p.vms, list)
	for range 5000 {
		a := netip.AddrFrom4([4]byte{byte(r.IntN(5)), byte(r.IntN(5)), byte(r.IntN(5)), byte(r.IntN(5))})
		if a.IsUnspecified() {
			continue
		}
		want, bits := "", -1
		for _, e := range list {
			if e.Prefix.Contains(a) && e.Prefix.Bits() > bits {
				want, bits = e.Name, e.Prefix.Bits()
			}
		}
		if got := p.called.texts[p.called.of(p, flow.AddrOf(a), location{})]; got != want {
			t.Fatalf("%s is %q, want %q", a, got, want)
		}
	}
}

package price

import (
	"slices"

	"flowctl/plan"
)

// endpoint is a private endpoint, instead of any peering on the way. What is behind
// it, or who asks, may lie in another region.
func (q *quoter) endpoint() {
	q.Class = Endpoint
	f, t := &q.From, &q.To
	if t.Endpoint != nil {
		q.charge(OfEndpoint, plan.EndpointIn, t.region())
	}
	if f.Endpoint != nil {
		q.charge(OfEndpoint, plan.EndpointOut, f.region())
	}
	if q.Way.Gateway != nil && t.Premises {
		q.out()
		q.Class = Endpoint
	}
	q.regions()
	if q.Way.Appliance != nil {
		q.firewall()
	}
}

// regions charges what crosses regions between who asks and the resource behind a
// private endpoint.
func (q *quoter) regions() {
	for _, e := range []*End{&q.From, &q.To} {
		if !e.Premises && e.VNet == "" && e.Endpoint == nil && e.region() == "" {
			q.note("who uses the private endpoint is an address that no inventory explains")
			q.upTo(Sender, "", "", Range{}, false)
			return
		}
	}
	stops := slices.Compact(append(q.stops(&q.From), reversed(q.stops(&q.To))...))
	switch len(stops) {
	case 0, 1:
	case 2:
		q.cross(stops[0], stops[1])
	default:
		q.around(stops)
	}
}

// stops are the regions at an end, outermost first: of the resource behind a private
// endpoint, and of the endpoint.
func (q *quoter) stops(e *End) []string {
	switch {
	case e.Premises:
		return nil
	case e.Endpoint == nil:
		return []string{e.region()}
	case e.Endpoint.Target == "":
		q.note("the region of the resource behind the private endpoint is not known: another one costs as between regions besides")
		return []string{e.region()}
	}
	target := End{Region: e.Endpoint.Target}
	return []string{target.region(), e.region()}
}

func reversed(s []string) []string {
	slices.Reverse(s)
	return s
}

func (q *quoter) cross(from, to string) {
	if _, c := q.crossing(from, to); c != nil {
		q.Charges = append(q.Charges, *c)
	}
}

// around is a way over several regions, of which it is not known whether all or only
// the first and the last count.
func (q *quoter) around(stops []string) {
	q.note("the private endpoint, who asks and its resource lie in different regions: how often that is charged is not known")
	var all Range
	known := true
	for i, to := range stops[1:] {
		if _, c := q.crossing(stops[i], to); c != nil {
			all, known = all.Plus(c.Price), known && c.Known
		}
	}
	var direct Range
	if _, c := q.crossing(stops[0], stops[len(stops)-1]); c != nil {
		direct, known = c.Price, known && c.Known
	}
	q.upTo(Sender, plan.InterContinent, stops[0], Range{min(direct.Low, all.Low), max(direct.High, all.High)}, known)
}

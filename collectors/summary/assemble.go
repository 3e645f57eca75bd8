package summary

import (
	"cmp"
	"maps"
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// document puts together what the builder found.
func (b *builder) document(t *aggregate.Table, o Options) *Document {
	all := b.total.sum
	for i, s := range o.Sources {
		all.Marks |= nothingSeen(s)
		if i < len(t.Sources) {
			b.total.first = min(b.total.first, t.Sources[i].First)
			b.total.last = max(b.total.last, t.Sources[i].Last)
		}
	}
	n, hosts := &b.naming, hostsOf(o.Hosts)
	doc := &Document{
		Format:  Format,
		Sources: sourcesOf(t, o),
		Total: Total{
			Volume: volume(all), First: instant(b.total.first), Last: instant(b.total.last),
			Conversations: uint64(b.pairs.len()), Flows: b.total.flows, Denied: known(b.total.denied, b.total.denied > 0 || b.total.sum.Marks&aggregate.Judged != 0), Records: b.total.records,
		},
		Answer:     b.best.shown(n.locator, hosts, all),
		Merged:     b.merged.shown(t.Names),
		Timeline:   timelineOf(&t.Timeline, b.dropped, all.Marks),
		Top:        b.topPairs(all),
		Talkers:    b.talkers.all.answer(n, all),
		Egress:     b.talkers.egress.answer(n, all),
		Services:   b.answers[answerServices].answer(n, all),
		Rules:      b.answers[answerRules].answer(n, all),
		Encryption: b.answers[answerEncryption].answer(n, all),
		Scopes:     b.answers[answerScopes].answer(n, all),
		Asks:       []Answer{},
		Names:      b.names(hosts),

		ServiceTags: serviceTagsOf(o.Tags),

		Skipped: []Skip{},

		Conversations: Conversations{pairs: b.pairs},
	}
	doc.Merged.addRepeats(o.Repeats)
	unseen := unseen(o, &b.total)
	for _, g := range b.answers[builtins:] {
		a := g.answer(n, all)
		g.conclude(&a, &b.total, all)
		g.seesAll(&a, unseen)
		g.seesTime(&a, b.points)
		doc.Asks = append(doc.Asks, a)
	}
	doc.Names = n.locator.called.add(doc.Names, doc)
	doc.Expectations = expectations(o.Expects, doc)
	for _, s := range o.Skipped {
		doc.Skipped = append(doc.Skipped, Skip(s))
	}
	if o.Minutes != nil {
		doc.Minutes = o.Minutes(n.locator.nicName)
	}
	doc.Coverage = append(append([]Coverage{}, o.Coverage...), b.coverage(t, doc, o)...)
	doc.Prices = n.locator.quotes.prices(b.answers)
	if p := doc.Prices; p != nil {
		doc.Coverage = append(doc.Coverage, p.coverage()...)
	}
	if s := doc.ServiceTags; s != nil {
		doc.Coverage = append(doc.Coverage, Coverage{Code: "service-tags", Text: s.named(instant(b.total.first).Time(), instant(b.total.last).Time())})
	}
	return doc
}

func sourcesOf(t *aggregate.Table, o Options) []Source {
	list := make([]Source, 0, len(o.Sources))
	for i, s := range o.Sources {
		sum := aggregate.SourceSum{First: aggregate.NoFirst, Last: aggregate.NoLast}
		if i < len(t.Sources) {
			sum = t.Sources[i]
		}
		sum.Sum.Marks |= nothingSeen(s)
		list = append(list, Source{
			Path: s.Path, Files: s.Files, Kind: s.Kind, Status: s.Status, Detail: s.Detail, Bytes: s.Bytes, Records: s.Records,
			Points: s.Points, SHA256: o.SHA256[s.Path],
			Total: SourceTotal{volume(sum.Sum), instant(sum.First), instant(sum.Last)}, TCP: tcpOf(&sum.TCP),
		})
	}
	return list
}

// biggest are the biggest pairs, in their order.
type biggest struct {
	limit int
	list  []pair
}

// offer takes a copy of p if it is among the biggest.
func (t *biggest) offer(p pair) {
	if len(t.list) == t.limit && p.compare(t.list[t.limit-1]) >= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(t.list, p, pair.compare)
	if len(t.list) == t.limit {
		t.list = t.list[:t.limit-1]
	}
	r := *p.row
	t.list = slices.Insert(t.list, at, pair{&r, p.frames})
}

// topPairs returns the biggest conversations with names.
func (b *builder) topPairs(all aggregate.Tally) []Pair {
	list := []Pair{}
	for _, p := range b.top.list {
		list = append(list, Pair{
			Conversation: p.conversation(), AVM: b.vmOf(p.row.Src), BVM: b.vmOf(p.row.Dst),
			Share: share(p.both(), all),
		})
	}
	return list
}

func (b *builder) vmOf(a flow.Addr) string {
	return vmOfNIC(b.naming.locator, b.known[a].nic)
}

func hostsOf(h *flow.Hosts) map[flow.Addr][]flow.Host {
	if h == nil {
		return nil
	}
	return maps.Collect(h.All())
}

// names lists the addresses that occur and have a name: of a known interface,
// or one that a capture showed.
func (b *builder) names(hosts map[flow.Addr][]flow.Host) []Name {
	p := b.naming.locator
	all := map[flow.Addr]bool{}
	for a := range b.known {
		all[a] = true
	}
	for a := range hosts {
		all[a] = true
	}
	list := []Name{}
	for _, a := range slices.SortedFunc(maps.Keys(all), flow.Addr.Compare) {
		name := Name{Address: a.String()}
		if at, ok := b.known[a]; ok {
			name.VM, name.NIC, name.Region = vmOfNIC(p, at.nic), p.nics[at.nic].name, p.nics[at.nic].region
			name.Subnet, name.VNet = p.subnets[at.subnet].name, p.vnets[at.vnet].name
		}
		if at := p.public.of(a, b.known[a]); p.public.list != nil && at.public() {
			name.Tag, name.Region = p.public.tags[at.tag], cmp.Or(name.Region, p.public.regions[at.region])
		}
		for _, h := range hosts[a] {
			name.Hosts = append(name.Hosts, Host(h))
		}
		list = append(list, name)
	}
	return list
}

package plan

// Prices are what Azure asks per unit of a meter, in one currency: those of a
// run's cost and those of traffic.
type Prices struct {
	Currency string                    `json:"currency"` // ISO 4217, such as USD
	Source   string                    `json:"source"`   // where they are from
	Date     string                    `json:"date"`     // when they were looked up
	Meters   map[Meter]Rate            `json:"meters"`
	Regions  map[string]map[Meter]Rate `json:"regions,omitempty"` // what differs in a region

	// Used is how many units of a meter the account uses in a month, which says the
	// tier that the next unit is in. Without it, that is the first.
	Used map[Meter]float64 `json:"used_in_month,omitempty"`
}

// Meter names what Azure bills, with its unit.
type Meter string

// The meters of a run. GB is 10^9 bytes, a month 730 hours.
const (
	NetworkLogs    Meter = "network_logs_gb"         // flow logs collected
	Analytics60    Meter = "traffic_analytics_60_gb" // processed every 60 minutes
	Analytics10    Meter = "traffic_analytics_10_gb" // processed every 10 minutes
	CaptureCheck   Meter = "capture_check"           // a packet capture started
	StoredGBMonth  Meter = "storage_gb_month"        // blobs kept
	WriteOperation Meter = "storage_write_10k"       // ten thousand calls that write or list blobs
	ReadOperation  Meter = "storage_read_10k"        // ten thousand calls that read blobs
	Egress         Meter = "egress_gb"               // to the internet; also what is fetched to outside of Azure
)

// The meters of traffic, besides Egress.
const (
	ISPEgress      Meter = "egress_isp_gb"           // to the internet, with routing preference Internet
	InterRegion    Meter = "inter_region_gb"         // to a region of the same continent
	InterContinent Meter = "inter_continent_gb"      // to a region of another continent
	PeeringBytes   Meter = "peering_gb"              // over a peering, on each side of it
	GlobalPeering  Meter = "global_peering_gb"       // over a peering of two regions, on each side of it
	VPNBytes       Meter = "vpn_vnet_gb"             // to a virtual network of another region by VPN gateways
	EndpointIn     Meter = "private_endpoint_in_gb"  // to a private endpoint
	EndpointOut    Meter = "private_endpoint_out_gb" // from a private endpoint
	CircuitZone1   Meter = "expressroute_zone1_gb"   // out of a metered circuit, by the zone of its peering location
	CircuitZone2   Meter = "expressroute_zone2_gb"
	CircuitZone3   Meter = "expressroute_zone3_gb"
	NATBytes       Meter = "nat_gateway_gb" // through a box on the way, in both directions
	BalancerBytes  Meter = "load_balancer_gb"
	FirewallBytes  Meter = "firewall_gb"
	HubBytes       Meter = "virtual_hub_gb"
)

// Meters lists all meters, in the order in which they are shown.
func Meters() []Meter {
	return []Meter{
		NetworkLogs, Analytics60, Analytics10, CaptureCheck, StoredGBMonth, WriteOperation, ReadOperation, Egress,
		ISPEgress, InterRegion, InterContinent, PeeringBytes, GlobalPeering, VPNBytes, EndpointIn, EndpointOut,
		CircuitZone1, CircuitZone2, CircuitZone3, NATBytes, BalancerBytes, FirewallBytes, HubBytes,
	}
}

// In is the price of the next unit of a meter in a region; ok is false if none is
// known.
func (p Prices) In(region string, m Meter) (price float64, ok bool) {
	rate, ok := p.Regions[region][m]
	if !ok {
		rate, ok = p.Meters[m]
	}
	if !ok || len(rate) == 0 {
		return 0, false
	}
	return rate.At(p.Used[m]), true
}

// Estimate is what an investigation costs at most, as far as that is known:
// free allowances, which others may have used up, are not taken off.
type Estimate struct {
	Currency string     `json:"currency"`
	Source   string     `json:"source"`
	Date     string     `json:"date"`
	Items    []CostItem `json:"items"`
	Total    float64    `json:"total"`    // of the items with an amount
	Complete bool       `json:"complete"` // every item has one
	Notes    []string   `json:"notes,omitempty"`
}

// CostItem is what one session needs of one meter. Quantity and Amount are
// nil if they are not known; Basis says what they rest on, or why not.
type CostItem struct {
	Session  string   `json:"session"` // its address
	Target   ID       `json:"target"`
	Meter    Meter    `json:"meter"`
	Quantity *float64 `json:"quantity,omitempty"` // in the meter's unit
	Price    *float64 `json:"price,omitempty"`    // per unit
	Amount   *float64 `json:"amount,omitempty"`
	Basis    string   `json:"basis"`
}

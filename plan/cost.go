package plan

// Prices are what Azure asks per unit of a meter, in one currency.
type Prices struct {
	Currency string                       `json:"currency"` // ISO 4217, such as USD
	Source   string                       `json:"source"`   // where they are from
	Date     string                       `json:"date"`     // when they were looked up
	Meters   map[Meter]float64            `json:"meters"`
	Regions  map[string]map[Meter]float64 `json:"regions,omitempty"` // what differs in a region
}

// Meter names what Azure bills, with its unit.
type Meter string

// The meters. GB is 10^9 bytes, a month 730 hours.
const (
	NetworkLogs    Meter = "network_logs_gb"         // flow logs collected
	Analytics60    Meter = "traffic_analytics_60_gb" // processed every 60 minutes
	Analytics10    Meter = "traffic_analytics_10_gb" // processed every 10 minutes
	CaptureCheck   Meter = "capture_check"           // a packet capture started
	StoredGBMonth  Meter = "storage_gb_month"        // blobs kept
	WriteOperation Meter = "storage_write_10k"       // ten thousand calls that write or list blobs
	ReadOperation  Meter = "storage_read_10k"        // ten thousand calls that read blobs
	Egress         Meter = "egress_gb"               // what is fetched to outside of Azure
)

// Meters lists all meters, in the order in which they are shown.
func Meters() []Meter {
	return []Meter{NetworkLogs, Analytics60, Analytics10, CaptureCheck, StoredGBMonth, WriteOperation, ReadOperation, Egress}
}

// In is the price of a meter in a region; ok is false if none is known.
func (p Prices) In(region string, m Meter) (price float64, ok bool) {
	if price, ok = p.Regions[region][m]; ok {
		return price, true
	}
	price, ok = p.Meters[m]
	return price, ok
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

package workspace

import (
	"cmp"
	"regexp"
	"strings"
	"sync"
	"time"
)

// column is one that is read. The same column has several names: by table, by
// schema, and with a suffix for its type.
type column uint8

const (
	other column = iota
	colType
	colSubType
	colVersion
	colJobStatus
	colIntervalStart
	colIntervalEnd
	colFlowStart
	colFlowEnd
	colGenerated
	colFlowType
	colSrc
	colDst
	colOwn // schema 1: the address of the own side of public flows
	colSrcPublic
	colDstPublic
	colPublic // schema 1: the peers
	colPort
	colProtocol
	colDirection
	colStatus
	colMAC
	colFlowLog
	colTarget
	colACL
	colRule
	colNSG
	colRules // schema 1
	colEncryption
	colAllowedIn
	colDeniedIn
	colAllowedOut
	colDeniedOut
	colFlowCount
	colSentPackets
	colReceivedPackets
	colSentBytes
	colReceivedBytes

	// Of VMConnection and WireData.
	colComputer
	colProcess
	colConnection
	colEstablished
	colFailed
	colAgentSent
	colAgentReceived
	colLocal
	colLocalPort
	colRemote
	colRemotePort
	colSession
	colSessionStart
	colSessionEnd

	// By which tables are told that do not name themselves.
	colResourceType
	colRecommended
	colWildcard
	colSystem
	colOwner

	columns
)

// names are the columns by name, in lower case and without a suffix.
var names = map[string]column{
	"type": colType, "subtype": colSubType, "faschemaversion": colVersion, "status": colJobStatus,
	"flowintervalstarttime": colIntervalStart, "flowintervalendtime": colIntervalEnd, "flowstarttime": colFlowStart, "flowendtime": colFlowEnd,
	"timegenerated": colGenerated, "flowtype": colFlowType, "srcip": colSrc, "destip": colDst, "sourceip": colSrc, "destinationip": colDst, "vmip": colOwn,
	"srcpublicips": colSrcPublic, "destpublicips": colDstPublic, "publicips": colPublic, "destport": colPort, "destinationport": colPort,
	"l4protocol": colProtocol, "protocol": colProtocol, "protocolname": colProtocol, "flowdirection": colDirection, "direction": colDirection, "flowstatus": colStatus,
	"macaddress": colMAC, "flowlogresourceid": colFlowLog, "targetresourceid": colTarget, "aclgroup": colACL, "aclrule": colRule,
	"nsglist": colNSG, "nsgrule": colRule, "nsgrules": colRules, "flowencryption": colEncryption,
	"allowedinflows": colAllowedIn, "deniedinflows": colDeniedIn, "allowedoutflows": colAllowedOut, "deniedoutflows": colDeniedOut, "flowcount": colFlowCount,
	"packetssrctodest": colSentPackets, "packetsdesttosrc": colReceivedPackets, "bytessrctodest": colSentBytes, "bytesdesttosrc": colReceivedBytes,
	"outboundpackets": colSentPackets, "inboundpackets": colReceivedPackets, "outboundbytes": colSentBytes, "inboundbytes": colReceivedBytes,
	"computer": colComputer, "process": colProcess, "processid": colProcess, "connectionid": colConnection,
	"linksestablished": colEstablished, "linksfailed": colFailed, "bytessent": colAgentSent, "bytesreceived": colAgentReceived,
	"sentbytes": colAgentSent, "receivedbytes": colAgentReceived, "localip": colLocal, "localportnumber": colLocalPort, "remoteip": colRemote, "remoteportnumber": colRemotePort,
	"sessionid": colSession, "sessionstarttime": colSessionStart, "sessionendtime": colSessionEnd,
	"azureresourcetype": colResourceType, "recommendedaction": colRecommended, "iswildcardbind": colWildcard, "operatingsystemfamily": colSystem,
	"publicipdetails": colOwner, "threattype": colOwner,
}

// ownColumns is what only tables of a workspace call a column, as it is spelled
// there: any of those that a row may begin with, and none of a flow log's.
const ownColumns = `TenantId|TimeGenerated|TimeProcessed(?:_t)?|SubType(?:_s)?|F[Aa]SchemaVersion(?:_s)?|FlowIntervalStartTime(?:_t)?|FlowIntervalEndTime(?:_t)?|FlowStartTime(?:_[ts])?|FlowEndTime(?:_[ts])?|` +
	`FlowType(?:_s)?|AclGroup|AclRule|NSGList_s|NSGRules?_s|AllowedInFlows(?:_d)?|AllowedOutFlows(?:_d)?|DeniedInFlows(?:_d)?|DeniedOutFlows(?:_d)?|BytesSrcToDest|BytesDestToSrc|SrcP[Uu]?blicI[Pp]s(?:_s)?|` +
	`DestPublicI[Pp]s(?:_s)?|PublicIPs_s|VMIP_s|SrcI[Pp](?:_s)?|DestI[Pp](?:_s)?|L[47]Protocol(?:_s)?|FlowDirection(?:_s)?|FlowStatus(?:_s)?|FlowEncryption|AzureRegion(?:_s)?|` +
	`AgentId|AzureResourceType|AddressPrefixes|AdditionalProperties|RecommendedAction|SchemaVersion|ApplicationProtocol|ApplicationServiceName|D[Nn][Ss]Domain(?:_s)?|PublicI[Pp]Details(?:_s)?|` +
	`LinksEstablished|IsWildcardBind|SourceSystem|ManagementGroupName|LocalIP|RemoteIP|AzureLocation|Ipv4Addresses|OperatingSystemFamily|ConnectionName(?:_s)?|ConnectionId|ThreatType(?:_s)?`

// slot is where the values of a column of an export go, and the zone of its times.
type slot struct {
	column
	zone *time.Location
	odd  string // the zone, if it is not known

	suffixed bool // its name says its type, as in tables of the Data Collector API
}

var suffix = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`_[sdtgb]$`) })

// slotOf returns that of a column by its name, which a CSV file gives with the zone
// of its times: "TimeGenerated [UTC]".
func slotOf(name string) slot {
	name = strings.Trim(strings.TrimSpace(name), `"`)
	name, zone, zoned := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	key := strings.ToLower(strings.TrimSpace(name))
	s := slot{zone: time.UTC}
	var ok bool
	if s.column, ok = names[key]; !ok {
		s.column, s.suffixed = names[suffix().ReplaceAllString(key, "")], true
	}
	if zoned {
		if s.zone, ok = zoneOf(strings.TrimSpace(zone)); !ok {
			s.odd = zone
		}
	}
	return s
}

// offset is a zone by its distance from UTC.
var offset = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?$`)
})

// zoneOf is the time zone that a heading names.
func zoneOf(name string) (*time.Location, bool) {
	if m := offset().FindStringSubmatch(name); m != nil {
		d, err := time.ParseDuration(m[2] + "h" + cmp.Or(m[3], "0") + "m")
		if err != nil {
			return nil, false
		}
		if m[1] == "-" {
			d = -d
		}
		return time.FixedZone(name, int(d.Seconds())), true
	}
	switch strings.ToUpper(name) {
	case "UTC", "GMT", "Z":
		return time.UTC, true
	}
	if !strings.Contains(name, "/") {
		return nil, false
	}
	at, err := time.LoadLocation(name)
	return at, err == nil
}

// isCSV reports whether a text begins with a line of names of columns, of which one
// is of a table. The head may end inside it.
func isCSV(text []byte) bool {
	line := headLine(string(text))
	return ownName().MatchString(line) && strings.ContainsAny(line, ",;\t")
}

var ownName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[,;\t])"?(` + ownColumns + `)( ?\[[^\]]*\])?"?([,;\t]|\s|$)`)
})

// headLine is the first line that is no remark of PowerShell.
func headLine(text string) string {
	line, rest, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(line, "#TYPE") {
		line, _, _ = strings.Cut(rest, "\n")
	}
	return strings.TrimRight(line, "\r")
}

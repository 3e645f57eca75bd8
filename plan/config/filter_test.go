package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// TestFlowFilter compiles filter blocks to the service's expression.
func TestFlowFilter(t *testing.T) {
	tests := map[string]struct{ blocks, want string }{
		"none":              {"", ""},
		"one":               {"filter {\n destination_port = 443\n}", "DstPort=443"},
		"and":               {"filter {\n destination_port = 443\n protocol = \"tcp\"\n}", "DstPort=443 && Protocol=TCP"},
		"or":                {"filter {\n source_address = \"158.255.7.8\"\n}\nfilter {\n destination_port = 56891\n}", "SrcIP=158.255.7.8 || DstPort=56891"},
		"and binds tighter": {"filter {\n direction = \"inbound\"\n action = \"deny\"\n}\nfilter {\n protocol = \"UDP\"\n}", "Direction=Inbound && Action=Deny || Protocol=UDP"},
		"list":              {"filter {\n destination_port = [22, \"54300-54400\", 0]\n}", "DstPort=22,54300-54400,0"},
		"not":               {"filter {\n protocol = \"TCP\"\n not {\n source_address = [\"10.0.0.0/8\", \"10.0.0.9/32\"]\n }\n}", "Protocol=TCP && SrcIP!=10.0.0.0/8,10.0.0.9"},
		"host bits":         {"filter {\n source_address = \"2001:db8::1/64\"\n}", "SrcIP=2001:db8::/64"},
		"encryption":        {"filter {\n encryption = \"nx_all\"\n}", "Encryption=NX_ALL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(small, "    tags", "flow_log {\n"+test.blocks+"\n}\n    tags", 1)
			if got := load(t, src, Inputs{}).Investigations[0].Watches[0].FlowLog.Spec.Filter; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestCaptureFilter compiles filter blocks to the service's fields.
func TestCaptureFilter(t *testing.T) {
	tests := map[string]struct {
		attrs string
		want  plan.CaptureFilter
	}{
		"address":          {`local_address = "10.0.0.4"`, plan.CaptureFilter{LocalAddress: "10.0.0.4"}},
		"network":          {`remote_address = "10.1.0.0/22"`, plan.CaptureFilter{RemoteAddress: "10.1.0.0-10.1.3.255"}},
		"network of one":   {`remote_address = "10.1.0.7/32"`, plan.CaptureFilter{RemoteAddress: "10.1.0.7"}},
		"network of IPv6":  {`remote_address = "2001:db8::/126"`, plan.CaptureFilter{RemoteAddress: "2001:db8::-2001:db8::3"}},
		"everything":       {`remote_address = "0.0.0.0/0"`, plan.CaptureFilter{RemoteAddress: "0.0.0.0-255.255.255.255"}},
		"range":            {`remote_address = "10.0.0.1 - 10.0.0.9"`, plan.CaptureFilter{RemoteAddress: "10.0.0.1-10.0.0.9"}},
		"range of one":     {`remote_address = "10.0.0.1-10.0.0.1"`, plan.CaptureFilter{RemoteAddress: "10.0.0.1"}},
		"list":             {`local_address = ["10.0.0.4", "10.0.0.5/32"]`, plan.CaptureFilter{LocalAddress: "10.0.0.4;10.0.0.5"}},
		"port":             {`local_port = 80`, plan.CaptureFilter{LocalPort: "80"}},
		"ports":            {`remote_port = [80, "443"]`, plan.CaptureFilter{RemotePort: "80;443"}},
		"range of ports":   {`remote_port = "80-85"`, plan.CaptureFilter{RemotePort: "80-85"}},
		"protocol":         {`protocol = "udp"`, plan.CaptureFilter{Protocol: "UDP"}},
		"any in any case":  {`protocol = "ANY"`, plan.CaptureFilter{Protocol: "Any"}},
		"several together": {"protocol = \"TCP\"\nlocal_port = 22", plan.CaptureFilter{Protocol: "TCP", LocalPort: "22"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(small, "    tags", "packet_capture {\nfilter {\n"+test.attrs+"\n}\n}\n    tags", 1)
			got := load(t, src, Inputs{}).Investigations[0].Watches[0].Capture.Spec.Filters
			if diff := cmp.Diff([]plan.CaptureFilter{test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordTypes(t *testing.T) {
	tests := map[string]string{
		`["begin"]`: "B", `["D", "b"]`: "B,D", `["end", "E", "continue"]`: "C,E",
		`["begin", "continue", "end", "deny"]`: "", `"deny"`: "D",
	}
	for list, want := range tests {
		src := strings.Replace(small, "    tags", "flow_log {\nrecord_types = "+list+"\n}\n    tags", 1)
		if got := load(t, src, Inputs{}).Investigations[0].Watches[0].FlowLog.Spec.RecordTypes; got != want {
			t.Errorf("%s: got %q, want %q", list, got, want)
		}
	}
}

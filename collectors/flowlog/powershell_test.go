package flowlog

import (
	"strings"
	"testing"
)

// TestPowerShell reads records that were written again by others, as far as
// nothing of them is lost.
func TestPowerShell(t *testing.T) {
	tuples := `"flowTuples":["` + tupleE + `"]`
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(records(vnet(tupleE))) }
	inner := vnet(tupleE)[strings.Index(vnet(tupleE), `{"flows"`) : len(vnet(tupleE))-1]
	rows := map[string]edge{
		"one tuple as a text":      {data: replaced(tuples, `"flowTuples":"`+tupleE+`"`), lines: []string{lineE}, source: okV4},
		"tuples as one text":       {data: replaced(tuples, `"flowTuples":"`+tupleE+" "+tupleB+`"`), lines: []string{lineE, lineB}, source: okV4},
		"one group as an object":   {data: replaced(`"flowGroups":[`, `"flowGroups":`, "]}]}]}}]}", "]}}]}}]}"), lines: []string{lineE}, source: okV4},
		"one ACL as an object":     {data: replaced(`"flows":[`, `"flows":`, "]}]}]}}]}", "]}]}}}]}"), lines: []string{lineE}, source: okV4},
		"one record as an object":  {data: `{"records": ` + vnet(tupleE) + `}`, lines: []string{lineE}, source: okV4},
		"two texts of one record":  {data: `{"records":` + vnet(tupleE) + `}{"records":` + vnet(tupleB) + `}`, lines: []string{lineE, lineB}, source: okV4},
		"flow records as a text":   {data: replaced(inner, `"`+strings.ReplaceAll(inner, `"`, `\"`)+`"`), lines: []string{lineE}, source: okV4},
		"tuples with a count":      {data: replaced(tuples, `"flowTuples":{"value":["`+tupleE+`"],"Count":1}`), lines: []string{lineE}, source: okV4},
		"groups with a count":      {data: replaced(`"flowGroups":[`, `"flowGroups":{"value":[`, "]}]}]}}]}", `]}],"Count":1}}]}}]}`), lines: []string{lineE}, source: okV4},
		"records with a count":     {data: replaced(`"records":[`, `"records":{"value":[`, "]}]}]}}]}", `]}]}]}}],"Count":1}}`), lines: []string{lineE}, source: okV4},
		"all with a count":         {data: replaced(`{"records":[`, `{"value":[`, "]}]}]}}]}", `]}]}]}}],"Count":1}`), lines: []string{lineE}, source: okV4},
		"tuples as an object":      misshapen("flowTuples holds an object", replaced(tuples, `"flowTuples":{"a":1}`)),
		"groups as a number":       misshapen("flowGroups holds a number", replaced(inner, `{"flows":[{"aclID":"A","flowGroups":12}]}`)),
		"version as a text":        {data: replaced(`Version":4`, `Version":"4"`), lines: []string{lineE}, source: okV4},
		"version with a fraction":  {data: replaced(`Version":4`, `Version":4.0`), lines: []string{lineE}, source: okV4},
		"both":                     {data: replaced(`Version":4`, `Version":"4.0"`), lines: []string{lineE}, source: okV4},
		"NSG version as a text":    {data: nsg(`"1"`, "1487282421,192.0.2.95,10.1.0.4,51529,5358,T,I,D"), lines: []string{"1487282421000 192.0.2.95:51529>10.1.0.4:5358/6 inbound deny unknown - 000D3AF87856 T R T"}, source: "nsg-flow-log ok version 1"},
		"NSG tuples as one text":   {data: strings.NewReplacer(`["1487282421`, `"1487282421`, `D"]`, `D"`).Replace(nsg("1", "1487282421,192.0.2.95,10.1.0.4,51529,5358,T,I,D")), lines: []string{"1487282421000 192.0.2.95:51529>10.1.0.4:5358/6 inbound deny unknown - 000D3AF87856 T R T"}, source: "nsg-flow-log ok version 1"},
		"cut at the flow records":  cutAt("flowRecords", "@{flows=System.Object[]}", records(strings.Replace(vnet(tupleE), inner, `"@{flows=System.Object[]}"`, 1))),
		"cut at the flows":         cutAt("flows", "@{aclID=A; flowGroups=System.Object[]}", replaced(inner, `{"flows":["@{aclID=A; flowGroups=System.Object[]}"]}`)),
		"cut at the groups":        cutAt("flowGroups", "System.Object[]", replaced(inner, `{"flows":[{"aclID":"A","flowGroups":"System.Object[]"}]}`)),
		"cut at the NSG's flows":   cutNSG("properties", "@{Version=2; flows=System.Object[]}", `{"records":[{"category":"NetworkSecurityGroupFlowEvent","resourceId":"T","properties":"@{Version=2; flows=System.Object[]}"}]}`),
		"an unknown version stays": {data: replaced(`Version":4`, `Version":"5.0"`), source: "vnet-flow-log unreadable version 5", skipped: []string{"1× flow log version 5 is not known at 12"}, err: "version 5 is not known"},
	}
	for name, e := range rows {
		t.Run(name, func(t *testing.T) {
			e.test(t)
			readSame(t, []byte(e.data), MaxRecord)
		})
	}
}

func misshapen(what, data string) edge {
	why := "record does not have the shape of a flow log record: " + what
	return edge{data: data, source: "vnet-flow-log unreadable version 4", skipped: []string{"1× " + why + " at 12"}, err: why}
}

func cutAt(member, left, data string) edge {
	e := cutNSG(member, left, data)
	e.source = "vnet-flow-log unreadable version 4"
	return e
}

func cutNSG(member, left, data string) edge {
	why := "record was cut by ConvertTo-Json -Depth, which left of " + member + " no more than " + left + ": export it again with -Depth 100, or copy the file"
	return edge{data: data, source: "nsg-flow-log unreadable ", skipped: []string{"1× " + why + " at 12"}, err: why}
}

package kql

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

// tables are a few resources.
func tables(t testing.TB) Tables {
	t.Helper()
	vms := `[
		{"id":"/vm/a","name":"vm-a","type":"vm","location":"westeurope","tags":{"role":"db","Cost Center":"7"},"properties":{"size":4,"on":true,"nics":[{"id":"/nic/1"},{"id":"/nic/2"}],"made":"2026-11-01T00:00:00Z"}},
		{"id":"/vm/b","name":"vm-b","type":"vm","location":"northeurope","tags":{"role":"web"},"properties":{"size":2,"on":false,"nics":[{"id":"/nic/3"}],"made":"2026-11-11T00:00:00Z"}},
		{"id":"/vm/c","name":"sql-c","type":"vm","location":"westeurope","properties":{"size":8,"on":true,"nics":[]}},
		{"id":"/st/d","name":"std","type":"account","location":"westeurope","tags":{"role":"db"},"properties":{"ip":"10.1.2.3"}}]`
	nics := `[{"id":"/NIC/1","mac":"m1"},{"id":"/NIC/3","mac":"m3"},{"id":"/NIC/9","mac":"m9"}]`
	all := map[string]*Table{
		"resources": {Columns: []string{"id", "name", "type", "location", "tags", "properties"}},
		"nics":      {Columns: []string{"id", "mac"}},
	}
	for name, text := range map[string]string{"resources": vms, "nics": nics} {
		if err := json.Unmarshal([]byte(text), &all[name].Rows); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range all["resources"].Rows { // drawn when asked for
		v := r["properties"]
		r["properties"] = NewLater(func() any { return v })
	}
	return func(name string, wants func(string) bool) *Table {
		t := all[strings.ToLower(name)]
		if t == nil || t.Columns[1] != "name" {
			return t
		}
		kept := &Table{Columns: t.Columns}
		for _, r := range t.Rows {
			if wants(r["type"].(string)) {
				kept.Rows = append(kept.Rows, r)
			}
		}
		return kept
	}
}

// ask answers a query as text: a row in brackets, columns by commas.
func ask(t testing.TB, query string) (string, error) {
	t.Helper()
	q, err := Parse(query, now)
	if err != nil {
		return "", err
	}
	out, err := q.Run(tables(t))
	if err != nil {
		return "", err
	}
	var rows []string
	for _, r := range out.Rows {
		var values []string
		for _, c := range out.Columns {
			values = append(values, textOf(column{name: c}.eval(r)))
		}
		rows = append(rows, "["+strings.Join(values, ",")+"]")
	}
	return strings.Join(rows, ""), nil
}

func TestAnswers(t *testing.T) {
	tests := map[string]string{
		// Selecting.
		`Resources | where type =~ 'VM' and tags['role'] == 'db' | project id`:                     "[/vm/a]",
		`resources | where tags.role =~ "DB" | project name`:                                       "[vm-a][std]",
		`where location in~ ('WestEurope', 'x') and type == 'vm' | project name`:                   "[vm-a][sql-c]",
		`resources | where name !in ('vm-a', 'std') | project name`:                                "[vm-b][sql-c]",
		`resources | where name !in~ ('VM-A') | count`:                                             "[3]",
		`resources | where name startswith 'VM' | project name`:                                    "[vm-a][vm-b]",
		`resources | where name !startswith 'vm' | project name`:                                   "[sql-c][std]",
		`resources | where name contains 'M-' | count`:                                             "[2]",
		`resources | where name !contains 'vm' | count`:                                            "[2]",
		`resources | where name contains_cs 'M-' | count`:                                          "[0]",
		`resources | where name has 'sql' | project name`:                                          "[sql-c]",
		`resources | where name has 'st' | count`:                                                  "[0]",
		`resources | where name hasprefix 'st' | count`:                                            "[1]",
		`resources | where name endswith '-B' | project id`:                                        "[/vm/b]",
		`resources | where name matches regex @'^(vm|sql)-[ac]$' | project name`:                   "[vm-a][sql-c]",
		`resources | where name has_any ('sql', dynamic(['b'])) | project name`:                    "[vm-b][sql-c]",
		`resources | where name has_all ('vm', 'a') | project name`:                                "[vm-a]",
		`resources | where properties.size > 2 | project name`:                                     "[vm-a][sql-c]",
		`resources | where properties.size between (2 .. 4) | project name`:                        "[vm-a][vm-b]",
		`resources | where properties.size !between (2 .. 4) | project name`:                       "[sql-c][std]",
		`resources | where properties.on == true | project name`:                                   "[vm-a][sql-c]",
		`resources | where properties['on'] == 'true' | count`:                                     "[2]",
		`resources | where isnotempty(tags['Cost Center']) | project name`:                         "[vm-a]",
		`resources | where tags['role'] != 'db' | project name`:                                    "[vm-b][sql-c]",
		`resources | where isnull(tags) or not(tags.role == 'db') | project name`:                  "[vm-b][sql-c]",
		`resources | where properties.nics[0].id == '/nic/1' | project name`:                       "[vm-a]",
		`resources | where array_length(properties.nics) == 0 | project name`:                      "[sql-c]",
		`resources | where properties.nothing.at.all == 'x' | count`:                               "[0]",
		`resources | where todatetime(properties.made) > ago(2d) | project name`:                   "[vm-b]",
		`resources | where todatetime(properties.made) < datetime(2026-11-05) | project name`:      "[vm-a]",
		`resources | where ipv4_is_in_range(tostring(properties.ip), '10.1.0.0/16') | project id`:  "[/st/d]",
		"resources // all of them\n| where (name == 'vm-a') or (name == \"vm-b\") // two\n| count": "[2]",
		`resources | where type == 'vm' | where location == 'westeurope' | limit 1 | project name`: "[vm-a]",
		`resources | where tolower(name) == tolower('VM-A') | project toupper(name)`:               "[VM-A]",
		`resources | where 1 + 2 * 3 == 7 and -1 < 0 and 7 % 4 == 3 | count`:                       "[4]",

		// Columns.
		`resources | where name == 'vm-a' | project name, role = tags.role, properties.size`:                            "[vm-a,db,4]",
		`resources | where name == 'vm-a' | extend big = properties.size >= 4, s = strcat(name, '!') | project big, s`:  "[true,vm-a!]",
		`resources | project-away properties, tags, ty* | where name == 'std'`:                                          "[/st/d,std,westeurope]",
		`resources | project-keep n*, id | take 1`:                                                                      "[/vm/a,vm-a]",
		`resources | project-rename vm = name | project vm | take 1`:                                                    "[vm-a]",
		`resources | project x = case(type == 'vm', 'machine', 'other') | distinct x`:                                   "[machine][other]",
		`resources | project p = iff(properties.on == true, 'on', 'off') | summarize n = count() by p | order by p asc`: "[off,2][on,2]",
		`resources | project a = split(id, '/')[1] | distinct a`:                                                        "[vm][st]",
		`resources | where id == '/vm/a' | project substring(name, 3), extract('-(.)', 1, name), bag_keys(tags)`:        `[a,a,["Cost Center","role"]]`,

		// Order, sums.
		`resources | order by name asc | project name`:                                                           "[sql-c][std][vm-a][vm-b]",
		`resources | sort by location asc, name desc | project name`:                                             "[vm-b][vm-a][std][sql-c]",
		`resources | top 2 by toint(properties.size) desc | project name`:                                        "[sql-c][vm-a]",
		`resources | order by toint(properties.size) asc nulls last | project name`:                              "[vm-b][vm-a][sql-c][std]",
		`resources | summarize count() by location | order by location asc`:                                      "[northeurope,1][westeurope,3]",
		`resources | summarize total = sum(toint(properties.size)), max(toint(properties.size))`:                 "[14,8]",
		`resources | summarize dcount(type), make_set(type), countif(type == 'vm'), avg(toint(properties.size))`: `[2,["vm","account"],3,4.666666666666667]`,
		`resources | where name == 'none' | summarize count()`:                                                   "[0]",
		`resources | where name == 'none' | summarize count() by name`:                                           "",
		`resources | summarize by type`:                                                                          "[vm][account]",

		// Lists and joins.
		`resources | mv-expand nic = properties.nics | project name, nic.id`:                                                                                                                       "[vm-a,/nic/1][vm-a,/nic/2][vm-b,/nic/3][sql-c,][std,]",
		`resources | mv-expand nic = properties.nics to typeof(string) | where nic has '3' | project name`:                                                                                         "[vm-b]",
		`resources | where type == 'vm' | mv-expand nic=properties.nics | extend nicId = tolower(nic.id) | join kind=inner (nics | project nicId = tolower(id), mac) on nicId | project name, mac`: "[vm-a,m1][vm-b,m3]",
		`resources | where type == 'vm' | extend k = tolower(properties.nics[0].id) | join kind=leftouter (nics | extend k = tolower(id)) on $left.k == $right.k | project name, id1, mac`:         "[vm-a,/NIC/1,m1][vm-b,/NIC/3,m3][sql-c,,]",
		`nics | join kind=fullouter (resources | where name == 'vm-a' | project id = '/NIC/1', name) on id | project id, name`:                                                                     "[/NIC/1,vm-a][/NIC/3,][/NIC/9,]",
		`nics | project id | union (resources | where type == 'account' | project id) | count`:                                                                                                     "[4]",
		`(resources | where type == 'vm') | count`: "[3]",
	}
	for query, want := range tests {
		got, err := ask(t, query)
		if err != nil || got != want {
			t.Errorf("%s\ngives %s (%v), want %s", query, got, err, want)
		}
	}
}

// TestWants checks which types a query asks for by its beginning.
func TestWants(t *testing.T) {
	tests := map[string]string{
		`resources | where type =~ 'VM'`:                                     "vm",
		`resources | where name == 'x' and type == 'vm' | where tags.a == 1`: "vm",
		`resources | where type in~ ('vm', 'nic')`:                           "vm nic",
		`resources | where type in ('vm', 'nic') | where type != 'vm'`:       "vm nic",
		`resources | where type == 'vm' or name == 'x'`:                      "vm nic st",
		`resources | where type !in ('vm')`:                                  "vm nic st",
		`resources | where type != 'vm'`:                                     "vm nic st",
		`resources | where type has 'vm'`:                                    "vm nic st",
		`resources | extend type = name | where type == 'vm'`:                "vm nic st",
		`resources | where not(type == 'vm')`:                                "vm nic st",
	}
	for query, want := range tests {
		q, err := Parse(query, now)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, typ := range []string{"vm", "nic", "st"} {
			if q.pipe.wants()(typ) {
				got = append(got, typ)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s wants %s, not %s", query, s, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]string{
		`resources | wher name == 'a'`:                      "ParserFailure wher",
		`resources | where name = 'a'`:                      "ParserFailure =",
		`resources | where name == 'a`:                      "ParserFailure 'a",
		`resources | where`:                                 "ParserFailure <EOF>",
		`resources | where (name == 'a'`:                    "ParserFailure <EOF>",
		`resources || count`:                                "ParserFailure |",
		`resources | where name == 'a' extra`:               "ParserFailure extra",
		`resources | where size(name) == 3`:                 "UnknownFunction size",
		`resources | where nothing == 'a'`:                  "SemanticError nothing",
		`resources | project id | where name == 'a'`:        "SemanticError name",
		`resources | project-away nothing`:                  "SemanticError nothing",
		`nowhere | count`:                                   "SemanticError nowhere",
		`resources | render piechart`:                       "NotServed render",
		`resources | mv-apply x = tags on (count)`:          "NotServed mv-apply",
		`resources | parse name with 'vm-' rest`:            "NotServed parse",
		`resources | join kind=leftanti (nics) on id`:       "ParserFailure leftanti",
		`resources | join (nics) on name`:                   "SemanticError name",
		`resources | take -1`:                               "ParserFailure -",
		`resources | where count() > 1`:                     "SemanticError count",
		`resources | where name matches regex '('`:          "SemanticError <EOF>",
		`resources | where tolower(name, name) == 'a'`:      "SemanticError tolower",
		`resources | summarize 1 + count()`:                 "NotServed <EOF>",
		`resources | where name == #`:                       "ParserFailure #",
		`resources | where properties.made > datetime(x)`:   "ParserFailure datetime",
		strings.Repeat("(", 200) + "resources":              "ParserFailure (",
		`resources | where ` + strings.Repeat("(", 200):     "ParserFailure (",
		`resources | project x = dynamic([1,)`:              "ParserFailure dynamic",
		`let x = 1; resources | where name == x`:            "NotServed let",
		`resources | where name == 'a' | project name, `:    "ParserFailure <EOF>",
		`resources | mv-expand bagexpansion=array tags, (x`: "SemanticError",
	}
	for query, want := range tests {
		got, err := ask(t, query)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s\ngives %q, %v", query, got, err)
			continue
		}
		if said := e.Code + " " + e.Token; said != want && !(strings.HasPrefix(want, "SemanticError") && !strings.Contains(want, " ")) {
			t.Errorf("%s\nsays %s (%s), want %s", query, said, e.Message, want)
		}
		if e.Message == "" {
			t.Errorf("%s\nsays nothing", query)
		}
	}
	_, err := ask(t, "resources\n  | where name ! 'a'")
	var e *Error
	if !errors.As(err, &e) || e.Line != 2 || e.Column != 17 {
		t.Errorf("the place is %v", err)
	}
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		`Resources | where type =~ 'vm' and tags['role'] == 'db' | project id, x = split(id, '/')[1]`,
		`resources | mv-expand n = properties.nics to typeof(string) | summarize count(), make_set(n) by location | order by location asc`,
		`resources | join kind=leftouter (nics | extend k = tolower(id)) on $left.id == $right.k | top 3 by name`,
		`where name matches regex @'a+' or name has_any ('b', "c\n") | extend d = ago(1d), dynamic({"a":[1]})`,
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if len(query) > 2000 {
			return
		}
		_, err := ask(t, query)
		if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
			t.Errorf("%q: %v", query, err)
		}
	})
}

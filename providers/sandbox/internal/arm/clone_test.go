package arm

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestCloneHasEverything compares a state in which every field is set with its
// copy, so that no field can be forgotten.
func TestCloneHasEverything(t *testing.T) {
	st := &State{}
	v := reflect.ValueOf(st).Elem()
	for i := range v.NumField() {
		fillValue(v.Field(i))
	}
	c := st.Clone()
	if !reflect.DeepEqual(st, c) {
		t.Error("the copy differs")
	}
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch f.Kind() {
		case reflect.Slice, reflect.Map, reflect.Pointer:
			if f.Pointer() == reflect.ValueOf(c).Elem().Field(i).Pointer() {
				t.Errorf("both have the same %s", name)
			}
		}
	}
}

// fillValue puts something into v.
func fillValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fillValue(value)
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fillValue(v.Field(i))
			}
		}
	}
}

// TestWritesLeaveTheOldStateAlone writes all kinds of things; the state that
// readers had before must stay what it was.
func TestWritesLeaveTheOldStateAlone(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	rg := c.sub + "/resourceGroups/made"
	net := rg + "/providers/Microsoft.Network/"
	requests := []string{
		"PUT " + rg + ` {"location":"westeurope"}`,
		"PUT " + net + `networkSecurityGroups/n {"location":"westeurope","properties":{"securityRules":[{"name":"r","properties":{"priority":100,"direction":"Inbound","access":"Allow","protocol":"*","sourceAddressPrefix":"*","destinationAddressPrefix":"*","sourcePortRange":"*","destinationPortRange":"*"}}]}}`,
		"PUT " + net + `virtualNetworks/v {"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.9.0.0/16"]},"subnets":[{"name":"s","properties":{"addressPrefix":"10.9.1.0/24"}}]}}`,
		"PATCH " + net + `virtualNetworks/v {"tags":{"a":"b"}}`,
		"PUT " + net + `virtualNetworks/v/subnets/s {"properties":{"addressPrefix":"10.9.2.0/24"}}`,
		"PUT " + net + `networkInterfaces/i {"location":"westeurope","properties":{"ipConfigurations":[{"name":"c","properties":{"subnet":{"id":"` + net + `virtualNetworks/v/subnets/s"}}}]}}`,
		"PUT " + c.watcher + "/flowLogs/f " + fmt.Sprintf(`{"properties":{"targetResourceId":%q,"storageId":%q,"retentionPolicy":{"days":3,"enabled":true}}}`, c.path("vnet"), c.path("stguests")),
		"PUT " + c.watcher + "/flowLogs/f " + fmt.Sprintf(`{"tags":{"a":"b"},"properties":{"targetResourceId":%q,"storageId":%q,"recordTypes":"B","retentionPolicy":{"days":4,"enabled":true}}}`, c.path("vnet"), c.path("stguests")),
		"PATCH " + c.watcher + `/flowLogs/f {"tags":{"c":"d"}}`,
		"PUT " + c.watcher + "/packetCaptures/p " + c.captureOf("vmss-flex_0", ""),
		"POST " + c.watcher + "/packetCaptures/p/stop ",
		"PUT " + c.path("vm-plain") + "/extensions/a " + agentBody("Linux"),
		"DELETE " + c.path("vm-plain") + "/extensions/a ",
		"PUT " + c.path("vmss-manual") + "/extensions/a " + agentBody("Linux"),
		"POST " + c.path("vmss-manual") + `/manualupgrade {"instanceIds":["*"]}`,
		"POST " + c.sub + "/providers/Microsoft.Insights/unregister ",
		"POST " + c.sub + "/providers/Microsoft.Insights/register ",
		"PUT " + c.sub + `/providers/Microsoft.Authorization/locks/l {"properties":{"level":"CanNotDelete"}}`,
		"PUT " + c.sub + `/providers/Microsoft.Authorization/locks/l {"properties":{"level":"ReadOnly"}}`,
		"DELETE " + c.sub + "/providers/Microsoft.Authorization/locks/l ",
		"PATCH " + c.watcher + ` {"tags":{"x":"y"}}`,
		"DELETE " + c.watcher + "/packetCaptures/p ",
		"DELETE " + c.watcher + "/flowLogs/f ",
		"DELETE " + rg + " ",
		"DELETE " + c.watcher + " ",
	}
	for _, r := range requests {
		method, rest, _ := strings.Cut(r, " ")
		path, body, _ := strings.Cut(rest, " ")
		before, err := c.srv.State()
		if err != nil {
			t.Fatal(err)
		}
		was, _ := json.Marshal(before)
		if a := c.do(method, path, body); a.code >= 300 {
			t.Errorf("%s %s: %d %s", method, path, a.code, a.text)
		}
		if is, _ := json.Marshal(before); string(is) != string(was) {
			t.Errorf("%s %s changed the old state", method, path)
		}
		_ = c.clock.Sleep(t.Context(), extensionWriteTime)
	}
}

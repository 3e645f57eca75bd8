package dictionary

import (
	"fmt"
	"strings"
	"testing"
)

// All forms of a file say the same.
func TestRead(t *testing.T) {
	const want = "[{10.9.0.0/24 branch Lisbon} {10.9.0.7/32 printer} {fd00::/8 lab}]"
	for form, text := range map[string]string{
		"json":   `{"10.9.0.0/24": "branch Lisbon", "10.9.0.7": "printer", "fd00::/8": "lab"}`,
		"lines":  "\ufeff# names\n10.9.0.0/24 = \"branch Lisbon\" # first\r\n\n\"10.9.0.7\" = printer\nfd00::/8=lab # x",
		"commas": "10.9.0.0/24,branch Lisbon\n10.9.0.7,\"printer\"\nfd00::/8 , lab\n10.9.0.7,printer",
	} {
		got, err := Read("f", []byte(text))
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v; want %s", form, got, err, want)
		}
	}
	hosts, err := Read("hosts", []byte("127.0.0.1\tlocalhost lo\n::ffff:10.0.0.4 db db.example.com # x\n"))
	if err != nil || fmt.Sprint(hosts) != "[{127.0.0.1/32 localhost} {10.0.0.4/32 db}]" {
		t.Errorf("hosts: %v, %v", hosts, err)
	}
}

// What is wrong is told with its line, its cause and the way out.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.0/8 = a\n10.1/16 = b":    `f, line 2: "10.1/16" is neither an address nor a network`,
		"10.0.0.5/24 = a":                "write 10.0.0.0/24",
		"10.0.0.0/8 = a\n10.0.0.0/8 = b": `is called "a" and "b"`,
		"10.0.0.0/8":                     "want a network and its name",
		"10.0.0.0/8 =":                   "has no name",
		"10.0.0.0/8 = \"a":               "ends with a quote",
		"10.0.0.0/8 = a\x1bb":            "cannot be shown",
		"10.0.0.0/8 = " + longText(300):  "more than 256",
		"{\"10.0.0.0/8\": 5}":            "want an object",
		"# nothing\n":                    "no name is in it",
		"10.0.0.0/8 = \"a\" b":           "nothing follows",
		"{\"10.0.0.0/33\": \"a\"}":       "neither an address",
	} {
		if _, err := Read("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func longText(n int) string { return strings.Repeat("x", n) }

package collectors

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"sync"
)

// mistaken are formats that people give in place of captures and flow logs, by
// their first bytes, with the way out.
var mistaken = []struct{ magic, what string }{
	{"RTSS", "it is a capture of Network Monitor 1; convert it with: editcap -F pcap IN OUT"},
	{"PK\x03\x04", "it is a zip archive; unpack it first: unzip FILE"},
	{"PK\x05\x06", "it is a zip archive without files"},
	{"7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it first: 7z x FILE"},
	{"Rar!\x1a\x07", "it is a rar archive; unpack it first: unrar x FILE"},
	{"\xfd7zXZ\x00", "it is compressed with xz; unpack it first: xz -dk FILE"},
	{"BZh", "it is compressed with bzip2; unpack it first: bunzip2 -k FILE"},
	{"\x04\x22\x4d\x18", "it is compressed with lz4; unpack it first: lz4 -d FILE"},
	{"\x1f\x9d", "it is compressed with compress; unpack it first: uncompress FILE"},
	{"Obj\x01", "it is an Avro file, as Event Hubs Capture writes: the flow log is in its member Body; write that to a file of its own, or give the PT1H.json files of the storage account"},
	{"version https://git-lfs.github.com/spec/", "it is a Git LFS pointer and not the file it stands for; get that with: git lfs pull"},
}

// describe says what a file of no known format looks like, with the way out.
func describe(head []byte) error {
	if what := looks(head); what != "" {
		return fmt.Errorf("%w: %s", ErrUnknown, what)
	}
	return fmt.Errorf("%w: it begins with the bytes % x", ErrUnknown, head[:min(len(head), 8)])
}

func looks(head []byte) string {
	for _, m := range mistaken {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.what
		}
	}
	switch text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))); {
	case isTar(head):
		return "it is a tar archive; unpack it first: tar -xf FILE"
	case page().Match(text):
		return "it is an HTML page, as a portal or a proxy answers in place of a file; download it again, signed in"
	case bytes.HasPrefix(text, []byte("<")):
		if m := storageError().FindSubmatch(text); m != nil {
			return fmt.Sprintf("it is the error %s of the storage account in place of a file; download it again", strconv.QuoteToASCII(string(m[1])))
		}
		return "it is an XML document"
	}
	return ""
}

var page = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype\s+html|html|head)\b`)
})

var storageError = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<Error>\s*<Code>([A-Za-z0-9]{1,64})</Code>`)
})

// isTar knows the header of a tar archive, POSIX or older, by its checksum.
func isTar(head []byte) bool {
	const size, sumAt, sumEnd = 512, 148, 156
	if len(head) < size {
		return false
	}
	var sum int64
	for i, c := range head[:size] {
		if i >= sumAt && i < sumEnd {
			c = ' '
		}
		sum += int64(c)
	}
	want, err := strconv.ParseInt(string(bytes.Trim(head[sumAt:sumEnd], " \x00")), 8, 64)
	return err == nil && want == sum && head[0] != 0
}

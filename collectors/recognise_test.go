package collectors

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

// readBytes reads one file and returns how many records it holds.
func readBytes(data []byte) (records int, src flow.Source, err error) {
	in := flow.Input{Source: &src, Names: flow.NewNames(), Skipped: new(flow.Skipped)}
	for b, e := range Read(bytes.NewReader(data), in) {
		records += len(b)
		err = e
	}
	return records, src, err
}

// encoded is a text in UTF-16.
func encoded(text string, mark, big bool) []byte {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var b []byte
	for _, u := range units {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

// TestUTF16 reads a flow log in each form that Windows writes texts in.
func TestUTF16(t *testing.T) {
	data, totals := generated(t, flowlogtest.Spec{Flows: 30})
	forms := map[string][]byte{
		"little, mark": encoded(string(data), true, false), "big, mark": encoded(string(data), true, true),
		"little": encoded(string(data), false, false), "big": encoded(string(data), false, true),
		"UTF-8, mark": append([]byte("\xef\xbb\xbf"), data...),
		"gzip":        zipped(encoded(string(data), true, false)),
	}
	for name, form := range forms {
		if n, src, err := readBytes(form); err != nil || uint64(n) != totals.Tuples || src.Status != flow.OK {
			t.Errorf("%s: %d of %d tuples, status %s, error %v", name, n, totals.Tuples, src.Status, err)
		}
	}
	cut := encoded(string(data), true, false)
	n, src, err := readBytes(cut[:len(cut)*2/3|1])
	if err != nil || n == 0 || uint64(n) >= totals.Tuples || src.Status == flow.OK {
		t.Errorf("cut: %d of %d tuples, status %s, error %v", n, totals.Tuples, src.Status, err)
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// TestMistaken names what people give in place of captures and flow logs.
func TestMistaken(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	w.WriteHeader(&tar.Header{Name: "aks-capture.pcap", Size: 4, Mode: 0o600})
	w.Write([]byte("\xd4\xc3\xb2\xa1"))
	w.Close()
	old := bytes.Clone(archive.Bytes()) // as before POSIX: without its magic
	clear(old[257:265])
	copy(old[148:], "       0")
	sum := 0
	for i, c := range old[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	copy(old[148:156], []byte{byte('0' + sum>>15&7), byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	rows := map[string]struct {
		data []byte
		want string
	}{
		"tar":            {archive.Bytes(), "tar archive"},
		"old tar":        {old, "tar archive"},
		"tar.gz":         {zipped(archive.Bytes()), "tar archive"},
		"zip":            {[]byte("PK\x03\x04\x14\x00"), "zip archive"},
		"7z":             {[]byte("7z\xbc\xaf\x27\x1c\x00\x04"), "7z"},
		"xz":             {[]byte("\xfd7zXZ\x00\x00\x04"), "xz -dk"},
		"bzip2":          {[]byte("BZh91AY&SY"), "bunzip2"},
		"avro":           {[]byte("Obj\x01\x04\x14avro.codec"), "Avro"},
		"lfs":            {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"), "git lfs pull"},
		"html":           {[]byte("\r\n<!DOCTYPE html><html><head><title>Sign in</title>"), "HTML page"},
		"xhtml":          {[]byte("<?xml version=\"1.0\"?>\n<html xmlns=\"x\">"), "HTML page"},
		"storage error":  {[]byte("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code><Message>x"), `"AuthenticationFailed" of the storage account`},
		"other xml":      {[]byte("<?xml version=\"1.0\"?><a/>"), "XML document"},
		"other text":     {[]byte("hello, world\n"), "begins with the bytes 68 65"},
		"almost columns": {[]byte("MyFlowStartTime,x\n"), "begins with the bytes"},
	}
	for name, row := range rows {
		_, src, err := readBytes(row.data)
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), row.want) || src.Status != flow.Unreadable {
			t.Errorf("%s: status %s, error %v; want %s", name, src.Status, err, row.want)
		}
	}
}

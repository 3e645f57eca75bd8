package blob

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
	"sync"
)

// azureCRC64 is the polynomial of the service's CRC-64.
var azureCRC64 = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(0x9A6C9329AC4BC9B5) })

// summing computes both checksums of the service.
type summing struct{ md5, crc hash.Hash }

func newSumming() summing { return summing{md5.New(), crc64.New(azureCRC64())} }

// Write adds p, and never fails.
func (s summing) Write(p []byte) (int, error) {
	s.md5.Write(p)
	return s.crc.Write(p)
}

func (s summing) sums() checksums {
	// The service writes a CRC-64 with its lowest byte first.
	crc := binary.LittleEndian.AppendUint64(nil, s.crc.(hash.Hash64).Sum64())
	return checksums{base64.StdEncoding.EncodeToString(s.md5.Sum(nil)), base64.StdEncoding.EncodeToString(crc), false}
}

// checksums of a request's body, as headers show them.
type checksums struct {
	md5, crc string
	asked    bool // the client sent an MD5
}

func sumsOf(text []byte) checksums {
	s := newSumming()
	s.Write(text)
	return s.sums()
}

// upload keeps the body of a request and checks it against what its headers
// say it is.
func (q *request) upload() (uploadBlock, checksums, error) {
	s := newSumming()
	block, err := q.s.uploads.keep(io.TeeReader(q.r.Body, s), maxUpload)
	if err != nil {
		return block, checksums{}, err
	}
	sums := s.sums()
	if err := sums.check(q.r.Header); err != nil {
		return block, sums, joined(err, q.s.uploads.drop(block.File))
	}
	sums.asked = q.r.Header.Get("Content-Md5") != ""
	return block, sums, nil
}

func (c checksums) check(h http.Header) error {
	if v := h.Get("Content-Md5"); v != "" && v != c.md5 {
		return errMD5
	}
	if v := h.Get("X-Ms-Content-Crc64"); v != "" && v != c.crc {
		return errCRC64
	}
	return nil
}

// tell answers with the checksum by which the client can see what arrived: the
// MD5 if it sent one, else the CRC-64.
func (c checksums) tell(h http.Header) {
	if c.asked {
		h.Set("Content-Md5", c.md5)
		return
	}
	h.Set("X-Ms-Content-Crc64", c.crc)
}

// stored keeps the MD5 of a blob that was put whole, unless the client names
// another one.
func (c checksums) stored(v *version, h http.Header) {
	if h.Get("X-Ms-Blob-Content-Md5") == "" {
		v.setHeader("Content-Md5", c.md5)
	}
}

func (v *version) setHeader(name, value string) {
	if v.Headers == nil {
		v.Headers = map[string]string{}
	}
	v.Headers[name] = value
}

// maxSummed is the longest range of which the service computes a checksum.
const maxSummed = 4 << 20

// summed adds the checksum of a range that the client asks for.
func (q *request) summed(b Blob, first, length int64, partial bool) error {
	h := q.r.Header
	wantMD5 := strings.EqualFold(h.Get("X-Ms-Range-Get-Content-Md5"), "true")
	wantCRC := strings.EqualFold(h.Get("X-Ms-Range-Get-Content-Crc64"), "true")
	switch {
	case !wantMD5 && !wantCRC:
		return nil
	case wantMD5 && wantCRC || !partial:
		return badHeader("x-ms-range-get-content-md5", "without a range, or with x-ms-range-get-content-crc64")
	case length > maxSummed:
		return errOutOfRangeInput
	}
	s := newSumming()
	if err := b.Copy(s, first, length); err != nil {
		return err
	}
	if wantCRC {
		q.w.Header().Set("X-Ms-Content-Crc64", s.sums().crc)
		return nil
	}
	q.w.Header().Set("Content-Md5", s.sums().md5)
	return nil
}

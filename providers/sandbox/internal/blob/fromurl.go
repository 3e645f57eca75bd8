package blob

import (
	"io"
	"net/http"
)

// fetch keeps what the request names as its source, or a range of it.
func (q *request) fetch() (uploadBlock, checksums, error) {
	src, _, err := q.source()
	if err != nil {
		return uploadBlock{}, checksums{}, err
	}
	first, length, err := int64(0), src.Size(), error(nil)
	if text := q.r.Header.Get("X-Ms-Source-Range"); text != "" {
		if first, length, _, err = parseRange(text, src.Size()); err != nil {
			return uploadBlock{}, checksums{}, err
		}
	}
	part := Blob{Blocks: []Block{{Size: length}}, Copy: rangeCopy(src, first)}
	block, sums, err := q.s.uploads.keepBlob(part)
	if err != nil {
		return block, sums, err
	}
	want := http.Header{"Content-Md5": q.r.Header.Values("X-Ms-Source-Content-Md5"), "X-Ms-Content-Crc64": q.r.Header.Values("X-Ms-Source-Content-Crc64")}
	if err := sums.check(want); err != nil {
		return block, sums, joined(err, q.s.uploads.drop(block.File))
	}
	sums.asked = len(want["Content-Md5"]) > 0
	return block, sums, nil
}

// putFromURL is Put Blob From URL.
func (q *request) putFromURL() error {
	if err := q.needContainer(); err != nil {
		return err
	}
	src, _, err := q.source()
	if err != nil {
		return err
	}
	block, sums, err := q.fetch()
	if err != nil {
		return err
	}
	return q.put(block, func(v *version) {
		if q.r.Header.Get("X-Ms-Copy-Source-Blob-Properties") != "false" {
			*v = q.copyVersion(src)
			v.Kind, v.Blocks = blockBlob, []uploadBlock{block}
		}
		sums.stored(v, q.r.Header)
		q.w.Header().Set("Content-Md5", sums.md5)
	})
}

func rangeCopy(src Blob, first int64) func(io.Writer, int64, int64) error {
	return func(w io.Writer, offset, length int64) error { return src.Copy(w, first+offset, length) }
}

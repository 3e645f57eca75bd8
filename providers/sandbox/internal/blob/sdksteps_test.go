package blob

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/appendblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	azlease "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

var ctx = context.Background()

// azuriteDiffers says what Azurite does not do, or does otherwise than Azure.
var azuriteDiffers = map[string]string{
	"tiers: back from the archive":               "it takes an hour there too",
	"checked uploads":                            "it does not take a CRC-64",
	"lease: it ends by itself":                   "it says LeaseNotPresentWithBlobOperation, where Azure was recorded to say LeaseLost",
	"tiers":                                      "it brings blobs back from the archive at once",
	"copy of what is missing":                    "it says BlobNotFound, where Azure's documentation says CannotVerifyCopySource",
	"put from a URL, block from a URL":           "it does not serve them",
	"append from a URL":                          "it does not serve it",
	"container: stored access policies":          "it takes an account's key only",
	"account: properties, soft delete, undelete": "it does not undelete",
}

func upload(c *azcontainer.Client, name, text string) (*blockblob.Client, error) {
	b := c.NewBlockBlobClient(name)
	_, err := b.Upload(ctx, body(text), nil)
	return b, err
}

func read(b interface {
	DownloadStream(context.Context, *blob.DownloadStreamOptions) (blob.DownloadStreamResponse, error)
}, o *blob.DownloadStreamOptions) (string, error) {
	r, err := b.DownloadStream(ctx, o)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return string(text), err
}

func blockIDs(names ...string) (ids []string) {
	for _, n := range names {
		ids = append(ids, base64.StdEncoding.EncodeToString([]byte(n)))
	}
	return ids
}

// names lists a container.
func names(c *azcontainer.Client, o *azcontainer.ListBlobsFlatOptions) ([]*azcontainer.BlobItem, error) {
	var all []*azcontainer.BlobItem
	for p := c.NewListBlobsFlatPager(o); p.More(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Segment.BlobItems...)
	}
	return all, nil
}

var blockSteps = []step{
	{"upload, read, ranges", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "a/b", "0123456789")
		if err != nil {
			return err
		}
		whole, err := read(b, nil)
		part, err2 := read(b, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 2, Count: 3}})
		rest, err3 := read(b, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 8}})
		return errors.Join(err, err2, err3, equal("content", whole+" "+part+" "+rest, "0123456789 234 89"))
	}},
	{"MD5 of a range", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "0123456789")
		if err != nil {
			return err
		}
		r, err := b.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 2, Count: 3}, RangeGetContentMD5: to.Ptr(true)})
		if err != nil {
			return err
		}
		sum, whole := md5.Sum([]byte("234")), md5.Sum([]byte("0123456789"))
		return errors.Join(equal("MD5", r.ContentMD5, sum[:]), equal("MD5 of the whole", r.BlobContentMD5, whole[:]))
	}},
	{"CRC-64 of a range", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "0123456789")
		if err != nil {
			return err
		}
		r, err := b.BlobClient().DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 0, Count: 9}})
		if err != nil {
			return err
		}
		r.Body.Close()
		// The SDK has no way to ask a read for it; a write is checked below.
		return equal("length", val(r.ContentLength), 9)
	}},
	{"checked uploads", func(s *served, c *azcontainer.Client) error {
		b := c.NewBlockBlobClient("b")
		_, err := b.Upload(ctx, body("abc"), &blockblob.UploadOptions{TransactionalValidation: blob.TransferValidationTypeComputeCRC64()})
		if err != nil {
			return err
		}
		_, err = b.StageBlock(ctx, blockIDs("1")[0], body("abc"), &blockblob.StageBlockOptions{TransactionalValidation: blob.TransferValidationTypeCRC64(crc64.Checksum([]byte("abx"), azureCRC64()))})
		wrongCRC := refusedWith(err, 400, "Crc64Mismatch")
		_, err = b.StageBlock(ctx, blockIDs("1")[0], body("abc"), &blockblob.StageBlockOptions{TransactionalValidation: blob.TransferValidationTypeMD5(make([]byte, 16))})
		return errors.Join(wrongCRC, refusedWith(err, 400, bloberror.MD5Mismatch))
	}},
	{"blocks: stage, list, commit, take over", func(s *served, c *azcontainer.Client) error {
		b, ids := c.NewBlockBlobClient("b"), blockIDs("1", "2", "3")
		for i, id := range ids {
			if _, err := b.StageBlock(ctx, id, body(strings.Repeat(string(rune('a'+i)), i+1)), nil); err != nil {
				return err
			}
		}
		before, err := b.GetBlockList(ctx, blockblob.BlockListTypeAll, nil)
		if err != nil {
			return err
		}
		_, missing := b.GetProperties(ctx, nil)
		if _, err := b.CommitBlockList(ctx, ids[:2], &blockblob.CommitBlockListOptions{Metadata: map[string]*string{"k": to.Ptr("v")}}); err != nil {
			return err
		}
		if _, err := b.StageBlock(ctx, blockIDs("4")[0], body("dddd"), nil); err != nil {
			return err
		}
		if _, err := b.CommitBlockList(ctx, []string{ids[1], blockIDs("4")[0], ids[1]}, nil); err != nil {
			return err
		}
		after, err := b.GetBlockList(ctx, blockblob.BlockListTypeAll, nil)
		if err != nil {
			return err
		}
		text, err := read(b, nil)
		_, gone := b.CommitBlockList(ctx, ids[:1], nil)
		return errors.Join(err, equal("uncommitted before", len(before.UncommittedBlocks), 3), refusedWith(missing, 404, bloberror.BlobNotFound),
			equal("committed after", len(after.CommittedBlocks), 3), equal("uncommitted after", len(after.UncommittedBlocks), 0),
			equal("content", text, "bbddddbb"), refusedWith(gone, 400, bloberror.InvalidBlockList))
	}},
	{"block IDs of one length", func(s *served, c *azcontainer.Client) error {
		b := c.NewBlockBlobClient("b")
		if _, err := b.StageBlock(ctx, blockIDs("1")[0], body("x"), nil); err != nil {
			return err
		}
		_, err := b.StageBlock(ctx, blockIDs("four")[0], body("x"), nil)
		return refusedWith(err, 400, bloberror.InvalidBlobOrBlock)
	}},
	{"uncommitted blobs are listed if asked for", func(s *served, c *azcontainer.Client) error {
		if _, err := c.NewBlockBlobClient("b").StageBlock(ctx, blockIDs("1")[0], body("x"), nil); err != nil {
			return err
		}
		without, err := names(c, nil)
		with, err2 := names(c, &azcontainer.ListBlobsFlatOptions{Include: azcontainer.ListBlobsInclude{UncommittedBlobs: true}})
		return errors.Join(err, err2, equal("listed", fmt.Sprint(len(without), len(with)), "0 1"))
	}},
	{"a buffer in blocks, a stream in blocks", func(s *served, c *azcontainer.Client) error {
		b, text := c.NewBlockBlobClient("b"), strings.Repeat("0123456789", 1000)
		if _, err := b.UploadBuffer(ctx, []byte(text), &blockblob.UploadBufferOptions{BlockSize: 1000}); err != nil {
			return err
		}
		got := make([]byte, len(text))
		_, err := b.DownloadBuffer(ctx, got, &blob.DownloadBufferOptions{BlockSize: 333})
		if _, err := b.UploadStream(ctx, strings.NewReader(text), &blockblob.UploadStreamOptions{BlockSize: 1 << 20}); err != nil {
			return err
		}
		again, err2 := read(b, nil)
		return errors.Join(err, err2, equal("buffer", string(got) == text, true), equal("stream", again == text, true))
	}},
	{"delete, and delete again", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		_, err = b.Delete(ctx, nil)
		_, again := b.Delete(ctx, nil)
		return errors.Join(err, refusedWith(again, 404, bloberror.BlobNotFound))
	}},
}

var appendSteps = []step{
	{"append: create, grow, conditions", func(s *served, c *azcontainer.Client) error {
		b := c.NewAppendBlobClient("b")
		if _, err := b.Create(ctx, nil); err != nil {
			return err
		}
		first, err := b.AppendBlock(ctx, body("one,"), nil)
		second, err2 := b.AppendBlock(ctx, body("two"), &appendblob.AppendBlockOptions{AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{AppendPosition: to.Ptr[int64](4), MaxSize: to.Ptr[int64](7)}})
		_, position := b.AppendBlock(ctx, body("x"), &appendblob.AppendBlockOptions{AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{AppendPosition: to.Ptr[int64](4)}})
		_, size := b.AppendBlock(ctx, body("x"), &appendblob.AppendBlockOptions{AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{MaxSize: to.Ptr[int64](7)}})
		text, err3 := read(b, nil)
		p, err4 := b.GetProperties(ctx, nil)
		return errors.Join(err, err2, err3, err4, equal("offsets", val(first.BlobAppendOffset)+" "+val(second.BlobAppendOffset), "0 4"),
			equal("blocks", val(second.BlobCommittedBlockCount), 2), refusedWith(position, 412, bloberror.AppendPositionConditionNotMet),
			refusedWith(size, 412, bloberror.MaxBlobSizeConditionNotMet), equal("content", text, "one,two"),
			equal("kind", val(p.BlobType), "AppendBlob"), equal("block count", val(p.BlobCommittedBlockCount), 2))
	}},
	{"append: not to a block blob", func(s *served, c *azcontainer.Client) error {
		if _, err := upload(c, "b", "x"); err != nil {
			return err
		}
		_, err := c.NewAppendBlobClient("b").AppendBlock(ctx, body("y"), nil)
		return refusedWith(err, 409, bloberror.InvalidBlobType)
	}},
	{"append: not to what is missing", func(s *served, c *azcontainer.Client) error {
		_, err := c.NewAppendBlobClient("b").AppendBlock(ctx, body("y"), nil)
		return refusedWith(err, 404, bloberror.BlobNotFound)
	}},
	{"append: entity tags", func(s *served, c *azcontainer.Client) error {
		b := c.NewAppendBlobClient("b")
		made, err := b.Create(ctx, nil)
		if err != nil {
			return err
		}
		_, err = b.AppendBlock(ctx, body("y"), &appendblob.AppendBlockOptions{AccessConditions: ifMatch(made.ETag)})
		_, stale := b.AppendBlock(ctx, body("y"), &appendblob.AppendBlockOptions{AccessConditions: ifMatch(made.ETag)})
		return errors.Join(err, refusedWith(stale, 412, bloberror.ConditionNotMet))
	}},
	{"append: seal", func(s *served, c *azcontainer.Client) error {
		b := c.NewAppendBlobClient("b")
		if _, err := b.Create(ctx, nil); err != nil {
			return err
		}
		_, err := b.Seal(ctx, nil)
		_, sealed := b.AppendBlock(ctx, body("y"), nil)
		p, err2 := b.GetProperties(ctx, nil)
		return errors.Join(err, err2, equal("sealed", val(p.IsSealed), true), refusedWith(sealed, 409, "BlobIsSealed"))
	}},
	{"append: leased", func(s *served, c *azcontainer.Client) error {
		b := c.NewAppendBlobClient("b")
		if _, err := b.Create(ctx, nil); err != nil {
			return err
		}
		l, err := azlease.NewBlobClient(b, nil)
		if err != nil {
			return err
		}
		if _, err := l.AcquireLease(ctx, -1, nil); err != nil {
			return err
		}
		_, without := b.AppendBlock(ctx, body("y"), nil)
		_, err = b.AppendBlock(ctx, body("y"), &appendblob.AppendBlockOptions{AccessConditions: ifLeased(l.LeaseID())})
		return errors.Join(err, refusedWith(without, 412, bloberror.LeaseIDMissing))
	}},
}

func ifMatch(tag *azcore.ETag) *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: tag}}
}

func ifLeased(id *string) *blob.AccessConditions {
	return &blob.AccessConditions{LeaseAccessConditions: &blob.LeaseAccessConditions{LeaseID: id}}
}

var leaseSteps = []step{
	{"lease: life of one", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		l, err := azlease.NewBlobClient(b, &azlease.BlobClientOptions{LeaseID: to.Ptr(leaseA)})
		if err != nil {
			return err
		}
		got, err := l.AcquireLease(ctx, 60, nil)
		if err != nil {
			return err
		}
		p, err := b.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		told := words(val(p.LeaseState), val(p.LeaseStatus), val(p.LeaseDuration), val(got.LeaseID))
		_, without := b.Upload(ctx, body("y"), nil)
		_, wrong := b.Upload(ctx, body("y"), &blockblob.UploadOptions{AccessConditions: ifLeased(to.Ptr(leaseB))})
		_, with := b.Upload(ctx, body("y"), &blockblob.UploadOptions{AccessConditions: ifLeased(to.Ptr(leaseA))})
		_, deleted := b.Delete(ctx, nil)
		if _, err := l.RenewLease(ctx, nil); err != nil {
			return err
		}
		if _, err := l.ChangeLease(ctx, leaseB, nil); err != nil {
			return err
		}
		other, err := azlease.NewBlobClient(b, &azlease.BlobClientOptions{LeaseID: to.Ptr(leaseC)})
		if err != nil {
			return err
		}
		_, taken := other.AcquireLease(ctx, 15, nil)
		broke, err := other.BreakLease(ctx, &azlease.BlobBreakOptions{BreakPeriod: to.Ptr[int32](30)})
		if err != nil {
			return err
		}
		breaking, err := b.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		_, renewed := l.RenewLease(ctx, nil)
		_, err = l.ReleaseLease(ctx, nil)
		_, acquired := other.AcquireLease(ctx, -1, nil)
		return errors.Join(err, acquired, with, equal("told", told, "leased locked fixed "+leaseA),
			refusedWith(without, 412, bloberror.LeaseIDMissing), refusedWith(wrong, 412, bloberror.LeaseIDMismatchWithBlobOperation),
			refusedWith(deleted, 412, bloberror.LeaseIDMissing), refusedWith(taken, 409, bloberror.LeaseAlreadyPresent),
			equal("seconds", val(broke.LeaseTime), 30), equal("state", val(breaking.LeaseState), "breaking"),
			refusedWith(renewed, 409, bloberror.LeaseIsBrokenAndCannotBeRenewed))
	}},
	{"lease: it ends by itself", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		l, err := azlease.NewBlobClient(b, &azlease.BlobClientOptions{LeaseID: to.Ptr(leaseA)})
		if err != nil {
			return err
		}
		if _, err := l.AcquireLease(ctx, 15, nil); err != nil {
			return err
		}
		s.pass(16 * time.Second)
		_, lost := b.Upload(ctx, body("y"), &blockblob.UploadOptions{AccessConditions: ifLeased(to.Ptr(leaseA))})
		p, err := b.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		_, renewed := l.RenewLease(ctx, nil)
		return errors.Join(renewed, refusedWith(lost, 412, bloberror.LeaseLost), equal("state", val(p.LeaseState), "expired"))
	}},
	{"lease: of a container", func(s *served, c *azcontainer.Client) error {
		l, err := azlease.NewContainerClient(c, &azlease.ContainerClientOptions{LeaseID: to.Ptr(leaseA)})
		if err != nil {
			return err
		}
		if _, err := l.AcquireLease(ctx, -1, nil); err != nil {
			return err
		}
		if _, err := upload(c, "b", "a lease on a container guards its deletion only"); err != nil {
			return err
		}
		p, err := c.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		_, missing := c.Delete(ctx, nil)
		other, err := azlease.NewContainerClient(c, nil)
		if err != nil {
			return err
		}
		_, taken := other.AcquireLease(ctx, 15, nil)
		broke, err := other.BreakLease(ctx, nil)
		_, again := l.RenewLease(ctx, nil)
		_, err2 := c.Delete(ctx, nil)
		return errors.Join(err, err2, equal("told", words(val(p.LeaseState), val(p.LeaseStatus), val(p.LeaseDuration)), "leased locked infinite"),
			refusedWith(missing, 412, bloberror.LeaseIDMissing), refusedWith(taken, 409, bloberror.LeaseAlreadyPresent),
			equal("seconds", val(broke.LeaseTime), 0), refusedWith(again, 409, bloberror.LeaseIsBrokenAndCannotBeRenewed))
	}},
	{"lease: of what is missing", func(s *served, c *azcontainer.Client) error {
		l, err := azlease.NewBlobClient(c.NewBlockBlobClient("none"), nil)
		if err != nil {
			return err
		}
		_, err = l.AcquireLease(ctx, 15, nil)
		return refusedWith(err, 404, bloberror.BlobNotFound)
	}},
	{"lease: lengths", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		l, err := azlease.NewBlobClient(b, nil)
		if err != nil {
			return err
		}
		var bad []error
		for _, n := range []int32{14, 61, -2} {
			_, err := l.AcquireLease(ctx, n, nil)
			bad = append(bad, refusedWith(err, 400, bloberror.InvalidHeaderValue))
		}
		return errors.Join(bad...)
	}},
	{"lease: of the right version", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		l, err := azlease.NewBlobClient(b, nil)
		if err != nil {
			return err
		}
		stale := azcore.ETag(`"0x8D0000000000000"`)
		_, err = l.AcquireLease(ctx, 15, &azlease.BlobAcquireOptions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &stale}})
		return refusedWith(err, 412, bloberror.ConditionNotMet)
	}},
}

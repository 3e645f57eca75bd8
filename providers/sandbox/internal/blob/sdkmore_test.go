package blob

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/appendblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	azservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

var conditionSteps = []step{
	{"conditions of writes", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "one")
		if err != nil {
			return err
		}
		p, err := b.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		any := azcore.ETagAny
		write := func(m blob.ModifiedAccessConditions) error {
			_, err := b.Upload(ctx, body("two"), &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &m}})
			return err
		}
		exists := write(blob.ModifiedAccessConditions{IfNoneMatch: &any})
		match := write(blob.ModifiedAccessConditions{IfMatch: p.ETag})
		stale := write(blob.ModifiedAccessConditions{IfMatch: p.ETag})
		since := write(blob.ModifiedAccessConditions{IfModifiedSince: to.Ptr(p.LastModified.Add(time.Hour))})
		unmodified := write(blob.ModifiedAccessConditions{IfUnmodifiedSince: to.Ptr(p.LastModified.Add(-time.Hour))})
		return errors.Join(match, refusedWith(exists, 409, bloberror.BlobAlreadyExists), refusedWith(stale, 412, bloberror.ConditionNotMet),
			refusedWith(since, 412, bloberror.ConditionNotMet), refusedWith(unmodified, 412, bloberror.ConditionNotMet))
	}},
	{"conditions of reads", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "one")
		if err != nil {
			return err
		}
		p, err := b.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		_, same := b.GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: p.ETag}}})
		other := azcore.ETag(`"0x8D0000000000000"`)
		_, stale := b.DownloadStream(ctx, &blob.DownloadStreamOptions{AccessConditions: ifMatch(&other)})
		return errors.Join(refusedWith(same, 304, bloberror.ConditionNotMet), refusedWith(stale, 412, bloberror.ConditionNotMet))
	}},
	{"conditions on tags", func(s *served, c *azcontainer.Client) error {
		b := c.NewBlockBlobClient("b")
		if _, err := b.Upload(ctx, body("x"), &blockblob.UploadOptions{Tags: map[string]string{"case": "7"}}); err != nil {
			return err
		}
		tagged := func(where string) error {
			_, err := b.GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfTags: &where}}})
			return err
		}
		return errors.Join(tagged(`"case" = '7'`), refusedWith(tagged(`"case" = '8'`), 412, bloberror.ConditionNotMet))
	}},
}

var propertySteps = []step{
	{"metadata", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		before, err := b.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		_, err = b.SetMetadata(ctx, map[string]*string{"owner": to.Ptr("netops")}, nil)
		after, err2 := b.GetProperties(ctx, nil)
		_, bad := b.SetMetadata(ctx, map[string]*string{"1-2": to.Ptr("x")}, nil)
		all, err3 := names(c, &azcontainer.ListBlobsFlatOptions{Include: azcontainer.ListBlobsInclude{Metadata: true}})
		if err := errors.Join(err, err2, err3); err != nil {
			return err
		}
		return errors.Join(equal("metadata", val(after.Metadata["Owner"]), "netops"), equal("listed", val(all[0].Metadata["owner"]), "netops"),
			equal("a new version", *before.ETag == *after.ETag, false), refusedWith(bad, 400, bloberror.InvalidMetadata))
	}},
	{"headers of the content", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		h := blob.HTTPHeaders{BlobContentType: to.Ptr("text/plain"), BlobContentLanguage: to.Ptr("de"), BlobCacheControl: to.Ptr("no-cache"),
			BlobContentDisposition: to.Ptr("inline"), BlobContentEncoding: to.Ptr("identity")}
		_, err = b.SetHTTPHeaders(ctx, h, nil)
		p, err2 := b.GetProperties(ctx, nil)
		return errors.Join(err, err2, equal("headers", words(val(p.ContentType), val(p.ContentLanguage), val(p.CacheControl), val(p.ContentDisposition), val(p.ContentEncoding)),
			"text/plain de no-cache inline identity"))
	}},
	{"tags, and finding by them", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		_, err = b.SetTags(ctx, map[string]string{"case": "7", "team": "net"}, nil)
		tags, err2 := b.GetTags(ctx, nil)
		found, err3 := c.FilterBlobs(ctx, `"case" = '7'`, nil)
		none, err4 := c.FilterBlobs(ctx, `"case" = '8'`, nil)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			return err
		}
		return errors.Join(equal("tags", len(tags.BlobTagSet), 2), equal("found", len(found.Blobs), 1), equal("none", len(none.Blobs), 0))
	}},
	{"tiers", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		_, err = b.SetTier(ctx, blob.AccessTierArchive, nil)
		_, archived := b.DownloadStream(ctx, nil)
		_, err2 := b.SetTier(ctx, blob.AccessTierHot, nil)
		p, err3 := b.GetProperties(ctx, nil)
		return errors.Join(err, err2, err3, refusedWith(archived, 409, bloberror.BlobArchived), equal("status", val(p.ArchiveStatus), "rehydrate-pending-to-hot"))
	}},
	{"tiers: back from the archive", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		_, err = b.SetTier(ctx, blob.AccessTierArchive, nil)
		_, err2 := b.SetTier(ctx, blob.AccessTierCool, &blob.SetTierOptions{RehydratePriority: to.Ptr(blob.RehydratePriorityHigh)})
		s.pass(2 * time.Hour)
		text, err3 := read(b, nil)
		return errors.Join(err, err2, err3, equal("content", text, "x"))
	}},
	{"snapshots", func(s *served, c *azcontainer.Client) error {
		b, err := upload(c, "b", "old")
		if err != nil {
			return err
		}
		taken, err := b.CreateSnapshot(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := upload(c, "b", "new"); err != nil {
			return err
		}
		snap, err := b.WithSnapshot(*taken.Snapshot)
		if err != nil {
			return err
		}
		old, err := read(snap, nil)
		all, err2 := names(c, &azcontainer.ListBlobsFlatOptions{Include: azcontainer.ListBlobsInclude{Snapshots: true}})
		_, present := b.Delete(ctx, nil)
		_, err3 := b.Delete(ctx, &blob.DeleteOptions{DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeOnly)})
		_, gone := snap.GetProperties(ctx, nil)
		_, err4 := b.Delete(ctx, nil)
		return errors.Join(err, err2, err3, err4, equal("content", old, "old"), equal("listed", len(all), 2),
			refusedWith(present, 409, bloberror.SnapshotsPresent), refusedWith(gone, 404, bloberror.BlobNotFound))
	}},
}

var copySteps = []step{
	{"copy within an account", func(s *served, c *azcontainer.Client) error {
		src, err := upload(c, "a", "content")
		if err != nil {
			return err
		}
		b := c.NewBlockBlobClient("b")
		started, err := b.StartCopyFromURL(ctx, src.URL(), nil)
		if err != nil {
			return err
		}
		text, err := read(b, nil)
		p, err2 := b.GetProperties(ctx, nil)
		_, abort := b.AbortCopyFromURL(ctx, *started.CopyID, nil)
		return errors.Join(err, err2, equal("content", text, "content"), equal("status", words(val(started.CopyStatus), val(p.CopyStatus), val(p.CopyProgress)), "success success 7/7"),
			refusedWith(abort, 409, bloberror.NoPendingCopyOperation))
	}},
	{"copy of what is missing", func(s *served, c *azcontainer.Client) error {
		_, err := c.NewBlobClient("b").StartCopyFromURL(ctx, c.NewBlobClient("none").URL(), nil)
		return refusedWith(err, 404, bloberror.CannotVerifyCopySource)
	}},
	{"copy and wait", func(s *served, c *azcontainer.Client) error {
		src, err := upload(c, "a", "content")
		if err != nil {
			return err
		}
		done, err := c.NewBlobClient("b").CopyFromURL(ctx, src.URL(), nil)
		text, err2 := read(c.NewBlobClient("b"), nil)
		return errors.Join(err, err2, equal("status", val(done.CopyStatus), "success"), equal("content", text, "content"))
	}},
	{"put from a URL, block from a URL", func(s *served, c *azcontainer.Client) error {
		src, err := upload(c, "a", "0123456789")
		if err != nil {
			return err
		}
		b := c.NewBlockBlobClient("b")
		if _, err := b.UploadBlobFromURL(ctx, src.URL(), nil); err != nil {
			return err
		}
		whole, err := read(b, nil)
		ids := blockIDs("1", "2")
		_, err2 := b.StageBlockFromURL(ctx, ids[0], src.URL(), &blockblob.StageBlockFromURLOptions{Range: blob.HTTPRange{Offset: 2, Count: 3}})
		_, err3 := b.StageBlock(ctx, ids[1], body("!"), nil)
		_, err4 := b.CommitBlockList(ctx, ids, nil)
		part, err5 := read(b, nil)
		return errors.Join(err, err2, err3, err4, err5, equal("content", whole+" "+part, "0123456789 234!"))
	}},
	{"append from a URL", func(s *served, c *azcontainer.Client) error {
		src, err := upload(c, "a", "0123456789")
		if err != nil {
			return err
		}
		b := c.NewAppendBlobClient("b")
		if _, err := b.Create(ctx, nil); err != nil {
			return err
		}
		_, err = b.AppendBlockFromURL(ctx, src.URL(), &appendblob.AppendBlockFromURLOptions{Range: blob.HTTPRange{Offset: 8, Count: 2}})
		text, err2 := read(b, nil)
		return errors.Join(err, err2, equal("content", text, "89"))
	}},
}

var containerSteps = []step{
	{"container: metadata and conditions", func(s *served, c *azcontainer.Client) error {
		p, err := c.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		_, err = c.SetMetadata(ctx, &azcontainer.SetMetadataOptions{Metadata: map[string]*string{"a": to.Ptr("b")}})
		after, err2 := c.GetProperties(ctx, nil)
		_, stale := c.Delete(ctx, &azcontainer.DeleteOptions{AccessConditions: &azcontainer.AccessConditions{ModifiedAccessConditions: &azcontainer.ModifiedAccessConditions{IfUnmodifiedSince: to.Ptr(p.LastModified.Add(-time.Hour))}}})
		return errors.Join(err, err2, equal("metadata", val(after.Metadata["A"]), "b"), refusedWith(stale, 412, bloberror.ConditionNotMet))
	}},
	{"container: exists", func(s *served, c *azcontainer.Client) error {
		_, err := c.Create(ctx, nil)
		return refusedWith(err, 409, bloberror.ContainerAlreadyExists)
	}},
	{"container: stored access policies", func(s *served, c *azcontainer.Client) error {
		at := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
		_, err := c.SetAccessPolicy(ctx, &azcontainer.SetAccessPolicyOptions{ContainerACL: []*azcontainer.SignedIdentifier{
			{ID: to.Ptr("p1"), AccessPolicy: &azcontainer.AccessPolicy{Expiry: &at, Permission: to.Ptr("rl")}}}})
		if err != nil {
			return err
		}
		got, err := c.GetAccessPolicy(ctx, nil)
		if err != nil {
			return err
		}
		return equal("policies", words(len(got.SignedIdentifiers), val(got.SignedIdentifiers[0].ID), val(got.SignedIdentifiers[0].AccessPolicy.Permission)), "1 p1 rl")
	}},
	{"container: pages and levels", func(s *served, c *azcontainer.Client) error {
		for i := range 7 {
			if _, err := upload(c, fmt.Sprintf("d%d/x", i%2)+strings.Repeat("y", i), "x"); err != nil {
				return err
			}
		}
		all, err := names(c, &azcontainer.ListBlobsFlatOptions{MaxResults: to.Ptr[int32](2)})
		prefixes := 0
		for p := c.NewListBlobsHierarchyPager("/", nil); p.More(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			prefixes += len(page.Segment.BlobPrefixes)
		}
		return errors.Join(err, equal("listed", words(len(all), prefixes), "7 2"))
	}},
	{"container: batch", func(s *served, c *azcontainer.Client) error {
		if _, err := upload(c, "a", "x"); err != nil {
			return err
		}
		b, err := c.NewBatchBuilder()
		if err != nil {
			return err
		}
		if err := errors.Join(b.Delete("a", nil), b.Delete("none", nil)); err != nil {
			return err
		}
		r, err := c.SubmitBatch(ctx, b, nil)
		if err != nil {
			return err
		}
		return errors.Join(equal("answers", len(r.Responses), 2), equal("first", r.Responses[0].Error, nil), refusedWith(r.Responses[1].Error, 404, bloberror.BlobNotFound))
	}},
	{"container: gone", func(s *served, c *azcontainer.Client) error {
		if _, err := c.Delete(ctx, nil); err != nil {
			return err
		}
		_, err := upload(c, "b", "x")
		return refusedWith(err, 404, bloberror.ContainerNotFound)
	}},
}

var accountSteps = []step{
	{"account: list containers", func(s *served, c *azcontainer.Client) error {
		n := 0
		for p := s.client.NewListContainersPager(&azservice.ListContainersOptions{Prefix: to.Ptr("c-"), MaxResults: to.Ptr[int32](5)}); p.More(); {
			page, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			n += len(page.ContainerItems)
		}
		return equal("some", n > 5, true)
	}},
	{"account: properties, soft delete, undelete", func(s *served, c *azcontainer.Client) error {
		if _, err := s.client.SetProperties(ctx, &azservice.SetPropertiesOptions{DeleteRetentionPolicy: &azservice.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr[int32](2)}}); err != nil {
			return err
		}
		p, err := s.client.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		b, err := upload(c, "b", "x")
		if err != nil {
			return err
		}
		_, err = b.Delete(ctx, nil)
		without, err2 := names(c, nil)
		with, err3 := names(c, &azcontainer.ListBlobsFlatOptions{Include: azcontainer.ListBlobsInclude{Deleted: true}})
		_, err4 := b.Undelete(ctx, nil)
		text, err5 := read(b, nil)
		_, err6 := s.client.SetProperties(ctx, &azservice.SetPropertiesOptions{DeleteRetentionPolicy: &azservice.RetentionPolicy{Enabled: to.Ptr(false)}})
		return errors.Join(err, err2, err3, err4, err5, err6, equal("days", val(p.DeleteRetentionPolicy.Days), 2), equal("listed", words(len(without), len(with)), "0 1"), equal("content", text, "x"))
	}},
	{"account: user delegation key", func(s *served, c *azcontainer.Client) error {
		now := time.Now().UTC()
		k, err := s.client.GetUserDelegationCredential(ctx, azservice.KeyInfo{Start: to.Ptr(now.Format(time.RFC3339)), Expiry: to.Ptr(now.Add(time.Hour).Format(time.RFC3339))}, nil)
		if err != nil {
			return err
		}
		return equal("a key", k != nil, true)
	}},
	{"account: information", func(s *served, c *azcontainer.Client) error {
		i, err := s.client.GetAccountInfo(ctx, nil)
		if err != nil {
			return err
		}
		return equal("kind", val(i.AccountKind), "StorageV2")
	}},
	{"account: find blobs by tags", func(s *served, c *azcontainer.Client) error {
		id := base64.RawURLEncoding.EncodeToString([]byte(c.URL()))[:20]
		b := c.NewBlockBlobClient("b")
		if _, err := b.Upload(ctx, body("x"), &blockblob.UploadOptions{Tags: map[string]string{"id": strings.ReplaceAll(id, "-", "_")}}); err != nil {
			return err
		}
		r, err := s.client.FilterBlobs(ctx, `"id" = '`+strings.ReplaceAll(id, "-", "_")+`'`, nil)
		return errors.Join(err, equal("found", len(r.Blobs) >= 1, true))
	}},
}

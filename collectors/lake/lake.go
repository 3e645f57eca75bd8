//go:build lake

package lake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/catalog/hadoop"
	"github.com/apache/iceberg-go/table"
)

// Lake is a folder with a table of flows.
type Lake struct {
	catalog *hadoop.Catalog
	table   *table.Table // nil before anything was added
	folder  string
}

var name = table.Identifier{"flowctl", "flows"}

// filesProperty is what a snapshot says of the files that its flows were read from: a line
// for each, its digest and its path.
const filesProperty = "flowctl.files"

// Open opens the lake in a folder, which is made with the first file.
func Open(ctx context.Context, folder string) (*Lake, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	l := &Lake{folder: filepath.Join(folder, name[0], name[1])}
	if l.catalog, err = hadoop.NewCatalog("flowctl", folder, nil); err != nil {
		return nil, err
	}
	l.table, err = l.catalog.LoadTable(ctx, name)
	if errors.Is(err, catalog.ErrNoSuchTable) {
		err = nil
	}
	return l, err
}

// Table is the folder of the table.
func (l *Lake) Table() string { return l.folder }

// Files are the files that flows in the lake were read from: digests by path.
func (l *Lake) Files() map[string]string {
	all := map[string]string{}
	if l.table == nil {
		return all
	}
	for _, s := range l.table.Metadata().Snapshots() {
		if s.Summary == nil {
			continue
		}
		for line := range strings.Lines(s.Summary.Properties[filesProperty]) {
			digest, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			all[path] = digest
		}
	}
	return all
}

// Add registers a Parquet file, with the files that its flows were read from. A file that
// is registered is refused.
func (l *Lake) Add(ctx context.Context, parquet string, files map[string]string) error {
	if l.table == nil {
		if err := l.create(ctx, parquet); err != nil {
			return err
		}
	}
	var lines strings.Builder
	for path, digest := range files {
		fmt.Fprintf(&lines, "%s %s\n", digest, path)
	}
	tx := l.table.NewTransaction()
	if err := tx.AddFiles(ctx, []string{parquet}, iceberg.Properties{filesProperty: lines.String()}, false); err != nil {
		return err
	}
	t, err := tx.Commit(ctx)
	if err == nil {
		l.table = t
	}
	return err
}

// create makes the table with the columns of a file.
func (l *Lake) create(ctx context.Context, parquet string) error {
	r, err := file.OpenParquetFile(parquet, false)
	if err != nil {
		return err
	}
	defer r.Close()
	columns, err := pqarrow.FromParquet(r.MetaData().Schema, nil, nil)
	if err != nil {
		return err
	}
	schema, err := table.ArrowSchemaToIcebergWithFreshIDs(columns, false)
	if err != nil {
		return err
	}
	if err := l.catalog.CreateNamespace(ctx, name[:1], nil); err != nil && !errors.Is(err, catalog.ErrNamespaceAlreadyExists) {
		return err
	}
	l.table, err = l.catalog.CreateTable(ctx, name, schema)
	return err
}

package enginetest

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestMain(m *testing.M) { Main(m) }

// TestCluster wants three nodes that know each other, and data that a killed node
// has again.
func TestCluster(t *testing.T) {
	c := Start(t, 3)
	db := clickhouse.OpenDB(&clickhouse.Options{Addr: []string{c.Nodes[0].TCP}})
	defer db.Close()
	const shards = "SELECT count(DISTINCT _shard_num) FROM clusterAllReplicas(" + Name + ", system.one)"
	number := func(query string) (n uint64) {
		t.Helper()
		if err := db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := number(shards); n != 3 {
		t.Fatalf("%d shards", n)
	}
	for _, s := range []string{"CREATE DATABASE d", "CREATE TABLE d.t (x UInt64) ENGINE = MergeTree ORDER BY x", "INSERT INTO d.t SELECT number FROM numbers(1000)"} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	c.Nodes[0].Stop()
	c.Nodes[0].Start(t)
	if n := number("SELECT sum(x) FROM d.t"); n != 499500 {
		t.Errorf("after the restart the sum is %d", n)
	}
}

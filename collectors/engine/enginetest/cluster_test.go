package enginetest

import "testing"

func TestMain(m *testing.M) { Main(m) }

// TestCluster wants three nodes that know each other, and data that a killed node
// has again.
func TestCluster(t *testing.T) {
	c := Start(t, 3)
	var shards, sum uint64
	c.Scan(t, &shards, "SELECT count(DISTINCT _shard_num) FROM clusterAllReplicas("+Name+", system.one)")
	if shards != 3 {
		t.Fatalf("%d shards", shards)
	}
	c.Exec(t, "CREATE DATABASE d", "CREATE TABLE d.t (x UInt64) ENGINE = MergeTree ORDER BY x", "INSERT INTO d.t SELECT number FROM numbers(1000)")
	c.Nodes[0].Stop()
	c.Nodes[0].Start(t)
	c.Scan(t, &sum, "SELECT sum(x) FROM clusterAllReplicas("+Name+", d.t)")
	if sum != 3*499500 {
		t.Errorf("after the restart the sum is %d", sum)
	}
}

// Package enginetest runs ClickHouse for tests: one node or several that are a
// cluster, each a process of its own that ends with the test. There is no server
// to install: chdb is the whole engine as a shared library, which the test's own
// binary loads when it is started once more.
//
// What it is not: there is no Keeper, so nothing is replicated and ON CLUSTER does
// not work. The user default has no password.
package enginetest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Library is the environment variable that names libchdb.so, of the release that
// .ci/engine fetches.
const Library = "FLOWCTL_CHDB"

// dirVariable names the folder of the node that a process is to be, and queryVariable what
// one is to ask.
const (
	dirVariable   = "FLOWCTL_CHDB_NODE"
	queryVariable = "FLOWCTL_CHDB_QUERY"
)

// Ask is what a query gives that has no server, with files by paths below a folder.
func Ask(t testing.TB, folder, query string) string {
	t.Helper()
	if os.Getenv(Library) == "" {
		t.Skip(Library + " does not name libchdb.so, which .ci/engine fetches: no ClickHouse to test with")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	cmd := exec.Command(self)
	cmd.Dir, cmd.Env, cmd.Stderr = folder, append(os.Environ(), queryVariable+"="+query), &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%.2000s", query, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// Name is what the cluster is called.
const Name = "flows"

// Cluster is nodes that know each other as shards of a cluster.
type Cluster struct {
	Nodes []*Node
	dir   string
}

// Node is one process.
type Node struct {
	TCP, HTTP string // host:port
	dir       string
	process   *exec.Cmd
	stdin     io.Closer
}

// Start starts n nodes, which end with the test. Without the library the test is
// skipped. Besides default, who has no password and may do all, there is a user flowctl
// with the password geheim, who has the rights that GRANT statements give.
func Start(t testing.TB, n int, grants ...string) *Cluster {
	t.Helper()
	if os.Getenv(Library) == "" {
		t.Skip(Library + " does not name libchdb.so, which .ci/engine fetches: no ClickHouse to test with")
	}
	c := &Cluster{dir: t.TempDir()}
	for i := range n {
		dir := filepath.Join(c.dir, fmt.Sprint(i))
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		c.Nodes = append(c.Nodes, &Node{TCP: freePort(t), HTTP: freePort(t), dir: dir})
	}
	t.Cleanup(func() {
		for _, node := range c.Nodes {
			node.Stop()
		}
	})
	for _, node := range c.Nodes {
		for name, text := range map[string][]byte{"config.xml": c.config(node), "users.xml": users(grants)} {
			if err := os.WriteFile(filepath.Join(node.dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		node.run(t)
	}
	for _, node := range c.Nodes {
		node.wait(t)
	}
	return c
}

// URL is the address of a database on all nodes.
func (c *Cluster) URL(database string) string {
	u := "clickhouse://default@" + c.Nodes[0].TCP + "/" + database + "?secure=false"
	if len(c.Nodes) > 1 {
		u += "&cluster=" + Name
	}
	return u
}

// Stop kills a node, as a loss of power would. Its data stay.
func (n *Node) Stop() {
	if n.process == nil {
		return
	}
	_ = n.process.Process.Kill()
	_ = n.process.Wait()
	n.stdin.Close()
	n.process = nil
}

// Start starts a node that was stopped, with its data.
func (n *Node) Start(t testing.TB) {
	t.Helper()
	n.run(t)
	n.wait(t)
}

func (n *Node) run(t testing.TB) {
	t.Helper()
	log, err := os.Create(filepath.Join(n.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	n.process = exec.Command(self)
	n.process.Env = append(os.Environ(), dirVariable+"="+n.dir)
	n.process.Stdout, n.process.Stderr = log, log
	if n.stdin, err = n.process.StdinPipe(); err == nil { // when the test ends, however it does, the node's standard input does
		err = n.process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wait waits until a node answers. It asks over HTTP: a connection to the native
// port that says nothing is held against the node.
func (n *Node) wait(t testing.TB) {
	t.Helper()
	client := http.Client{Timeout: time.Second}
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		r, err := client.Get("http://" + n.HTTP + "/ping")
		if err == nil {
			r.Body.Close()
			return
		}
	}
	log, _ := os.ReadFile(filepath.Join(n.dir, "log"))
	t.Fatalf("ClickHouse does not answer at %s: %s", n.HTTP, log)
}

// CPU is the processor time that a node has taken, where the system tells.
func (n *Node) CPU() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.process.Process.Pid))
	_, rest, ok := strings.Cut(string(b), ") ")
	if f := strings.Fields(rest); err == nil && ok && len(f) > 12 { // in hundredths of a second, behind the state and ten others
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		return time.Duration(user+system) * 10 * time.Millisecond
	}
	return 0
}

// Exec runs statements at every node.
func (c *Cluster) Exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, n := range c.Nodes {
		db := clickhouse.OpenDB(&clickhouse.Options{Addr: []string{n.TCP}})
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		db.Close()
	}
}

// Scan reads the one value that a query of the first node has.
func (c *Cluster) Scan(t testing.TB, to any, query string) {
	t.Helper()
	db := clickhouse.OpenDB(&clickhouse.Options{Addr: []string{c.Nodes[0].TCP}})
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(to); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// users are those of a node.
func users(grants []string) []byte {
	const of = "<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>"
	var queries strings.Builder
	for _, g := range grants {
		fmt.Fprintf(&queries, "<query>%s</query>", g)
	}
	return []byte("<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>" + of +
		"</default><flowctl><password>geheim</password>" + of + "<grants>" + queries.String() + "</grants></flowctl></users></clickhouse>")
}

// config is that of a node. Two settings let copies of a part be recognised on
// restart and keep a node small: there are several on the machine of a test.
func (c *Cluster) config(n *Node) []byte {
	var shards strings.Builder
	for _, o := range c.Nodes {
		host, port, _ := net.SplitHostPort(o.TCP)
		fmt.Fprintf(&shards, "<shard><internal_replication>true</internal_replication><replica><host>%s</host><port>%s</port><user>default</user></replica></shard>", host, port)
	}
	_, tcp, _ := net.SplitHostPort(n.TCP)
	_, http, _ := net.SplitHostPort(n.HTTP)
	return []byte(`<clickhouse>
<tcp_port>` + tcp + `</tcp_port><http_port>` + http + `</http_port><listen_host>127.0.0.1</listen_host>
<users_config>` + filepath.Join(n.dir, "users.xml") + `</users_config>
<max_server_memory_usage>3000000000</max_server_memory_usage>
<mark_cache_size>67108864</mark_cache_size>
<uncompressed_cache_size>0</uncompressed_cache_size>
<background_pool_size>4</background_pool_size>
<remote_servers><` + Name + `>` + shards.String() + `</` + Name + `></remote_servers>
</clickhouse>
`)
}

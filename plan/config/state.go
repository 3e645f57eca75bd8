package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// State says where the ledger is kept. The zero State is a file in the folder
// of all that flowctl keeps.
type State struct {
	Type      string  // local or azblob; empty: local
	AccountID plan.ID // of azblob
	Container string
	Prefix    string
	History   int // how many earlier ledgers are kept

	Passphrase, Key string // of its encryption; secrets
	Range           hcl.Range
}

// The types of state.
const (
	LocalState = "local"
	BlobState  = "azblob"
)

const defaultHistory = 20

var (
	localSchema = schema{}
	blobSchema  = schema{attrs: []string{"account_id", "container", "prefix", "history"}, blocks: map[string]rule{"encryption": {}},
		secrets: map[string]string{"access_key": "flowctl signs in as itself", "sas_token": "flowctl signs in as itself"}}
	encryptionSchema = schema{attrs: []string{"passphrase", "key"}}
)

func (l *loader) state() {
	for i, raw := range l.blocks["state"] {
		b := block{Block: raw, scope: l.scope}
		if i > 0 {
			l.add("Duplicate block", raw.TypeRange, "There is a second state block; the first is on line %d. One place keeps the state of all investigations.", l.blocks["state"][0].TypeRange.Start.Line)
			return
		}
		switch typ := raw.Labels[0]; typ {
		case LocalState:
			localSchema.check(raw.Body, "a local state", &l.problems)
			l.cfg.State = State{Type: LocalState, Range: header(raw)}
		case BlobState:
			l.cfg.State = l.blobState(b)
		default:
			l.add("Unknown state", raw.LabelRanges[0], "There is no state %q; flowctl has %q, a folder of this machine, and %q, blobs of a storage account.", typ, LocalState, BlobState)
		}
	}
}

func (l *loader) blobState(b block) State {
	s := State{Type: BlobState, History: defaultHistory, Range: header(b.Block)}
	inner := blobSchema.check(b.Body, "an azblob state", &l.problems)
	for _, name := range []string{"account_id", "container"} {
		if !b.has(name) {
			l.add("Missing attribute", header(b.Block), "A state \"azblob\" needs %s: the storage account's resource id as account_id, and the name of a container, which is made if it is missing.", name)
		}
	}
	if id, ok := b.text("account_id"); ok && b.scope.resource(item{id, b.at("account_id")}, storageType, "account_id") {
		s.AccountID = plan.ID(id)
	}
	if name, ok := b.text("container"); ok {
		if s.Container = name; !containerName(name) {
			l.add("Invalid container", b.at("container"), "%q is not the name of a container: 3 to 63 lower-case letters, digits and single hyphens.", name)
		}
	}
	if prefix, ok := b.text("prefix"); ok {
		if s.Prefix = strings.Trim(prefix, "/"); slices.Contains(strings.Split(s.Prefix, "/"), "..") {
			l.add("Invalid prefix", b.at("prefix"), "A prefix is a path such as team/net, without parts such as \"..\".")
		}
	}
	if n, ok := b.whole("history", 0, 1000); ok {
		s.History = int(n)
	}
	for _, e := range inner {
		l.encryption(b.inner(e), &s)
	}
	return s
}

func (l *loader) encryption(b block, s *State) {
	encryptionSchema.check(b.Body, "encryption", &l.problems)
	b.secret = encryptionSchema.attrs
	s.Passphrase, _ = b.text("passphrase")
	s.Key, _ = b.text("key")
	if b.has("passphrase") == b.has("key") {
		l.add("Invalid encryption", header(b.Block), "Encryption needs either a passphrase or a key, an age identity. Give it as a sensitive variable, such as var.passphrase with FLOWCTL_VAR_passphrase.")
	}
}

// containerName reports whether Azure takes name for a container.
func containerName(name string) bool {
	ok := len(name) >= 3 && len(name) <= 63 && !strings.Contains(name, "--") && name[0] != '-' && name[len(name)-1] != '-'
	return ok && strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	}) < 0
}

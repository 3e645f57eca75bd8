package blob

import (
	"maps"
	"net/http"
	"slices"
)

// operation is one operation of the service.
type operation struct {
	level   level
	method  string
	restype string // of the query, as comp
	comp    string

	fault  string // what faults of the world call it
	action string // what a role must permit
	data   bool   // action is one on data
	sas    string // any of these permissions of a signature will do; empty: all will
	run    func(*request) error
}

// level is what an operation is on.
type level int

const (
	onAccount level = iota
	onContainer
	onBlob
)

const (
	ofServices   = "Microsoft.Storage/storageAccounts/blobServices/"
	ofContainers = ofServices + "containers/"
	ofBlobs      = ofContainers + "blobs/"
)

// newOperations lists those of the service, with the actions and permissions that
// the pages "Permissions for calling data operations" and "Create a service
// SAS" of Azure Storage's documentation list.
func newOperations() []operation {
	read := []string{http.MethodGet, http.MethodHead}
	var all []operation
	add := func(methods []string, o operation) {
		for _, m := range methods {
			o.method = m
			all = append(all, o)
		}
	}
	get, put, post, del := []string{http.MethodGet}, []string{http.MethodPut}, []string{http.MethodPost}, []string{http.MethodDelete}

	add(get, operation{onAccount, "", "", "list", "container.list", ofContainers + "read", false, "l", (*request).listContainers})
	add(post, operation{onAccount, "", "service", "userdelegationkey", "account.key", ofServices + "generateUserDelegationKey/action", false, "-", (*request).userDelegationKey})
	add(get, operation{onAccount, "", "service", "properties", "account.read", ofServices + "read", false, "r", (*request).getProperties})
	add(put, operation{onAccount, "", "service", "properties", "account.write", ofServices + "write", false, "w", (*request).setProperties})
	add(get, operation{onAccount, "", "service", "stats", "account.read", ofServices + "read", false, "r", (*request).getStatistics})
	add(get, operation{onAccount, "", "", "blobs", "blob.list", ofBlobs + "filter/action", true, "f", (*request).findByTags})
	add(post, operation{onAccount, "", "", "batch", "account.batch", "", false, "", (*request).batch})
	for _, l := range []level{onAccount, onContainer, onBlob} {
		add(read, operation{l, "", "account", "properties", "account.read", ofBlobs + "read", true, "", (*request).accountInformation})
	}

	const c = "container"
	for _, comp := range []string{"", "metadata"} {
		add(read, operation{onContainer, "", c, comp, "container.read", ofContainers + "read", false, "r", (*request).containerProperties})
	}
	add(put, operation{onContainer, "", c, "", "container.create", ofContainers + "write", false, "cw", (*request).createContainer})
	add(del, operation{onContainer, "", c, "", "container.delete", ofContainers + "delete", false, "d", (*request).deleteContainer})
	add(put, operation{onContainer, "", c, "metadata", "container.create", ofContainers + "write", false, "w", (*request).setContainerMetadata})
	add(read, operation{onContainer, "", c, "acl", "container.read", ofContainers + "getAcl/action", false, "-", (*request).getAccess})
	add(put, operation{onContainer, "", c, "acl", "container.create", ofContainers + "setAcl/action", false, "-", (*request).setAccess})
	add(put, operation{onContainer, "", c, "lease", "container.create", ofContainers + "write", false, "wd", (*request).leaseContainer})
	add(get, operation{onContainer, "", c, "list", "blob.list", ofBlobs + "read", true, "l", (*request).listBlobs})
	add(get, operation{onContainer, "", c, "blobs", "blob.list", ofBlobs + "filter/action", true, "f", (*request).findByTags})
	add(post, operation{onContainer, "", c, "batch", "account.batch", "", false, "", (*request).batch})

	add(get, operation{onBlob, "", "", "", "blob.get", ofBlobs + "read", true, "r", (*request).getBlob})
	add([]string{http.MethodHead}, operation{onBlob, "", "", "", "blob.get", ofBlobs + "read", true, "r", (*request).headBlob})
	add(read, operation{onBlob, "", "", "metadata", "blob.get", ofBlobs + "read", true, "r", (*request).headBlob})
	add(get, operation{onBlob, "", "", "blocklist", "blob.get", ofBlobs + "read", true, "r", (*request).getBlockList})
	add(get, operation{onBlob, "", "", "tags", "blob.get", ofBlobs + "tags/read", true, "t", (*request).getTags})
	add(put, operation{onBlob, "", "", "tags", "blob.put", ofBlobs + "tags/write", true, "t", (*request).setTags})
	add(put, operation{onBlob, "", "", "", "blob.put", ofBlobs + "write", true, "wc", (*request).putBlob})
	add(put, operation{onBlob, "", "", "block", "blob.put", ofBlobs + "write", true, "wc", (*request).putBlock})
	add(put, operation{onBlob, "", "", "blocklist", "blob.put", ofBlobs + "write", true, "wc", (*request).putBlockList})
	add(put, operation{onBlob, "", "", "appendblock", "blob.put", ofBlobs + "write", true, "aw", (*request).appendBlock})
	add(put, operation{onBlob, "", "", "seal", "blob.put", ofBlobs + "write", true, "aw", (*request).seal})
	add(put, operation{onBlob, "", "", "metadata", "blob.put", ofBlobs + "write", true, "w", (*request).setMetadata})
	add(put, operation{onBlob, "", "", "properties", "blob.put", ofBlobs + "write", true, "w", (*request).setHeaders})
	add(put, operation{onBlob, "", "", "lease", "blob.put", ofBlobs + "write", true, "wd", (*request).leaseBlob})
	add(put, operation{onBlob, "", "", "snapshot", "blob.put", ofBlobs + "write", true, "wc", (*request).takeSnapshot})
	add(put, operation{onBlob, "", "", "copy", "blob.put", ofBlobs + "write", true, "w", (*request).abortCopy})
	add(put, operation{onBlob, "", "", "tier", "blob.put", ofBlobs + "write", true, "w", (*request).setTier})
	add(put, operation{onBlob, "", "", "undelete", "blob.put", ofBlobs + "write", true, "w", (*request).undelete})
	add(del, operation{onBlob, "", "", "", "blob.delete", ofBlobs + "delete", true, "d", (*request).deleteBlob})
	return all
}

// find sets the operation that the request names, as Azure does, by its
// method, restype and comp; none if there is none.
func (q *request) findOperation() {
	l := onBlob
	switch {
	case q.container == "":
		l = onAccount
	case q.blob == "":
		l = onContainer
	}
	restype := q.query.Get("restype")
	for i, o := range q.s.operations {
		if o.level == l && o.method == q.r.Method && o.comp == q.comp && o.restype == restype {
			q.op = &q.s.operations[i]
			return
		}
	}
}

// unserved tells a method that a resource does not have from a query that
// names none.
func (q *request) unserved() error {
	q.s.log.Warn("the sandbox does not serve this blob operation", "method", q.r.Method, "path", q.r.URL.Path,
		"comp", q.comp, "restype", q.query.Get("restype"))
	for _, o := range q.s.operations {
		if o.comp == q.comp && o.restype == q.query.Get("restype") {
			return errUnsupportedVerb
		}
	}
	return errUnsupportedQuery
}

// Operations are the names that faults have for what the service does.
func Operations() []string {
	all := map[string]bool{}
	for _, o := range newOperations() {
		all[o.fault] = true
	}
	return slices.Sorted(maps.Keys(all))
}

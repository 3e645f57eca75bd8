package azure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// explain adds to an error what helps, as far as the account and the way in
// which it was asked are known.
func (a storageAccount) explain(ctx context.Context, container string, err error) error {
	var no *refusal
	var who *identityError
	switch {
	case errors.As(err, &who):
		better := *who
		better.remedy = "run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or add a shared access signature (SAS) to the URL"
		return retold(err, who, &better)
	case errors.As(err, &no) && no.hint == "":
		better := *no
		better.hint = a.hint(ctx, no.code, container)
		return retold(err, no, &better)
	}
	return err
}

// retold is err with a better one in the place of its cause, with which its
// text ends.
func retold(err, cause, better error) error {
	before, ok := strings.CutSuffix(err.Error(), cause.Error())
	if !ok {
		return err
	}
	return fmt.Errorf("%s%w", before, better)
}

// hint is what helps against a refusal; empty if nobody knows.
func (a storageAccount) hint(ctx context.Context, code, container string) string {
	switch {
	case code == "ContainerNotFound":
		return a.others(ctx, container)
	case code == "BlobArchived":
		return "bring it back first, which takes hours: az storage blob set-tier --tier Hot"
	case a.sas != nil:
		return a.sasHint(code)
	}
	return a.signInHint(code, container)
}

// signInHint is what helps those who sign in with Entra ID.
func (a storageAccount) signInHint(code, container string) string {
	switch code {
	case "AuthorizationPermissionMismatch":
		return fmt.Sprintf("the identity that flowctl signs in with needs the role Storage Blob Data Reader on storage account %s or its container %s: "+
			"Owner, Contributor and Reader do not read blobs; a new role takes some minutes to work", a.name, container)
	case "AuthorizationFailure":
		return fmt.Sprintf("the network rules of storage account %s keep this machine out: add its address to them, or run flowctl in a network that they let in", a.name)
	case "InvalidAuthenticationInfo", "AuthenticationFailed":
		return "sign in to the tenant that the storage account is in: az login --tenant, or AZURE_TENANT_ID"
	}
	return ""
}

// sasHint is what helps those who ask with a shared access signature.
func (a storageAccount) sasHint(code string) string {
	switch {
	case code == "AuthenticationFailed":
		return a.sasTime()
	case code == "KeyBasedAuthenticationNotPermitted":
		return fmt.Sprintf("storage account %s takes no signature made with its key: make one with az storage container generate-sas --as-user --auth-mode login, or leave it out of the URL and sign in", a.name)
	case code == "AuthorizationSourceIPMismatch":
		return "the shared access signature is for other addresses (sip)"
	case code == "AuthorizationFailure":
		return fmt.Sprintf("the network rules of storage account %s keep this machine out, or the shared access signature is for something else", a.name)
	case strings.HasPrefix(code, "Authorization"):
		return "the shared access signature does not permit this: it must be of the container or the account and have the permissions read and list (sp=rl), or of one blob that is read alone"
	}
	return ""
}

// sasTime says when the signature is good, if it is not now; it may also have
// come here in part only.
func (a storageAccount) sasTime() string {
	now := a.clock.Now()
	if t, ok := sasInstant(a.sas.Get("se")); ok && !now.Before(t) {
		return fmt.Sprintf("the shared access signature expired at %s: make a new one", t.Format(time.RFC3339))
	}
	if t, ok := sasInstant(a.sas.Get("st")); ok && now.Before(t) {
		return fmt.Sprintf("the shared access signature is good from %s on only", t.Format(time.RFC3339))
	}
	return "copy the URL whole, and put it in quotes, since the shell cuts it at &; if a key or a stored access policy of the account was changed, make a new signature"
}

// sasInstant reads the forms of time that signatures have.
func sasInstant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// others says which containers there are instead, if that can be known.
func (a storageAccount) others(ctx context.Context, container string) string {
	names := a.containers(ctx)
	if len(names) == 0 {
		return ""
	}
	slices.SortStableFunc(names, func(x, y string) int { return common(y, container) - common(x, container) })
	const few = 5
	list := strings.Join(names[:min(few, len(names))], ", ")
	if len(names) > few {
		list += " and others"
	}
	return fmt.Sprintf("there is no container %s in storage account %s, which has %s", container, a.name, list)
}

// containers are the names of the first ones of the account; none if the
// caller may not know them.
func (a storageAccount) containers(ctx context.Context) []string {
	page, err := a.service.NewListContainersPager(&service.ListContainersOptions{}).NextPage(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, c := range page.ContainerItems {
		if c != nil {
			names = append(names, oneLine(val(c.Name)))
		}
	}
	return names
}

// common is how many letters x and y have in common at their beginning.
func common(x, y string) int {
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	return n
}

// unreachable says why there is no way to a host; nothing if there may be one
// later.
func unreachable(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such host: check the name of the storage account; names of private endpoints are known in their networks only"
	case errors.Is(err, syscall.ECONNREFUSED) && errors.As(err, &op) && isLoopback(op.Addr):
		return "nothing listens there"
	}
	return ""
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// noHost says that a host cannot be reached, now and later.
type noHost struct{ host, why string }

func (e *noHost) Error() string { return fmt.Sprintf("%s: %s", e.host, e.why) }

// NonRetriable tells the SDK and flowctl's own retry that trying again does
// not help.
func (e *noHost) NonRetriable() {}

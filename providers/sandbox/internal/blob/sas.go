package blob

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// signature is a shared access signature as a request carries it.
type signature struct {
	q      *request
	policy *accessPolicy // that si names
}

// get is a parameter; what it leaves out a stored access policy may say.
func (s signature) get(name string) string {
	v := s.q.query.Get(name)
	if v == "" && s.policy != nil {
		v = map[string]string{"st": s.policy.Policy.Start, "se": s.policy.Policy.Expiry, "sp": s.policy.Policy.Permission}[name]
	}
	return v
}

func (s signature) ofAccount() bool { return s.q.query.Has("ss") || s.q.query.Has("srt") }
func (s signature) ofUser() bool    { return s.q.query.Has("skoid") }

// checkSignature checks a shared access signature: who made it first, then
// when, where and what for.
func (q *request) checkSignature(a Account) error {
	s := signature{q: q}
	if err := s.stored(); err != nil {
		return err
	}
	if !a.SharedKey && !s.ofUser() {
		return errSharedKey
	}
	for _, check := range []func(Account) error{s.complete, s.genuine, s.timely, s.atHome, s.permits} {
		if err := check(a); err != nil {
			return err
		}
	}
	q.override(s)
	return nil
}

func badSignature(format string, args ...any) error {
	return errAuthentication.with("AuthenticationErrorDetail", fmt.Sprintf(format, args...))
}

// stored finds the stored access policy.
func (s *signature) stored() error {
	id := s.q.query.Get("si")
	if id == "" {
		return nil
	}
	c, err := s.q.findContainer()
	if err != nil {
		return badSignature("SAS identifier cannot be found for specified signed identifier")
	}
	i := slices.IndexFunc(c.Policies, func(p accessPolicy) bool { return p.ID == id })
	if i < 0 {
		return badSignature("SAS identifier cannot be found for specified signed identifier")
	}
	s.policy = &c.Policies[i]
	return nil
}

// complete refuses signatures that lack what all have.
func (s signature) complete(Account) error {
	needed := []string{"se", "sp", "sv"}
	if s.ofAccount() {
		needed = append(needed, "ss", "srt")
	} else {
		needed = append(needed, "sr")
	}
	if s.ofUser() {
		needed = append(needed, "sktid", "skt", "ske", "sks", "skv")
	}
	for _, name := range needed {
		if s.get(name) == "" {
			return badSignature("%s is mandatory. Cannot be empty", name)
		}
	}
	return nil
}

// genuine checks the signature itself.
func (s signature) genuine(a Account) error {
	keys, texts := a.Keys, []string{s.accountText(a)}
	switch {
	case s.ofUser():
		key := delegationKey{SignedOid: s.get("skoid"), SignedTid: s.get("sktid"), SignedStart: s.get("skt"), SignedExpiry: s.get("ske"),
			SignedService: s.get("sks"), SignedVersion: s.get("skv")}
		keys, texts = [][]byte{key.secret(a)}, s.userTexts(a)
		start, ok := sasTime(key.SignedStart)
		expiry, ok2 := sasTime(key.SignedExpiry)
		if !ok || !ok2 || !s.q.good(start, expiry) {
			return badSignature("Signature not valid in the specified key time frame: Start [%s] - Expiry [%s] - Current [%s]", s.get("skt"), s.get("ske"), httpTime(s.q.now))
		}
	case !s.ofAccount():
		texts = []string{s.serviceText(a)}
	}
	if !signedBy(keys, s.get("sig"), texts...) {
		return badSignature("Signature did not match. String to sign used was %s", texts[0])
	}
	return nil
}

// accountText, serviceText and userTexts are what was signed, as the pages
// "Create an account SAS", "Create a service SAS" and "Create a user
// delegation SAS" have it. Versions are compared as texts: they are dates.
func (s signature) accountText(a Account) string {
	lines := []string{a.Name, s.get("sp"), s.get("ss"), s.get("srt"), s.raw("st"), s.raw("se"), s.get("sip"), s.get("spr"), s.get("sv")}
	if s.get("sv") >= "2020-12-06" {
		lines = append(lines, s.get("ses"))
	}
	return strings.Join(lines, "\n") + "\n"
}

// raw is a parameter as the request has it, whatever a policy says.
func (s signature) raw(name string) string { return s.q.query.Get(name) }

func (s signature) resource(a Account) string {
	path := "/blob/" + a.Name + "/" + s.q.container
	if s.get("sr") != "c" && s.q.blob != "" {
		path += "/" + s.q.blob
	}
	return path
}

func (s signature) serviceText(a Account) string {
	lines := []string{s.raw("sp"), s.raw("st"), s.raw("se"), s.resource(a), s.raw("si"), s.get("sip"), s.get("spr"), s.get("sv")}
	return strings.Join(append(lines, s.tail()...), "\n")
}

// tail is what ends the text of a service's and of a user's signature.
func (s signature) tail() (lines []string) {
	if s.get("sv") >= "2018-11-09" {
		lines = append(lines, s.get("sr"), s.snapshot())
	}
	if s.get("sv") >= "2020-12-06" {
		lines = append(lines, s.get("ses"))
	}
	return append(lines, s.overrides()...)
}

func (s signature) overrides() []string {
	return []string{s.get("rscc"), s.get("rscd"), s.get("rsce"), s.get("rscl"), s.get("rsct")}
}

func (s signature) snapshot() string {
	if s.get("sr") == "bs" {
		return s.get("snapshot")
	}
	return ""
}

// userTexts are the texts that versions of the service sign; the newest one
// has room for headers and queries.
func (s signature) userTexts(a Account) []string {
	head := []string{s.raw("sp"), s.raw("st"), s.raw("se"), s.resource(a), s.get("skoid"), s.get("sktid"), s.get("skt"), s.get("ske"), s.get("sks"), s.get("skv")}
	if s.get("sv") >= "2020-02-10" {
		head = append(head, s.get("saoid"), s.get("suoid"), s.get("scid"))
	}
	if s.get("sv") >= "2025-07-05" {
		head = append(head, s.get("skdutid"), s.get("sduoid"))
	}
	head = append(head, s.get("sip"), s.get("spr"), s.get("sv"))
	texts := []string{strings.Join(append(slices.Clone(head), s.tail()...), "\n")}
	if s.get("sv") >= "2025-07-05" {
		lines := append(slices.Clone(head), s.get("sr"), s.snapshot(), s.get("ses"), s.get("srh"), s.get("srq"))
		texts = append(texts, strings.Join(append(lines, s.overrides()...), "\n"))
	}
	return texts
}

// timely checks the time frame.
func (s signature) timely(Account) error {
	expiry, ok := sasTime(s.get("se"))
	start, started := sasTime(s.get("st"))
	switch {
	case !ok || s.get("st") != "" && !started:
		return badSignature("Signed expiry time [%s] is not valid", s.get("se"))
	case !s.q.good(start, expiry):
		return badSignature("Signature not valid in the specified time frame: Start [%s] - Expiry [%s] - Current [%s]", s.get("st"), httpTime(expiry), httpTime(s.q.now))
	}
	return nil
}

// atHome checks where the request comes from, and how.
func (s signature) atHome(Account) error {
	if s.get("spr") == "https" && s.q.r.TLS == nil {
		return errSASProtocol
	}
	first, last, _ := strings.Cut(s.get("sip"), "-")
	if first == "" {
		return nil
	}
	if last == "" {
		last = first
	}
	from, err := netip.ParseAddr(first)
	to, err2 := netip.ParseAddr(last)
	host, _, err3 := net.SplitHostPort(s.q.r.RemoteAddr)
	at, err4 := netip.ParseAddr(host)
	if err != nil || err2 != nil || err3 != nil || err4 != nil || at.Unmap().Less(from) || to.Less(at.Unmap()) {
		return errSASAddress.with("SourceIP", host)
	}
	return nil
}

// permits checks what the signature is for.
func (s signature) permits(Account) error {
	o := s.q.op
	if o == nil || o.comp == "batch" {
		return nil
	}
	if s.ofAccount() {
		if !strings.Contains(s.get("ss"), "b") {
			return errSASService
		}
		if !strings.Contains(s.get("srt"), map[level]string{onAccount: "s", onContainer: "c", onBlob: "o"}[o.level]) {
			return errSASResourceType
		}
	} else if !o.ofService() || !slices.Contains([]string{"b", "c", "bs"}, s.get("sr")) || s.get("sr") != "c" && o.level != onBlob {
		return errPermission
	}
	if o.sas != "" && !strings.ContainsAny(s.get("sp"), o.sas) || s.q.r.Header.Get("X-Ms-Tags") != "" && !strings.Contains(s.get("sp"), "t") {
		return errPermission
	}
	s.q.mayNotOverwrite = o.sas == "wc" && !strings.Contains(s.get("sp"), "w")
	return nil
}

// ofService reports whether signatures of a service permit an operation; the
// others need one of the account.
func (o *operation) ofService() bool {
	return o.level == onBlob || o.level == onContainer && (o.comp == "list" || o.comp == "blobs")
}

// override sets the headers that a signature asks the answer to have.
func (q *request) override(s signature) {
	if q.r.Method != "GET" && q.r.Method != "HEAD" || q.blob == "" {
		return
	}
	for param, name := range map[string]string{"rscc": "Cache-Control", "rscd": "Content-Disposition", "rsce": "Content-Encoding", "rscl": "Content-Language", "rsct": "Content-Type"} {
		if v := s.get(param); v != "" {
			q.overrides = append(q.overrides, [2]string{name, v})
		}
	}
}

// NewSecret is the secret of an account's user delegation keys, made of the
// account's own keys.
func NewSecret(keys []string) []byte {
	return []byte(mac([]byte(strings.Join(keys, "\n")), "user delegation"))
}

// DecodeKeys are keys as Resource Manager lists them, decoded.
func DecodeKeys(keys []string) (all [][]byte) {
	for _, k := range keys {
		if raw, err := base64.StdEncoding.DecodeString(k); err == nil {
			all = append(all, raw)
		}
	}
	return all
}

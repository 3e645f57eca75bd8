package blob

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Error is a refusal of the Blob service.
type Error struct {
	Status  int
	Code    string
	Message string
	Details []detail
}

// detail is a further element of an error document.
type detail struct{ Name, Value string }

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

func refusal(status int, code, message string) *Error {
	return &Error{Status: status, Code: code, Message: message}
}

// The refusals, as the documentation's "Blob service error codes" lists them.
var (
	errAccount            = refusal(404, "ResourceNotFound", "The specified resource does not exist.")
	errHidden             = refusal(404, "ResourceNotFound", "The specified resource does not exist.")
	errNoAuthentication   = refusal(401, "NoAuthenticationInformation", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.")
	errSharedKey          = refusal(403, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account.")
	errAuthentication     = refusal(403, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.")
	errTokenInfo          = refusal(401, "InvalidAuthenticationInfo", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.")
	errSASProtocol        = refusal(403, "AuthorizationProtocolMismatch", "This request is not authorized to perform this operation using this protocol.")
	errSASAddress         = refusal(403, "AuthorizationSourceIPMismatch", "This request is not authorized to perform this operation using this source IP {0}.")
	errSASService         = refusal(403, "AuthorizationServiceMismatch", "This request is not authorized to perform this operation using this service.")
	errSASResourceType    = refusal(403, "AuthorizationResourceTypeMismatch", "This request is not authorized to perform this operation using this resource type.")
	errOverwrite          = refusal(403, "UnauthorizedBlobOverwrite", "This request is not authorized to perform blob overwrites.")
	errPermission         = refusal(403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
	errFirewall           = refusal(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
	errUnsupportedVerb    = refusal(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
	errUnsupportedQuery   = refusal(400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.")
	errOutOfRange         = refusal(400, "OutOfRangeQueryParameterValue", "One of the query parameters specified in the request URI is outside the permissible range.")
	errContainerNotFound  = refusal(404, "ContainerNotFound", "The specified container does not exist.")
	errContainerExists    = refusal(409, "ContainerAlreadyExists", "The specified container already exists.")
	errResourceName       = refusal(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
	errBlobNotFound       = refusal(404, "BlobNotFound", "The specified blob does not exist.")
	errBlobExists         = refusal(409, "BlobAlreadyExists", "The specified blob already exists.")
	errConditionNotMet    = refusal(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
	errNotModified        = refusal(304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
	errRange              = refusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
	errMissingLength      = refusal(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
	errTooLarge           = refusal(413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit.")
	errBlobTypeMismatch   = refusal(409, "InvalidBlobType", "The blob type is invalid for this operation.")
	errBlockID            = refusal(400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid: blockid.")
	errBlockLength        = refusal(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
	errBlockList          = refusal(400, "InvalidBlockList", "The specified block list is invalid.")
	errXML                = refusal(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
	errMultipleConditions = refusal(400, "MultipleConditionHeadersNotSupported", "Multiple condition headers are not supported.")
	errOutOfRangeInput    = refusal(400, "OutOfRangeInput", "One of the request inputs is out of range.")
	errMD5                = refusal(400, "Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value calculated by the server.")
	errCRC64              = refusal(400, "Crc64Mismatch", "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.")
	errAppendPosition     = refusal(412, "AppendPositionConditionNotMet", "The append position condition specified was not met.")
	errMaxSize            = refusal(412, "MaxBlobSizeConditionNotMet", "The max blob size condition specified was not met.")
	errBlockCount         = refusal(409, "BlockCountExceedsLimit", "The committed block count cannot exceed the maximum limit of 50,000 blocks.")
	errSealed             = refusal(409, "BlobIsSealed", "The specified blob is sealed and its contents can't be modified unless the blob is re-created after a delete.")
	errSnapshotsPresent   = refusal(409, "SnapshotsPresent", "This operation is not permitted while the blob has snapshots.")
	errCopySource         = refusal(404, "CannotVerifyCopySource", "The specified blob does not exist.")
	errNoPendingCopy      = refusal(409, "NoPendingCopyOperation", "There is currently no pending copy operation.")
	errCopyID             = refusal(409, "CopyIdMismatch", "The specified copy ID did not match the copy ID for the pending copy operation.")
	errPendingCopy        = refusal(409, "PendingCopyOperation", "There is currently a pending copy operation.")
	errArchived           = refusal(409, "BlobArchived", "This operation is not permitted on an archived blob.")
	errRehydrating        = refusal(409, "BlobBeingRehydrated", "This operation is not permitted because the blob is being rehydrated.")
	errTags               = refusal(400, "InvalidTag", "The tags specified are invalid. It contains characters that are not permitted.")
	errTagCount           = refusal(400, "TagsTooLarge", "The tags specified are too large.")

	errLeasePresent             = refusal(409, "LeaseAlreadyPresent", "There is already a lease present.")
	errLeaseNotPresent          = refusal(409, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.")
	errLeaseIDMismatch          = refusal(409, "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID for the blob.")
	errLeaseIsBreakingAcquire   = refusal(409, "LeaseIsBreakingAndCannotBeAcquired", "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.")
	errLeaseIsBreakingChange    = refusal(409, "LeaseIsBreakingAndCannotBeChanged", "The lease ID matched, but the lease is currently in breaking state and cannot be changed.")
	errLeaseIsBrokenRenew       = refusal(409, "LeaseIsBrokenAndCannotBeRenewed", "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.")
	errLeaseIDMissing           = refusal(412, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified in the request.")
	errLeaseIDMismatchOperation = refusal(412, "LeaseIdMismatchWithBlobOperation", "The lease ID specified did not match the lease ID for the blob.")
	errLeaseNotHeld             = refusal(412, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.")
	errLeaseLost                = refusal(412, "LeaseLost", "A lease ID was specified, but the lease for the blob has expired.")
)

// with is e with a further element of its document.
func (e *Error) with(name, value string) *Error {
	return &Error{e.Status, e.Code, e.Message, append(slices.Clip(e.Details), detail{name, value})}
}

// badHeader and missingHeader refuse a header by its name.
func badHeader(name, value string) error {
	return refusal(400, "InvalidHeaderValue", fmt.Sprintf("The value for one of the HTTP headers is not in the correct format. %s: %q", name, value))
}

func missingHeader(name string) error {
	return refusal(400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: "+name+".")
}

// fail answers with err: as XML and in a header, or in the header alone where
// the answer has no body. An error that is no refusal is the sandbox's own.
func (q *request) fail(err error) {
	var e *Error
	if !errors.As(err, &e) {
		q.s.log.Error("the sandbox's blob service failed", "method", q.r.Method, "path", q.r.URL.Path, "error", err)
		e = refusal(500, "InternalError", err.Error())
	}
	h := q.w.Header()
	if e != errHidden { // which is answered by a front end that sets no code
		h.Set("X-Ms-Error-Code", e.Code)
	}
	if e.Status == http.StatusNotModified || q.r.Method == http.MethodHead {
		q.w.WriteHeader(e.Status)
		return
	}
	// The service sends line breaks as they are; encoding/xml would escape them.
	var text bytes.Buffer
	fmt.Fprint(&text, "<Error><Code>", e.Code, "</Code><Message>", escaped(e.Message), "\nRequestId:", h.Get("X-Ms-Request-Id"),
		"\nTime:", q.now.UTC().Format(tick), "</Message>")
	for _, d := range e.Details {
		fmt.Fprintf(&text, "<%s>%s</%[1]s>", d.Name, escaped(d.Value))
	}
	text.WriteString("</Error>")
	q.sendXML(e.Status, text.Bytes())
}

// tick is how the service writes times to the 100 ns.
const tick = "2006-01-02T15:04:05.0000000Z"

func escaped(text string) string {
	var b bytes.Buffer
	// A bytes.Buffer takes everything.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// byteOrderMark begins every XML document that the service sends.
const byteOrderMark = "\ufeff"

func (q *request) writeXML(status int, doc any) error {
	text, err := xml.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	q.sendXML(status, shortened(text))
	return nil
}

// shortened writes elements without content as the service does: <Name />.
func shortened(text []byte) []byte {
	var out []byte
	for {
		i := bytes.Index(text, []byte("></"))
		if i < 0 {
			return append(out, text...)
		}
		open := text[bytes.LastIndexByte(text[:i], '<')+1 : i]
		name, _, _ := bytes.Cut(open, []byte(" "))
		out = append(out, text[:i]...)
		text = text[i+len("></"):]
		if rest, ok := bytes.CutPrefix(text, append(slices.Clone(name), '>')); ok && len(open) > 0 && open[0] != '/' {
			out, text = append(out, " />"...), rest
		} else {
			out = append(out, "></"...)
		}
	}
}

func (q *request) sendXML(status int, text []byte) {
	text = append([]byte(byteOrderMark+`<?xml version="1.0" encoding="utf-8"?>`), text...)
	q.w.Header().Set("Content-Type", "application/xml")
	q.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	q.w.WriteHeader(status)
	if _, err := q.w.Write(text); err != nil {
		q.s.log.Debug("the client went away", "path", q.r.URL.Path, "error", err)
	}
}

package blob

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Error is a refusal of the Blob service.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// The refusals, as the documentation's "Blob service error codes" lists them.
var (
	errAccount            = &Error{404, "ResourceNotFound", "The specified resource does not exist."}
	errNoAuthentication   = &Error{401, "NoAuthenticationInformation", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."}
	errSharedKey          = &Error{403, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account."}
	errPermission         = &Error{403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission."}
	errFirewall           = &Error{403, "AuthorizationFailure", "This request is not authorized to perform this operation."}
	errUnsupportedVerb    = &Error{405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb."}
	errUnsupportedQuery   = &Error{400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid."}
	errOutOfRange         = &Error{400, "OutOfRangeQueryParameterValue", "One of the query parameters specified in the request URI is outside the permissible range."}
	errContainerNotFound  = &Error{404, "ContainerNotFound", "The specified container does not exist."}
	errContainerExists    = &Error{409, "ContainerAlreadyExists", "The specified container already exists."}
	errResourceName       = &Error{400, "InvalidResourceName", "The specified resource name contains invalid characters."}
	errBlobNotFound       = &Error{404, "BlobNotFound", "The specified blob does not exist."}
	errBlobExists         = &Error{409, "BlobAlreadyExists", "The specified blob already exists."}
	errConditionNotMet    = &Error{412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."}
	errNotModified        = &Error{304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."}
	errRange              = &Error{416, "InvalidRange", "The range specified is invalid for the current size of the resource."}
	errMissingLength      = &Error{411, "MissingContentLengthHeader", "The Content-Length header was not specified."}
	errTooLarge           = &Error{413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."}
	errBlobType           = &Error{400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: x-ms-blob-type; the sandbox keeps block blobs only."}
	errBlockID            = &Error{400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid: blockid."}
	errBlockList          = &Error{400, "InvalidBlockList", "The specified block list is invalid."}
	errXML                = &Error{400, "InvalidXmlDocument", "XML specified is not syntactically valid."}
	errCopyNotImplemented = &Error{501, "NotImplemented", "The sandbox does not copy blobs."}
)

// fail answers with err: as XML and in a header, or in the header alone where
// the answer has no body. An error that is no refusal is the sandbox's own.
func (q *request) fail(err error) {
	var e *Error
	if !errors.As(err, &e) {
		q.s.log.Error("the sandbox's blob service failed", "method", q.r.Method, "path", q.r.URL.Path, "error", err)
		e = &Error{500, "InternalError", err.Error()}
	}
	h := q.w.Header()
	h.Set("X-Ms-Error-Code", e.Code)
	if e.Status == http.StatusNotModified || q.r.Method == http.MethodHead {
		q.w.WriteHeader(e.Status)
		return
	}
	q.writeXML(e.Status, struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: e.Code, Message: fmt.Sprintf("%s\nRequestId:%s\nTime:%s", e.Message,
		h.Get("X-Ms-Request-Id"), q.now.UTC().Format("2006-01-02T15:04:05.0000000Z"))})
}

// byteOrderMark begins every XML document that the service sends.
const byteOrderMark = "\ufeff"

func (q *request) writeXML(status int, doc any) error {
	text, err := xml.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	text = append([]byte(byteOrderMark+`<?xml version="1.0" encoding="utf-8"?>`), text...)
	q.w.Header().Set("Content-Type", "application/xml")
	q.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	q.w.WriteHeader(status)
	_, err = q.w.Write(text)
	if err != nil {
		q.s.log.Debug("the client went away", "path", q.r.URL.Path, "error", err)
	}
	return nil
}

package s3

import (
	"context"
	"encoding/xml"
	"net/http"
)

// What cannot be set is not set: the operations that read such a setting say
// so in S3's words, since tools ask for all of them before they touch a bucket.
// Those that would set it are refused by name.

type serveFunc = func(s *Service, ctx context.Context, w http.ResponseWriter, q *request) error

// unset answers with the error for a setting that is absent.
func unset(code, message string) serveFunc {
	return func(_ *Service, _ context.Context, _ http.ResponseWriter, q *request) error {
		return failure(http.StatusNotFound, code, message, [2]string{"BucketName", q.bucket})
	}
}

// empty answers with the document of a setting that was never made.
func empty(element, inside string) serveFunc {
	return func(_ *Service, _ context.Context, w http.ResponseWriter, _ *request) error {
		return writeXML(w, &struct {
			XMLName xml.Name
			Inside  string `xml:",innerxml"`
		}{xml.Name{Space: namespace, Local: element}, inside})
	}
}

var (
	noCORS        = unset("NoSuchCORSConfiguration", "The CORS configuration does not exist")
	noWebsite     = unset("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")
	noLifecycle   = unset("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	noReplication = unset("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
	noObjectLock  = unset("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")

	noLogging       = empty("BucketLoggingStatus", "")
	noNotifications = empty("NotificationConfiguration", "")
	noAcceleration  = empty("AccelerateConfiguration", "")
	ownerPays       = empty("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>")
)

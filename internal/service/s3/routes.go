package s3

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// level is what a path is about.
type level uint8

const (
	onService level = iota // /
	onBucket               // /bucket
	onObject               // /bucket/key
	onSource               // the source of a copy; a level of needs only
	onAll                  // "*", whatever the path; a level of needs only
)

// need is one action that a row asks for. All needs of a row must be allowed.
type need struct {
	Action  string
	Version string // the action instead, when the request names a version
	On      level
	When    func(*request) bool // nil: always
}

// row is one operation: how to recognise it, what it needs, what serves it.
type row struct {
	Name    string
	Method  string
	On      level
	Query   []string // parameters that make a request this operation
	Copy    bool     // it has x-amz-copy-source
	Params  []string // further parameters that it understands
	Needs   []need
	Keys    keys // the condition keys that apply beside the common ones
	PerItem bool // the body names the resources; the function asks for each

	serve func(s *Service, ctx context.Context, w http.ResponseWriter, q *request) error // nil: refused by name
}

// keys says which groups of condition keys an operation has.
type keys uint8

const (
	listKeys     keys = 1 << iota // s3:prefix, s3:delimiter, s3:max-keys
	requestTags                   // s3:RequestObjectTag/…, s3:RequestObjectTagKeys
	existingTags                  // s3:ExistingObjectTag/…
)

// Parameters that several rows understand.
var (
	versionParam  = []string{"versionId"}
	getParams     = []string{"versionId", "partNumber", "response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type", "response-expires"}
	listV1Params  = []string{"prefix", "delimiter", "marker", "max-keys", "encoding-type"}
	listV2Params  = []string{"prefix", "delimiter", "start-after", "continuation-token", "max-keys", "encoding-type", "fetch-owner"}
	versionParams = []string{"prefix", "delimiter", "key-marker", "version-id-marker", "max-keys", "encoding-type"}
	uploadParams  = []string{"prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"}
)

func one(action string, on level) []need { return []need{{Action: action, On: on}} }

func versioned(action, version string) []need {
	return []need{{Action: action, Version: version, On: onObject}}
}

var (
	putNeeds = []need{
		{Action: "s3:PutObject", On: onObject},
		{Action: "s3:PutObjectTagging", On: onObject, When: hasHeader("X-Amz-Tagging")},
		{Action: "s3:PutObjectAcl", On: onObject, When: hasHeader("X-Amz-Acl")},
	}
	copyNeeds      = append([]need{{Action: "s3:GetObject", Version: "s3:GetObjectVersion", On: onSource}}, putNeeds...)
	attributeNeeds = []need{
		{Action: "s3:GetObject", Version: "s3:GetObjectVersion", On: onObject},
		{Action: "s3:GetObjectAttributes", Version: "s3:GetObjectVersionAttributes", On: onObject},
	}
	getNeeds    = versioned("s3:GetObject", "s3:GetObjectVersion")
	deleteNeeds = append(versioned("s3:DeleteObject", "s3:DeleteObjectVersion"),
		need{Action: "s3:GetObject", On: onObject, When: asksETag})
)

// asksETag tells whether the answer tells an ETag from others: who may not read
// the object must not learn it by trying.
func asksETag(q *request) bool { return namesETag(q.header("If-Match")) }

func namesETag(match string) bool { return match != "" && match != "*" }

func hasHeader(name string) func(*request) bool {
	return func(q *request) bool { return q.r.Header.Get(name) != "" }
}

// table is every operation of S3 that has a row here; those without a function
// are known, decided and refused. Of the rows that fit, the one with most
// parameters in Query is the request's.
var table = []row{
	// The account.
	{Name: "ListBuckets", Method: "GET", On: onService, Params: []string{"prefix", "max-buckets", "continuation-token", "bucket-region"}, Needs: one("s3:ListAllMyBuckets", onAll), serve: (*Service).listBuckets},

	// Buckets.
	{Name: "CreateBucket", Method: "PUT", On: onBucket, Needs: []need{
		{Action: "s3:CreateBucket", On: onBucket},
		{Action: "s3:PutBucketOwnershipControls", On: onBucket, When: hasHeader("X-Amz-Object-Ownership")},
	}, serve: (*Service).createBucket},
	{Name: "HeadBucket", Method: "HEAD", On: onBucket, Needs: one("s3:ListBucket", onBucket), serve: (*Service).headBucket},
	{Name: "DeleteBucket", Method: "DELETE", On: onBucket, Needs: one("s3:DeleteBucket", onBucket), serve: (*Service).deleteBucket},
	{Name: "GetBucketLocation", Method: "GET", On: onBucket, Query: []string{"location"}, Needs: one("s3:GetBucketLocation", onBucket), serve: (*Service).getLocation},

	// What a bucket is set to.
	{Name: "GetBucketPolicy", Method: "GET", On: onBucket, Query: []string{"policy"}, Needs: one("s3:GetBucketPolicy", onBucket), serve: (*Service).getPolicy},
	{Name: "PutBucketPolicy", Method: "PUT", On: onBucket, Query: []string{"policy"}, Needs: one("s3:PutBucketPolicy", onBucket), serve: (*Service).putPolicy},
	{Name: "DeleteBucketPolicy", Method: "DELETE", On: onBucket, Query: []string{"policy"}, Needs: one("s3:DeleteBucketPolicy", onBucket), serve: (*Service).deletePolicy},
	{Name: "GetBucketPolicyStatus", Method: "GET", On: onBucket, Query: []string{"policyStatus"}, Needs: one("s3:GetBucketPolicyStatus", onBucket), serve: (*Service).getPolicyStatus},
	{Name: "GetPublicAccessBlock", Method: "GET", On: onBucket, Query: []string{"publicAccessBlock"}, Needs: one("s3:GetBucketPublicAccessBlock", onBucket), serve: (*Service).getAccessBlock},
	{Name: "PutPublicAccessBlock", Method: "PUT", On: onBucket, Query: []string{"publicAccessBlock"}, Needs: one("s3:PutBucketPublicAccessBlock", onBucket), serve: (*Service).putAccessBlock},
	{Name: "DeletePublicAccessBlock", Method: "DELETE", On: onBucket, Query: []string{"publicAccessBlock"}, Needs: one("s3:PutBucketPublicAccessBlock", onBucket), serve: (*Service).deleteAccessBlock},
	{Name: "GetBucketVersioning", Method: "GET", On: onBucket, Query: []string{"versioning"}, Needs: one("s3:GetBucketVersioning", onBucket), serve: (*Service).getVersioning},
	{Name: "PutBucketVersioning", Method: "PUT", On: onBucket, Query: []string{"versioning"}, Needs: one("s3:PutBucketVersioning", onBucket), serve: (*Service).putVersioning},
	{Name: "GetBucketTagging", Method: "GET", On: onBucket, Query: []string{"tagging"}, Needs: one("s3:GetBucketTagging", onBucket), serve: (*Service).getBucketTags},
	{Name: "PutBucketTagging", Method: "PUT", On: onBucket, Query: []string{"tagging"}, Needs: one("s3:PutBucketTagging", onBucket), serve: (*Service).putBucketTags},
	{Name: "DeleteBucketTagging", Method: "DELETE", On: onBucket, Query: []string{"tagging"}, Needs: one("s3:PutBucketTagging", onBucket), serve: (*Service).deleteBucketTags},
	{Name: "GetBucketAcl", Method: "GET", On: onBucket, Query: []string{"acl"}, Needs: one("s3:GetBucketAcl", onBucket), serve: (*Service).getBucketACL},
	{Name: "PutBucketAcl", Method: "PUT", On: onBucket, Query: []string{"acl"}, Needs: one("s3:PutBucketAcl", onBucket), serve: (*Service).putACL},
	{Name: "GetBucketOwnershipControls", Method: "GET", On: onBucket, Query: []string{"ownershipControls"}, Needs: one("s3:GetBucketOwnershipControls", onBucket), serve: (*Service).getOwnership},
	{Name: "PutBucketOwnershipControls", Method: "PUT", On: onBucket, Query: []string{"ownershipControls"}, Needs: one("s3:PutBucketOwnershipControls", onBucket), serve: (*Service).putOwnership},
	{Name: "GetBucketEncryption", Method: "GET", On: onBucket, Query: []string{"encryption"}, Needs: one("s3:GetEncryptionConfiguration", onBucket), serve: (*Service).getEncryption},

	// Lists.
	{Name: "ListObjects", Method: "GET", On: onBucket, Params: listV1Params, Needs: one("s3:ListBucket", onBucket), Keys: listKeys, serve: (*Service).listObjects},
	{Name: "ListObjectsV2", Method: "GET", On: onBucket, Query: []string{"list-type"}, Params: listV2Params, Needs: one("s3:ListBucket", onBucket), Keys: listKeys, serve: (*Service).listObjectsV2},
	{Name: "ListObjectVersions", Method: "GET", On: onBucket, Query: []string{"versions"}, Params: versionParams, Needs: one("s3:ListBucketVersions", onBucket), Keys: listKeys, serve: (*Service).listVersions},
	{Name: "ListMultipartUploads", Method: "GET", On: onBucket, Query: []string{"uploads"}, Params: uploadParams, Needs: one("s3:ListBucketMultipartUploads", onBucket), serve: (*Service).listUploads},

	// Objects.
	{Name: "GetObject", Method: "GET", On: onObject, Params: getParams, Needs: getNeeds, Keys: existingTags, serve: (*Service).getObject},
	{Name: "HeadObject", Method: "HEAD", On: onObject, Params: getParams, Needs: getNeeds, Keys: existingTags, serve: (*Service).headObject},
	{Name: "GetObjectAttributes", Method: "GET", On: onObject, Query: []string{"attributes"}, Params: versionParam, Needs: attributeNeeds, Keys: existingTags, serve: (*Service).getAttributes},
	{Name: "PutObject", Method: "PUT", On: onObject, Needs: putNeeds, Keys: requestTags, serve: (*Service).putObject},
	{Name: "CopyObject", Method: "PUT", On: onObject, Copy: true, Needs: copyNeeds, Keys: requestTags, serve: (*Service).copyObject},
	{Name: "DeleteObject", Method: "DELETE", On: onObject, Params: versionParam, Needs: deleteNeeds, serve: (*Service).deleteObject},
	{Name: "DeleteObjects", Method: "POST", On: onBucket, Query: []string{"delete"}, PerItem: true, serve: (*Service).deleteObjects},
	{Name: "GetObjectTagging", Method: "GET", On: onObject, Query: []string{"tagging"}, Params: versionParam, Needs: versioned("s3:GetObjectTagging", "s3:GetObjectVersionTagging"), Keys: existingTags, serve: (*Service).getObjectTags},
	{Name: "PutObjectTagging", Method: "PUT", On: onObject, Query: []string{"tagging"}, Params: versionParam, Needs: versioned("s3:PutObjectTagging", "s3:PutObjectVersionTagging"), Keys: existingTags | requestTags, serve: (*Service).putObjectTags},
	{Name: "DeleteObjectTagging", Method: "DELETE", On: onObject, Query: []string{"tagging"}, Params: versionParam, Needs: versioned("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"), Keys: existingTags, serve: (*Service).deleteObjectTags},
	{Name: "GetObjectAcl", Method: "GET", On: onObject, Query: []string{"acl"}, Params: versionParam, Needs: versioned("s3:GetObjectAcl", "s3:GetObjectVersionAcl"), Keys: existingTags, serve: (*Service).getObjectACL},
	{Name: "PutObjectAcl", Method: "PUT", On: onObject, Query: []string{"acl"}, Params: versionParam, Needs: versioned("s3:PutObjectAcl", "s3:PutObjectVersionAcl"), Keys: existingTags, serve: (*Service).putObjectACL},

	// Multipart uploads.
	{Name: "CreateMultipartUpload", Method: "POST", On: onObject, Query: []string{"uploads"}, Needs: putNeeds, Keys: requestTags, serve: (*Service).createUpload},
	{Name: "UploadPart", Method: "PUT", On: onObject, Query: []string{"uploadId", "partNumber"}, Needs: one("s3:PutObject", onObject), serve: (*Service).uploadPart},
	{Name: "UploadPartCopy", Method: "PUT", On: onObject, Query: []string{"uploadId", "partNumber"}, Copy: true, Needs: copyNeeds[:2], serve: (*Service).uploadPartCopy},
	{Name: "CompleteMultipartUpload", Method: "POST", On: onObject, Query: []string{"uploadId"}, Needs: one("s3:PutObject", onObject), serve: (*Service).completeUpload},
	{Name: "AbortMultipartUpload", Method: "DELETE", On: onObject, Query: []string{"uploadId"}, Needs: one("s3:AbortMultipartUpload", onObject), serve: (*Service).abortUpload},
	{Name: "ListParts", Method: "GET", On: onObject, Query: []string{"uploadId"}, Params: []string{"max-parts", "part-number-marker"}, Needs: one("s3:ListMultipartUploadParts", onObject), serve: (*Service).listParts},

	// Known, and refused by name after the decision. What can be read of them is
	// that they are not set.
	{Name: "GetBucketCors", Method: "GET", On: onBucket, Query: []string{"cors"}, Needs: one("s3:GetBucketCORS", onBucket), serve: noCORS},
	{Name: "PutBucketCors", Method: "PUT", On: onBucket, Query: []string{"cors"}, Needs: one("s3:PutBucketCORS", onBucket)},
	{Name: "DeleteBucketCors", Method: "DELETE", On: onBucket, Query: []string{"cors"}, Needs: one("s3:PutBucketCORS", onBucket)},
	{Name: "GetBucketWebsite", Method: "GET", On: onBucket, Query: []string{"website"}, Needs: one("s3:GetBucketWebsite", onBucket), serve: noWebsite},
	{Name: "PutBucketWebsite", Method: "PUT", On: onBucket, Query: []string{"website"}, Needs: one("s3:PutBucketWebsite", onBucket)},
	{Name: "DeleteBucketWebsite", Method: "DELETE", On: onBucket, Query: []string{"website"}, Needs: one("s3:DeleteBucketWebsite", onBucket)},
	{Name: "GetBucketLifecycleConfiguration", Method: "GET", On: onBucket, Query: []string{"lifecycle"}, Needs: one("s3:GetLifecycleConfiguration", onBucket), serve: noLifecycle},
	{Name: "PutBucketLifecycleConfiguration", Method: "PUT", On: onBucket, Query: []string{"lifecycle"}, Needs: one("s3:PutLifecycleConfiguration", onBucket)},
	{Name: "DeleteBucketLifecycle", Method: "DELETE", On: onBucket, Query: []string{"lifecycle"}, Needs: one("s3:PutLifecycleConfiguration", onBucket)},
	{Name: "GetBucketReplication", Method: "GET", On: onBucket, Query: []string{"replication"}, Needs: one("s3:GetReplicationConfiguration", onBucket), serve: noReplication},
	{Name: "PutBucketReplication", Method: "PUT", On: onBucket, Query: []string{"replication"}, Needs: one("s3:PutReplicationConfiguration", onBucket)},
	{Name: "DeleteBucketReplication", Method: "DELETE", On: onBucket, Query: []string{"replication"}, Needs: one("s3:PutReplicationConfiguration", onBucket)},
	{Name: "GetBucketNotificationConfiguration", Method: "GET", On: onBucket, Query: []string{"notification"}, Needs: one("s3:GetBucketNotification", onBucket), serve: noNotifications},
	{Name: "PutBucketNotificationConfiguration", Method: "PUT", On: onBucket, Query: []string{"notification"}, Needs: one("s3:PutBucketNotification", onBucket)},
	{Name: "GetBucketLogging", Method: "GET", On: onBucket, Query: []string{"logging"}, Needs: one("s3:GetBucketLogging", onBucket), serve: noLogging},
	{Name: "PutBucketLogging", Method: "PUT", On: onBucket, Query: []string{"logging"}, Needs: one("s3:PutBucketLogging", onBucket)},
	{Name: "GetBucketAccelerateConfiguration", Method: "GET", On: onBucket, Query: []string{"accelerate"}, Needs: one("s3:GetAccelerateConfiguration", onBucket), serve: noAcceleration},
	{Name: "PutBucketAccelerateConfiguration", Method: "PUT", On: onBucket, Query: []string{"accelerate"}, Needs: one("s3:PutAccelerateConfiguration", onBucket)},
	{Name: "GetBucketRequestPayment", Method: "GET", On: onBucket, Query: []string{"requestPayment"}, Needs: one("s3:GetBucketRequestPayment", onBucket), serve: ownerPays},
	{Name: "PutBucketRequestPayment", Method: "PUT", On: onBucket, Query: []string{"requestPayment"}, Needs: one("s3:PutBucketRequestPayment", onBucket)},
	{Name: "GetObjectLockConfiguration", Method: "GET", On: onBucket, Query: []string{"object-lock"}, Needs: one("s3:GetBucketObjectLockConfiguration", onBucket), serve: noObjectLock},
	{Name: "PutObjectLockConfiguration", Method: "PUT", On: onBucket, Query: []string{"object-lock"}, Needs: one("s3:PutBucketObjectLockConfiguration", onBucket)},
	{Name: "PutBucketEncryption", Method: "PUT", On: onBucket, Query: []string{"encryption"}, Needs: one("s3:PutEncryptionConfiguration", onBucket)},
	{Name: "DeleteBucketEncryption", Method: "DELETE", On: onBucket, Query: []string{"encryption"}, Needs: one("s3:PutEncryptionConfiguration", onBucket)},
	{Name: "DeleteBucketOwnershipControls", Method: "DELETE", On: onBucket, Query: []string{"ownershipControls"}, Needs: one("s3:PutBucketOwnershipControls", onBucket)},
	{Name: "GetObjectRetention", Method: "GET", On: onObject, Query: []string{"retention"}, Params: versionParam, Needs: one("s3:GetObjectRetention", onObject)},
	{Name: "PutObjectRetention", Method: "PUT", On: onObject, Query: []string{"retention"}, Params: versionParam, Needs: one("s3:PutObjectRetention", onObject)},
	{Name: "GetObjectLegalHold", Method: "GET", On: onObject, Query: []string{"legal-hold"}, Params: versionParam, Needs: one("s3:GetObjectLegalHold", onObject)},
	{Name: "PutObjectLegalHold", Method: "PUT", On: onObject, Query: []string{"legal-hold"}, Params: versionParam, Needs: one("s3:PutObjectLegalHold", onObject)},
	{Name: "RestoreObject", Method: "POST", On: onObject, Query: []string{"restore"}, Params: versionParam, Needs: one("s3:RestoreObject", onObject)},
	{Name: "SelectObjectContent", Method: "POST", On: onObject, Query: []string{"select", "select-type"}, Needs: one("s3:GetObject", onObject)},
	{Name: "GetObjectTorrent", Method: "GET", On: onObject, Query: []string{"torrent"}, Needs: one("s3:GetObjectTorrent", onObject)},
	{Name: "RenameObject", Method: "PUT", On: onObject, Query: []string{"renameObject"}, Needs: one("s3:PutObject", onObject)},
	{Name: "PostObject", Method: "POST", On: onBucket, Needs: one("s3:PutObject", onBucket)},
}

// needsBucket tells whether the operation works on a bucket that must exist.
func (r *row) needsBucket() bool { return r.On != onService && r.Name != "CreateBucket" }

// route finds the request's row. A parameter that the row does not know may
// mean anything: such a request is refused.
func (q *request) route() error {
	for i := range table {
		r := &table[i]
		if r.fits(q) && (q.row == nil || len(r.Query) > len(q.row.Query)) {
			q.row = r
		}
	}
	if q.row == nil {
		return notImplemented(q.r.Method + " with these parameters")
	}
	for name := range q.query {
		if !slices.Contains(q.row.Query, name) && !slices.Contains(q.row.Params, name) && !ignored(name) {
			return notImplemented("the parameter " + name)
		}
	}
	return nil
}

func (r *row) fits(q *request) bool {
	if r.Method != q.r.Method || r.On != q.level || r.Copy != (q.r.Method == http.MethodPut && len(q.r.Header["X-Amz-Copy-Source"]) > 0 && r.On == onObject) {
		return false
	}
	for _, name := range r.Query {
		if !q.query.Has(name) {
			return false
		}
	}
	return true
}

// ignored are parameters without a meaning for the operation: signatures in the
// query, and the caller's own, which AWS allows when they begin with x-.
func ignored(name string) bool {
	return len(name) > 2 && strings.EqualFold(name[:2], "x-")
}

package s3

import (
	"context"
	"encoding/xml"
	"net/http"

	"github.com/bindery-project/bindery/internal/blob"
)

const bucketOwnerEnforced = "BucketOwnerEnforced"

type versioningConfiguration struct {
	XMLName   xml.Name        `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	Status    blob.Versioning `xml:",omitempty"`
	MFADelete string          `xml:"MfaDelete,omitempty"`
}

func (s *Service) getVersioning(_ context.Context, w http.ResponseWriter, q *request) error {
	return writeXML(w, &versioningConfiguration{Status: q.record.Versioning})
}

func (s *Service) putVersioning(ctx context.Context, w http.ResponseWriter, q *request) error {
	var in struct {
		XMLName   xml.Name `xml:"VersioningConfiguration"`
		Status    blob.Versioning
		MFADelete string `xml:"MfaDelete"`
	}
	if err := q.readXML(&in); err != nil {
		return err
	}
	if in.MFADelete != "" && in.MFADelete != "Disabled" {
		return notImplemented("MFA delete")
	}
	if in.Status != blob.Enabled && in.Status != blob.Suspended {
		return invalid("IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Versioning = in.Status; return nil })
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

type publicAccessBlockConfiguration struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PublicAccessBlockConfiguration"`
	accessBlock
}

func (s *Service) getAccessBlock(_ context.Context, w http.ResponseWriter, q *request) error {
	if q.record.Block == nil {
		return failure(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", [2]string{"BucketName", q.bucket})
	}
	return writeXML(w, &publicAccessBlockConfiguration{accessBlock: *q.record.Block})
}

func (s *Service) putAccessBlock(ctx context.Context, w http.ResponseWriter, q *request) error {
	var in struct {
		XMLName xml.Name `xml:"PublicAccessBlockConfiguration"`
		accessBlock
	}
	if err := q.readXML(&in); err != nil {
		return err
	}
	if err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Block = &in.accessBlock; return nil }); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) deleteAccessBlock(ctx context.Context, w http.ResponseWriter, q *request) error {
	if err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Block = nil; return nil }); err != nil {
		return err
	}
	return noContent(w)
}

// Access control lists are what Amazon's default setting makes of them: the
// owner has full control and nobody can change that.

type accessControlPolicy struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ AccessControlPolicy"`
	Owner   *owner
	Grants  []grant `xml:"AccessControlList>Grant"`
}

type grant struct {
	Grantee    grantee
	Permission string
}

type grantee struct {
	XSI  string `xml:"xmlns:xsi,attr"`
	Type string `xml:"xsi:type,attr"`
	ID   string
}

func ownerOnly(account string) *accessControlPolicy {
	who := grantee{XSI: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser", ID: canonical(account)}
	return &accessControlPolicy{Owner: ownerOf(account), Grants: []grant{{who, "FULL_CONTROL"}}}
}

func (s *Service) getBucketACL(_ context.Context, w http.ResponseWriter, q *request) error {
	return writeXML(w, ownerOnly(q.record.Account))
}

func (s *Service) getObjectACL(ctx context.Context, w http.ResponseWriter, q *request) error {
	o, err := s.open(ctx, q)
	if err != nil {
		return err
	}
	defer o.Close() //nolint:errcheck // read only
	q.versionHeader(w, o.Info)
	return writeXML(w, ownerOnly(q.record.Account))
}

// putACL accepts what changes nothing: a canned list that checkHeaders let pass,
// or the document that says what is so, which tools send behind each copy. Any
// other list is refused, as Amazon does with BucketOwnerEnforced.
func (s *Service) putACL(_ context.Context, w http.ResponseWriter, q *request) error {
	if q.header("X-Amz-Acl") == "" {
		if err := q.checkOwnerOnly(); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (q *request) checkOwnerOnly() error {
	var in struct {
		XMLName xml.Name `xml:"AccessControlPolicy"`
		Owner   owner
		Grants  []struct {
			Grantee    struct{ ID string }
			Permission string
		} `xml:"AccessControlList>Grant"`
	}
	if err := q.readXML(&in); err != nil {
		return err
	}
	who := canonical(q.record.Account)
	if in.Owner.ID != who || len(in.Grants) != 1 || in.Grants[0].Grantee.ID != who || in.Grants[0].Permission != "FULL_CONTROL" {
		return errACLNotSupported()
	}
	return nil
}

func (s *Service) putObjectACL(ctx context.Context, w http.ResponseWriter, q *request) error {
	o, err := s.open(ctx, q)
	if err != nil {
		return err
	}
	if err := o.Close(); err != nil {
		return err
	}
	return s.putACL(ctx, w, q)
}

type ownershipControls struct {
	XMLName   xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ OwnershipControls"`
	Ownership []string `xml:"Rule>ObjectOwnership"`
}

func (s *Service) getOwnership(_ context.Context, w http.ResponseWriter, _ *request) error {
	return writeXML(w, &ownershipControls{Ownership: []string{bucketOwnerEnforced}})
}

func (s *Service) putOwnership(_ context.Context, w http.ResponseWriter, q *request) error {
	var in struct {
		XMLName   xml.Name `xml:"OwnershipControls"`
		Ownership []string `xml:"Rule>ObjectOwnership"`
	}
	if err := q.readXML(&in); err != nil {
		return err
	}
	if len(in.Ownership) != 1 {
		return errMalformedXML()
	}
	if in.Ownership[0] != bucketOwnerEnforced {
		return notImplemented("object ownership other than " + bucketOwnerEnforced)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// getEncryption tells the truth: objects are stored as they are.
func (s *Service) getEncryption(_ context.Context, _ http.ResponseWriter, q *request) error {
	return failure(http.StatusNotFound, "ServerSideEncryptionConfigurationNotFoundError",
		"The server side encryption configuration was not found", [2]string{"BucketName", q.bucket})
}

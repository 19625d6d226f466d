package audit

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Record is one event in CloudTrail's shape (CloudTrail user guide, "CloudTrail record
// contents"). Empty members are left out. RequestParameters and ResponseElements must
// not contain secrets: the gateway leaves sensitive members out.
type Record struct {
	EventVersion        string         `json:"eventVersion"` // "1.11"
	UserIdentity        Identity       `json:"userIdentity"`
	EventTime           time.Time      `json:"eventTime"`
	EventSource         string         `json:"eventSource"` // "glue.amazonaws.com"
	EventName           string         `json:"eventName"`
	AWSRegion           string         `json:"awsRegion"`
	SourceIPAddress     string         `json:"sourceIPAddress"`
	UserAgent           string         `json:"userAgent,omitzero"`
	ErrorCode           string         `json:"errorCode,omitzero"`
	ErrorMessage        string         `json:"errorMessage,omitzero"`
	RequestParameters   jsontext.Value `json:"requestParameters,omitzero"`
	ResponseElements    jsontext.Value `json:"responseElements,omitzero"`
	AdditionalEventData jsontext.Value `json:"additionalEventData,omitzero"` // why the decision was taken
	RequestID           string         `json:"requestID"`
	EventID             string         `json:"eventID"` // unique; readers tell repeated records by it
	ReadOnly            bool           `json:"readOnly"`
	Resources           []Resource     `json:"resources,omitempty"`
	EventType           string         `json:"eventType"` // "AwsApiCall"
	ManagementEvent     bool           `json:"managementEvent"`
	RecipientAccountID  string         `json:"recipientAccountId"`
	EventCategory       string         `json:"eventCategory"` // "Management" or "Data"
	TLS                 bool           `json:"tls,omitzero"`
}

// Identity is CloudTrail's userIdentity element.
type Identity struct {
	Type           string          `json:"type"` // "IAMUser", "AssumedRole", "Root", "AWSService", "Unknown"
	PrincipalID    string          `json:"principalId,omitzero"`
	ARN            string          `json:"arn,omitzero"`
	AccountID      string          `json:"accountId,omitzero"`
	AccessKeyID    string          `json:"accessKeyId,omitzero"`
	UserName       string          `json:"userName,omitzero"`
	InvokedBy      string          `json:"invokedBy,omitzero"`
	SessionContext *SessionContext `json:"sessionContext,omitzero"`
}

// SessionContext describes temporary credentials.
type SessionContext struct {
	SessionIssuer *Identity         `json:"sessionIssuer,omitzero"`
	Attributes    map[string]string `json:"attributes,omitzero"` // creationDate, mfaAuthenticated
}

// Resource is one resource that the decision was about.
type Resource struct {
	ARN       string `json:"ARN"`
	AccountID string `json:"accountId,omitzero"`
	Type      string `json:"type,omitzero"` // "AWS::Glue::Table"
}

// maxRecord is the size above which parameters are left out; CloudTrail does the same.
const maxRecord = 256 << 10

// JSON returns the record as one line of JSON without the newline. Line breaks and other
// control characters in values appear escaped only, so that no value can forge a line.
func (r Record) JSON() ([]byte, error) {
	r.EventTime = r.EventTime.UTC().Truncate(time.Second)
	line, err := json.Marshal(r, recordOptions)
	if err == nil && len(line) > maxRecord {
		r.RequestParameters, r.ResponseElements = nil, nil
		r.AdditionalEventData = jsontext.Value(`{"omitted":"parameters and response: the record was too large"}`)
		line, err = json.Marshal(r, recordOptions)
	}
	if err != nil {
		return nil, fmt.Errorf("audit record of request %s: %w", r.RequestID, err)
	}
	return line, nil
}

// Names come from clients: bytes that are no UTF-8 become U+FFFD rather than an error,
// because a call must not escape the audit by its name.
var recordOptions = json.JoinOptions(jsontext.AllowInvalidUTF8(true), json.Deterministic(true))

// Package op is the vocabulary that the gateway, the wire engines and the
// services share: what an operation is, what its shapes look like, who calls,
// and which errors may come back. It holds descriptors and small values only;
// it does no I/O and knows no service.
//
// Start with [Operation] (one row of the server's table) and [Call] (what the
// context of a request carries). The descriptors are filled by the generated
// packages under internal/api from the published API models.
package op

// Kind says how a shape looks on the wire and in Go.
type Kind uint8

// The kinds of the Smithy model that AWS services use. Scalars that may be
// absent are pointers in Go; required ones are plain values.
const (
	Structure Kind = iota // struct, carried as *T
	Union                 // struct with exactly one member set
	List                  // []T; nil means absent, empty means empty
	Map                   // map[string]T
	String                // string
	Enum                  // string, one of Shape.Enum
	Blob                  // []byte, base64 in JSON
	Boolean               // bool
	Integer               // int32
	Long                  // int64
	Float                 // float32
	Double                // float64
	Timestamp             // Millis
	Document              // Raw
)

// ShapeID is an index into [Model.Shapes]. Descriptors refer to each other by
// index, so that a model is static data without initialisation cycles.
type ShapeID int32

// NoShape stands for "no shape": the model's Unit.
const NoShape ShapeID = -1

// Shape describes one shape of a model: facts only, no behaviour.
type Shape struct {
	Name    string
	Kind    Kind
	Members []Member // Structure and Union, in model order
	Elem    ShapeID  // List: element; Map: value
	Key     ShapeID  // Map: key
	ElemTag string   // XML name of list elements when not "member"
	KeyTag  string   // XML name of map keys when not "key"
	ValTag  string   // XML name of map values when not "value"

	// Constraints, in the model's units: code points for strings, bytes for
	// blobs, elements for lists and maps, the value itself for numbers.
	HasMin, HasMax bool
	Min, Max       int64
	Pattern        string      // as the model writes it; quoted in messages
	Match          PatternFunc // nil when Pattern is empty
	Enum           []string
	Sensitive      bool // never logged, never echoed in an error
	Sparse         bool // null elements are kept
	Flattened      bool // XML and query: no wrapping element

	Error *ErrorInfo // set on error structures
}

// PatternFunc reports whether a string matches a Smithy pattern.
type PatternFunc func(string) bool

// ErrorInfo describes an error structure.
type ErrorInfo struct {
	Code   string // as on the wire: "EntityNotFoundException", "NoSuchEntity"
	Query  string // the code in the query protocol's words when it differs, else ""
	Status int    // HTTP status; 0 means by fault: 400 or 500
	Server bool   // the server's fault, not the caller's
}

// Location says where a member travels in an HTTP binding.
type Location uint8

// Member locations. JSON and query protocols use InBody only.
const (
	InBody Location = iota
	InHeader
	InPrefixHeaders
	InQuery
	InQueryParams
	InLabel
	InPayload
	InStatus
)

// TimeFormat overrides how a timestamp is written.
type TimeFormat uint8

// Timestamp formats of the model; the protocol's own when TimeDefault.
const (
	TimeDefault TimeFormat = iota
	TimeEpochSeconds
	TimeDateTime // RFC 3339, UTC
	TimeHTTPDate
)

// Member describes one member of a structure.
type Member struct {
	Name      string // the model's name
	Wire      string // JSON, XML or query name; equal to Name unless the model says otherwise
	Shape     ShapeID
	Field     int // index of the Go struct field
	Required  bool
	Location  Location
	LocName   string // header, query or label name
	Time      TimeFormat
	Flattened bool // XML: list or map without wrapper
	Attribute bool // XML: an attribute, not an element
	Namespace string
	Token     bool   // idempotency token
	Fold      bool   // folded to lower case at decode (catalog names); in a list, each element
	Default   string // model default as JSON text; "" when none

	// RawField is the index of the Go field that carries this member as ready
	// JSON: Raw, or []Raw for a list. When that field is set the encoder writes
	// its bytes and ignores Field. 0 means there is none: such fields come
	// after all members.
	RawField int
}

// Raw is a JSON value that is passed on as it is: documents of the model, and
// stored documents that go out without being decoded.
type Raw []byte

// Millis is a point in time in milliseconds since the Unix epoch, the stored
// and wire precision of bindery.
type Millis int64

// Model is one service's generated table.
type Model struct {
	ID           string // stable short name: "glue", "athena", "iam"
	Title        string // service id of the model, e.g. "Glue"
	SigningName  string // SigV4 scope service
	Endpoint     string // endpoint prefix, e.g. "glue"
	EventSource  string // audit name, e.g. "glue.amazonaws.com"
	Version      string // API version, "2017-03-31"
	TargetPrefix string // X-Amz-Target prefix of JSON protocols, e.g. "AWSGlue"
	Protocol     Protocol
	Protocols    []Protocol // all that the model lists, preferred first
	XMLNamespace string
	BareErrors   bool // REST-XML: error bodies have no ErrorResponse around them (S3)
	QueryErrors  bool // errors of the other protocols also carry the query code (x-amzn-query-error)
	Shapes       []Shape
	Operations   []Operation // sorted by name
}

// Shape returns the shape with the given id.
func (m *Model) Shape(id ShapeID) *Shape { return &m.Shapes[id] }

// Operation returns the operation with the given name, or nil.
func (m *Model) Operation(name string) *Operation {
	lo, hi := 0, len(m.Operations)
	for lo < hi {
		mid := (lo + hi) / 2
		if m.Operations[mid].Name < name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(m.Operations) && m.Operations[lo].Name == name {
		return &m.Operations[lo]
	}
	return nil
}

// Protocol is a wire protocol of the Smithy AWS family.
type Protocol uint8

// The protocols that bindery serves.
const (
	AWSJSON10 Protocol = iota
	AWSJSON11
	Query
	RestJSON
	RestXML
	RPCCBOR
)

// Package facts is the form in which the published API models are kept in
// this repository: names, types, members, constraints, errors, bindings and
// paginators, and no documentation text. The models tool writes these files,
// the generator reads them.
//
// A file has one operation or member per line, so that a new model version
// shows as a diff that a person can read.
package facts

// Service is one API model.
type Service struct {
	ID           string      `json:"id"`    // short stable name: "glue", "logs"
	Title        string      `json:"title"` // service id of the model: "CloudWatch Logs"
	Version      string      `json:"version"`
	Endpoint     string      `json:"endpoint"`
	Signing      string      `json:"signing"`
	TargetPrefix string      `json:"targetPrefix,omitempty"`
	JSONVersion  string      `json:"jsonVersion,omitempty"`
	XMLNamespace string      `json:"xmlNamespace,omitempty"`
	Protocols    []string    `json:"protocols"` // preferred first
	QueryErrors  bool        `json:"queryErrors,omitempty"`
	Source       string      `json:"source"` // package and version the facts come from
	Operations   []Operation `json:"-"`
	Shapes       []Shape     `json:"-"`
}

// Operation is one operation of a model.
type Operation struct {
	Name     string     `json:"name"`
	Input    string     `json:"input,omitempty"`  // shape; empty when it takes nothing
	Output   string     `json:"output,omitempty"` // shape; empty when it answers nothing
	Errors   []string   `json:"errors,omitempty"`
	Wrapper  string     `json:"wrapper,omitempty"` // query protocol: result element
	Method   string     `json:"method,omitempty"`
	Path     string     `json:"path,omitempty"`
	Status   int        `json:"status,omitempty"`
	ReadOnly bool       `json:"readOnly,omitempty"`
	Unsigned bool       `json:"unsigned,omitempty"`
	Page     *Paginator `json:"page,omitempty"`
}

// Paginator names the members that page an operation.
type Paginator struct {
	Input  string `json:"input"`
	Output string `json:"output"`
	Items  string `json:"items,omitempty"`
	Size   string `json:"size,omitempty"`
}

// Shape is one named type of a model.
type Shape struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"` // structure, union, list, map, string, enum, blob, boolean, …
	Members   []Member `json:"-"`
	Elem      string   `json:"elem,omitempty"` // element of a list, value of a map
	ElemTag   string   `json:"elemTag,omitempty"`
	Key       string   `json:"key,omitempty"`
	KeyTag    string   `json:"keyTag,omitempty"`
	Min       *int64   `json:"min,omitempty"`
	Max       *int64   `json:"max,omitempty"`
	Pattern   string   `json:"pattern,omitempty"`
	Enum      []string `json:"enum,omitempty"`
	Sensitive bool     `json:"sensitive,omitempty"`
	Sparse    bool     `json:"sparse,omitempty"`
	Flattened bool     `json:"flattened,omitempty"`
	Streaming bool     `json:"streaming,omitempty"`
	Error     *Error   `json:"error,omitempty"`
}

// Error marks a structure that is an error.
type Error struct {
	QueryCode string `json:"queryCode,omitempty"`
	Status    int    `json:"status,omitempty"`
	Server    bool   `json:"server,omitempty"`
}

// Member is one member of a structure.
type Member struct {
	Name      string `json:"name"`
	Shape     string `json:"shape"`
	Required  bool   `json:"required,omitempty"`
	Wire      string `json:"wire,omitempty"` // when it differs from the name
	Location  string `json:"location,omitempty"`
	Time      string `json:"time,omitempty"`
	Flattened bool   `json:"flattened,omitempty"`
	Attribute bool   `json:"attribute,omitempty"`
	Token     bool   `json:"token,omitempty"`
	Default   string `json:"default,omitempty"`
}

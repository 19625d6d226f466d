package op

import (
	"context"
	"net/http"
)

// Operation is one row of the server's table: everything the request path
// must know about an operation except its behaviour, which is bound by
// [Bound.Call]. Rows are generated; a row without an authorization rule does
// not build.
type Operation struct {
	Name     string
	Input    ShapeID // NoShape when the operation takes nothing
	Output   ShapeID
	Errors   []ShapeID
	Wrapper  string // query protocol: the result element, e.g. "GetUserResult"
	Method   string // HTTP binding, REST protocols only
	Path     string // URI template, REST protocols only
	Status   int    // success status, 0 means 200
	ReadOnly bool   // the operation changes nothing: Get, List, BatchGet, Search…
	Page     *Paginator

	NewInput func() any // a new *XxxInput
	Auth     Auth
}

// Paginator names the members that page an operation.
type Paginator struct {
	InputToken, OutputToken, Items, PageSize string
}

// Auth is an operation's authorization rule: the action that policies name
// and the resources that must be allowed for it.
type Auth struct {
	Action    string     // "glue:GetTable"
	Or        string     // another action that is enough when it is allowed on the same resources; a deny of either refuses
	Resources []Target   // all of them must be allowed; empty with no resolver never builds
	Resolver  string     // name of the service's resolver, when input alone cannot tell
	Anonymous bool       // AWS serves the operation unsigned (STS, with a SAML or web identity)
	Always    bool       // allowed to every signed caller, even against a deny (sts:GetCallerIdentity)
	Coarse    bool       // a row for an operation that is still refused: resource "*"
	Context   []KeyValue // condition keys taken from the input
}

// Mode says how a target takes part in a decision.
type Mode uint8

// The modes of the authorization rows.
const (
	Require  Mode = iota // must be allowed
	Filter               // the handler drops what is not allowed from its answer; with filters only, the handler decides
	Touch                // checked only when the input names it; a request left with nothing to check is denied
	Children             // must be allowed as a wildcard and no existing child may be denied
)

// Target is one resource of a rule: an ARN template such as
// "arn:aws:glue:{region}:{catalog}:table/{DatabaseName}/{TableInput.Name}".
// {region}, {account} are the server's region and the caller's account;
// {catalog} is the account of CatalogId or the caller's; {catalogName} is the
// name of a named catalog, {catalog/} that and a slash, both empty for a default one; other names are paths into
// the input, where a step ending in [] stands for each element of a list (the
// same list twice in one template is walked together). {Path|/} and
// {WorkGroup|primary} have a default for an absent member. "*" and "{ResourceArn}"
// are whole templates too.
type Target struct {
	Kind     string
	Template string
	Mode     Mode
}

// KeyValue takes a condition key's values from the input by path. A path ends
// in a scalar ("RoleArn"), in a list of strings ("TagKeys[]"), or in the names
// of tags ("Tags.keys()"). A key that ends in a slash or a colon stands for
// one key per tag, its path names the tags. Tags are a map, or a list of
// structures with the members Key and Value (TagKey and TagValue in KMS).
type KeyValue struct {
	Key  string // e.g. "aws:TagKeys", "aws:RequestTag/", "sts:ExternalId"
	Path string
}

// Bound is an operation joined with the service that answers it.
type Bound struct {
	*Operation
	Model *Model
	Call  func(ctx context.Context, in any) (any, error)
}

// Handler adapts a service method to [Bound.Call]. I and O are the pointers to
// the operation's input and output structures.
func Handler[I, O any](f func(ctx context.Context, in I) (O, error)) func(ctx context.Context, in any) (any, error) {
	return func(ctx context.Context, in any) (any, error) {
		out, err := f(ctx, in.(I))
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// Resource is what an access is about. Resolvers fill what only the store
// knows; ID is handed to the handler, which checks it again in its
// transaction.
type Resource struct {
	ARN     string
	Account string              // the owner; "" means the account in the ARN
	Tags    map[string]string   // for aws:ResourceTag/…
	ID      string              // internal id of the row the decision was about
	Policy  any                 // *policy.Policy attached to the resource, or several of them; nil when none
	Trust   bool                // Policy must itself allow (role trust, KMS key policies)
	Keys    map[string][]string // condition keys that only the store knows, in lower case
}

// Access is one action on one resource, with the condition keys that belong
// to it beside the request's own.
type Access struct {
	Action   string
	Resource Resource
	Context  map[string][]string // keys in lower case
}

// Authorizer answers access questions for the call in the context. Handlers
// use it for what needs data: passing a role, parts of a batch, filters.
type Authorizer interface {
	// Check returns nil when every access is allowed, else *Denied for the
	// first that is not. The decision is recorded with the call.
	Check(ctx context.Context, accesses ...Access) error
	// Allowed reports whether the access is allowed, for answers that are
	// filtered; a refusal is no event.
	Allowed(ctx context.Context, access Access) bool
}

// Invoker lets one service call another's operation through the same path:
// authorize, handle, record. The via service is appended to CalledVia.
type Invoker interface {
	Invoke(ctx context.Context, via string, service, operation string, in any) (any, error)
}

// Resolver finds the resources of an operation's input in the store. It must
// not reveal existence: for what does not exist it returns the ARN that would
// be checked.
type Resolver func(ctx context.Context, in any) ([]Resource, error)

// Facts is what a service knows about its resources, wherever a decision is about one: rows
// name resources by templates, which know neither policy nor tags. What a resolver says itself
// goes first. An error refuses the access.
type Facts interface {
	// Policy is the *policy.Policy that governs a resource, or several of them, or [Explicit];
	// nil when there is none.
	Policy(ctx context.Context, resource string) (any, error)
	// Tags are the resource's tags. They are read when a policy has a condition on them.
	Tags(ctx context.Context, resource string) (map[string]string, error)
}

// Explicit is what [Facts] answer for a resource whose policy must itself allow, or delegate to
// the account, whatever identity policies say: the keys of KMS.
type Explicit struct {
	Policy any // as in Resource.Policy
}

// Service is what app hands to the gateway for each service.
type Service struct {
	Model      *Model
	Operations []Bound
	Resolvers  map[string]Resolver
	Facts      Facts // nil: nothing beyond what resolvers say
}

// Streamer is a service whose bodies are streamed instead of decoded: the
// object store. It takes the same path as every other service.
type Streamer interface {
	// Plan names the operation of a request and what it needs. It runs after
	// the signature was verified and before anything is decided; it must not
	// reveal existence.
	Plan(ctx context.Context, r *http.Request) (*StreamPlan, error)
	// WriteError writes an error in the service's own shape.
	WriteError(w http.ResponseWriter, r *http.Request, e Error, requestID string)
	// SigningName is the SigV4 scope service, "s3".
	SigningName() string
}

// StreamPlan is what a streamed request is about.
type StreamPlan struct {
	Operation string
	ReadOnly  bool
	Accesses  []Access
	// PerItem says that the resources are in the body: Serve decides on each
	// by itself and reports refusals in its answer. Accesses may be empty then.
	PerItem bool
	// Serve answers. r.Body yields only bytes whose signature was verified;
	// the last bytes come after the whole body was.
	Serve func(ctx context.Context, w http.ResponseWriter, r *http.Request) error
}

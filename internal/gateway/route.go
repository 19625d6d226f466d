package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// target is an operation with its compiled authorization rule.
type target struct {
	op.Bound
	service *op.Service
	rule    *rule
}

// route is where a request goes. A service that is not ours, or an operation
// that it does not have, is remembered and refused only after the signature
// was verified: strangers learn nothing.
type route struct {
	service  *op.Service // nil: the object store, or a service that we do not serve
	target   *target     // nil: unknown operation
	codec    wire.Codec
	protocol op.Protocol
	labels   map[string]string
	opName   string
	unserved string // signing name of a service that we do not serve
	unsigned bool   // AWS serves the operation without a signature
}

// known returns the error for an operation that the service does not have.
func (r *route) known() error {
	if r.target != nil {
		return nil
	}
	if r.protocol == op.Query {
		return &op.Fault{Code: "InvalidAction", Message: "Could not find operation " + r.opName + " for version " + r.service.Model.Version}
	}
	return &op.Fault{Code: "UnknownOperationException", Message: "Unknown operation " + r.opName}
}

func unserved(service string) error {
	return &op.Fault{Code: "UnsupportedOperationException", Message: "bindery does not serve " + service + "."}
}

// routes finds a request's operation.
type routes struct {
	services []*op.Service
	byTarget map[string]*op.Service // X-Amz-Target prefix
	byScope  map[string]*op.Service // SigV4 service
	byAction map[string]*op.Service // query API version
	targets  map[string]map[string]*target
	paths    []pathRoute
}

// newRoutes compiles the services' tables.
func newRoutes(services []*op.Service) (*routes, error) {
	t := &routes{
		services: services,
		byTarget: map[string]*op.Service{}, byScope: map[string]*op.Service{}, byAction: map[string]*op.Service{},
		targets: map[string]map[string]*target{},
	}
	for _, s := range services {
		if err := t.add(s); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *routes) add(s *op.Service) error {
	if t.targets[s.Model.ID] != nil {
		return fmt.Errorf("gateway: service %s listed twice", s.Model.ID)
	}
	ops := make(map[string]*target, len(s.Operations))
	for _, b := range s.Operations {
		r, err := compileRule(s, b)
		if err != nil {
			return fmt.Errorf("gateway: %s:%s: %w", s.Model.ID, b.Name, err)
		}
		ops[b.Name] = &target{Bound: b, service: s, rule: r}
	}
	t.targets[s.Model.ID] = ops
	t.byScope[s.Model.SigningName] = s
	if s.Model.TargetPrefix != "" {
		t.byTarget[s.Model.TargetPrefix] = s
	}
	if speaks(s.Model, op.Query) {
		t.byAction[s.Model.Version] = s
	}
	t.addPaths(s)
	return nil
}

func speaks(m *op.Model, p op.Protocol) bool {
	for _, q := range m.Protocols {
		if q == p {
			return true
		}
	}
	return m.Protocol == p
}

func (t *routes) byName(service, operation string) *target { return t.targets[service][operation] }

// find dispatches in the order of the design: target header, RPC path, scope,
// form action, REST path, object store.
func (t *routes) find(r *http.Request) route {
	if h := r.Header.Get("X-Amz-Target"); h != "" {
		return t.findTarget(r, h)
	}
	if rt, ok := t.findRPC(r); ok {
		return rt
	}
	scope := scopeService(r)
	if s := t.byScope[scope]; s != nil {
		return t.within(s, r)
	}
	if scope != "" && scope != "s3" {
		return route{unserved: scope, protocol: guessProtocol(r)}.withCodec()
	}
	if scope == "" && isForm(r) {
		return unsignedForm()
	}
	if rt, ok := t.findPath(r); ok && scope == "" {
		return rt
	}
	return route{protocol: op.RestXML}
}

// findTarget routes the JSON protocols.
func (t *routes) findTarget(r *http.Request, header string) route {
	prefix, name, _ := strings.Cut(header, ".")
	rt := route{protocol: op.AWSJSON11, opName: name}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-1.0") {
		rt.protocol = op.AWSJSON10
	}
	if rt.service = t.byTarget[prefix]; rt.service == nil {
		rt.unserved = prefix
		return rt.withCodec()
	}
	return t.named(rt, name)
}

// findRPC routes Smithy RPC v2: /service/{Service}/operation/{Operation}.
func (t *routes) findRPC(r *http.Request) (route, bool) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/service/")
	if !ok || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		return route{}, false
	}
	id, name, ok := strings.Cut(rest, "/operation/")
	if !ok {
		return route{}, false
	}
	rt := route{protocol: op.RPCCBOR, opName: name}
	for _, s := range t.services {
		if s.Model.TargetPrefix == id && speaks(s.Model, op.RPCCBOR) {
			rt.service = s
			return t.named(rt, name), true
		}
	}
	rt.unserved = id
	return rt.withCodec(), true
}

// within finds the operation of a service that the scope names.
func (t *routes) within(s *op.Service, r *http.Request) route {
	rt := route{service: s, protocol: s.Model.Protocol}
	switch {
	case speaks(s.Model, op.Query):
		rt.protocol = op.Query
		return rt.withCodec() // the action is in the body, which is read after the key was found
	case s.Model.Protocol == op.RestJSON:
		name, labels := t.matchPath(s, r)
		rt.labels = labels
		return t.named(rt, name)
	}
	return rt.withCodec()
}

// unsignedForm is the route of an unsigned query request: the form tells the
// service and the action, once it was read.
func unsignedForm() route {
	return route{protocol: op.Query, unsigned: true}.withCodec()
}

// findPath routes requests without credentials to the service whose path it
// is, so that they are refused in that service's words. Such paths begin with
// an upper-case letter, which no bucket's name does.
func (t *routes) findPath(r *http.Request) (route, bool) {
	for _, s := range t.services {
		if s.Model.Protocol != op.RestJSON {
			continue
		}
		if name, labels := t.matchPath(s, r); name != "" {
			return t.named(route{service: s, protocol: op.RestJSON, labels: labels}, name), true
		}
	}
	return route{}, false
}

// action completes a query route once the form was read.
func (t *routes) action(rt *route, action, version string) {
	if rt.service == nil {
		rt.service = t.byAction[version]
	}
	if rt.service == nil {
		return
	}
	rt.opName = action
	rt.target = t.targets[rt.service.Model.ID][action]
}

func (t *routes) named(rt route, name string) route {
	rt.opName = name
	rt.target = t.targets[rt.service.Model.ID][name]
	return rt.withCodec()
}

func (r route) withCodec() route {
	r.codec = wire.For(r.protocol)
	return r
}

// guessProtocol picks the error shape for a service that we do not know.
func guessProtocol(r *http.Request) op.Protocol {
	switch ct := r.Header.Get("Content-Type"); {
	case isForm(r):
		return op.Query
	case strings.HasPrefix(ct, "application/xml"):
		return op.RestXML
	default:
		return op.RestJSON
	}
}

func isForm(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

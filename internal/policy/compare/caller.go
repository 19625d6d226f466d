package compare

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/policy"
)

// caller stands for all callers whom the two policies name alike.
type caller struct {
	key       string
	principal policy.Principal
}

func (c caller) name() string {
	switch {
	case c.key == "":
		return ""
	case c.principal.Service != "":
		return c.principal.Service
	case c.principal.Type == policy.Anonymous:
		return "anonymous"
	}
	return c.principal.ARN
}

// owner is the account that the resource of a policy belongs to: nobody's.
const owner = "999999999999"

// stranger is an account that no policy names.
const stranger = "888888888888"

// findCallers finds callers for every way in which the policies can name one, and who is named
// by which statement. Policies of principals name nobody and have one caller.
func (c *comparison) findCallers() error {
	if !c.names() {
		c.callers = []caller{{principal: someone}}
		for i := range c.statements {
			c.statements[i].names = map[string]bool{"": true}
		}
		return nil
	}
	c.callers = []caller{
		{"anonymous", policy.Principal{}},
		{"stranger", user(stranger, "stranger")},
		{"root", policy.Principal{Type: policy.Root, Account: stranger, ARN: arn.Root(stranger)}},
		{"role", session(stranger, "arn:aws:iam::"+stranger+":role/stranger", "arn:aws:sts::"+stranger+":assumed-role/stranger/session")},
		{"service", policy.Principal{Type: policy.Service, Service: "example.amazonaws.com"}},
		{"provider", policy.Principal{Type: policy.Federated, ARN: "login.example.com"}},
	}
	for _, p := range []*policy.Policy{c.old, c.new} {
		for _, name := range p.Principals() {
			c.addCallers(name)
		}
	}
	return c.findNames()
}

func (c *comparison) names() bool {
	switch c.new.Kind() {
	case policy.Resource, policy.Trust:
		return true
	case policy.Identity, policy.Boundary, policy.Session, policy.SCP, policy.RCP:
	}
	return false
}

func user(account, name string) policy.Principal {
	return policy.Principal{Type: policy.User, Account: account, ARN: "arn:aws:iam::" + account + ":user/" + name, UserID: "AIDA" + strings.ToUpper(name)}
}

func session(account, role, arn string) policy.Principal {
	return policy.Principal{Type: policy.AssumedRole, Account: account, RoleARN: role, ARN: arn, UserID: "AROAEXAMPLE:session"}
}

// addCallers adds those who are meant by a name: the one, and others of its account.
func (c *comparison) addCallers(name string) {
	add := func(p policy.Principal) {
		key := fmt.Sprintf("%d|%s|%s|%s|%s", p.Type, p.ARN, p.RoleARN, p.UserID, p.Service)
		for _, have := range c.callers {
			if have.key == key {
				return
			}
		}
		c.callers = append(c.callers, caller{key, p})
	}
	account := func(id string) {
		add(user(id, "another"))
		add(policy.Principal{Type: policy.Root, Account: id, ARN: arn.Root(id)})
		add(session(id, "arn:aws:iam::"+id+":role/another", "arn:aws:sts::"+id+":assumed-role/another/session"))
	}
	parts, _ := arn.Split(name)
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch {
	case arn.ValidAccount(name):
		account(name)
	case strings.HasPrefix(name, "AIDA"), strings.HasPrefix(name, "AROA"):
		c.why = append(c.why, "unique ids of deleted principals")
	case kind == "user":
		account(parts[4])
		add(policy.Principal{Type: policy.User, Account: parts[4], ARN: name, UserID: "AIDANAMED"})
	case kind == "federated-user":
		account(parts[4])
		add(policy.Principal{Type: policy.FederatedUser, Account: parts[4], ARN: name})
	case kind == "role":
		account(parts[4])
		short := rest[strings.LastIndexByte(rest, '/')+1:]
		add(session(parts[4], name, "arn:aws:sts::"+parts[4]+":assumed-role/"+short+"/session"))
	case kind == "assumed-role":
		account(parts[4])
		role, _, _ := strings.Cut(rest, "/")
		add(session(parts[4], "arn:aws:iam::"+parts[4]+":role/"+role, name))
		add(session(parts[4], "arn:aws:iam::"+parts[4]+":role/elsewhere/"+role, name))
		add(session(parts[4], "arn:aws:iam::"+parts[4]+":role/"+role, "arn:aws:sts::"+parts[4]+":assumed-role/"+role+"/session"))
	case strings.HasSuffix(name, ".amazonaws.com"), strings.HasSuffix(name, ".amazonaws.com.cn"):
		add(policy.Principal{Type: policy.Service, Service: name})
		add(policy.Principal{Type: policy.Federated, ARN: name})
	case name != "*":
		add(policy.Principal{Type: policy.Federated, ARN: name})
	}
}

// findNames asks the engine which statement names which caller.
func (c *comparison) findNames() error {
	for i := range c.statements {
		s := &c.statements[i]
		p := c.old
		if s.fresh {
			p = c.new
		}
		judge, err := nameJudge(p.Parts(s.index), p.Kind())
		if err != nil {
			return err
		}
		s.names = map[string]bool{}
		for _, who := range c.callers {
			d := evaluate(judge, "sts:AssumeRole", "*", who, nil)
			s.names[who.key] = d.Effect == policy.Allow || d.Effect == policy.ExplicitDeny
		}
	}
	return nil
}

// nameJudge is a policy of one statement that says about everything what a statement says.
func nameJudge(parts policy.Parts, kind policy.Kind) (*policy.Policy, error) {
	effect, element := "Allow", "Principal"
	if parts.Deny {
		effect = "Deny"
	}
	if parts.NotPrincipal {
		element = "NotPrincipal"
	}
	s := map[string]any{"Effect": effect, "Action": "sts:AssumeRole", element: json.RawMessage(parts.Principal)}
	if kind != policy.Trust {
		s["Resource"] = "*"
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": s})
	if err != nil {
		return nil, err
	}
	return policy.Parse(text, kind)
}

// everything is what callers of policies of resources may do by their own policies.
var everything = mustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)

func mustParse(text string) *policy.Policy {
	p, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		panic(err) // a constant of this package
	}
	return p
}

func (c *comparison) evaluate(p *policy.Policy, r *Request, who caller) policy.Decision {
	return evaluate(p, r.Action, r.Resource, who, r.Context)
}

func evaluate(p *policy.Policy, action, resource string, who caller, context map[string][]string) policy.Decision {
	r := &policy.Request{Action: action, Resource: resource, ResourceAccount: owner, Principal: who.principal, Context: policy.Map(context)}
	l := &policy.Layers{Identity: []*policy.Policy{everything}, Resource: []*policy.Policy{p}, ResourceRule: policy.Explicit}
	if who.principal.Type == policy.FederatedUser { // it has what its session policy gives
		l.Session, l.HasSession = l.Identity, true
	}
	if who.key == "" {
		r.ResourceAccount = who.principal.Account
		l = &policy.Layers{Identity: []*policy.Policy{p}}
	}
	return policy.Evaluate(r, l)
}

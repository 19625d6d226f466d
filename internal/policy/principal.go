package policy

import (
	"regexp"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
)

// PrincipalType says what kind of caller a Principal is.
type PrincipalType uint8

// The kinds of callers. Federated is the identity provider that vouches for
// the caller of sts:AssumeRoleWithWebIdentity or WithSAML.
const (
	Anonymous PrincipalType = iota
	Root
	User
	AssumedRole
	FederatedUser
	Service
	Federated
)

// Principal is who calls. The zero Principal is anonymous.
type Principal struct {
	Type    PrincipalType
	ARN     string // the session's ARN for sessions; the provider's for Federated
	RoleARN string // the role's ARN with its path, for AssumedRole
	UserID  string // AIDA… for users, AROA…:session for sessions
	Account string
	Service string // glue.amazonaws.com, for Service
}

// naming says how closely a statement names the caller. The order matters:
// a later one grants more.
type naming uint8

const (
	notNamed  naming = iota
	asAccount        // the account or its root: delegates to the account's own policies
	asGroup          // "*" or the role: grants, but boundary and session policy still limit
	asSelf           // the user, the session, the service: grants finally
)

type principalKind uint8

const (
	principalAll       principalKind = iota // "*"
	principalAllAWS                         // {"AWS": "*"}
	principalAccount                        // an account id, or the root's ARN
	principalARN                            // a user, role or session
	principalID                             // AIDA… or AROA…: a principal that was deleted
	principalService                        //
	principalFederated                      //
	principalUnmatched                      // canonical users: known, never the caller here
)

type principalEntry struct {
	kind principalKind
	text string
}

var (
	principalARNPattern = regexp.MustCompile(`^arn:aws(-[a-z]+)*:(iam::\d{12}:(user|role)/[^*?]+|sts::\d{12}:(assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?]+))$`)
	principalIDPattern  = regexp.MustCompile(`^(AIDA|AROA)[A-Z0-9]{12,124}$`)
	servicePrincipal    = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)
	federatedProvider   = regexp.MustCompile(`^(arn:aws(-[a-z]+)*:iam::\d{12}:(oidc-provider|saml-provider)/[^*?]+|[a-z0-9-]+(\.[a-z0-9-]+)+)$`)
)

// compilePrincipals reads Principal or NotPrincipal: "*", or an object of
// AWS, Service, Federated and CanonicalUser.
func compilePrincipals(n *node) ([]principalEntry, *offsetError) {
	if n.kind == '"' && n.text == "*" {
		return []principalEntry{{kind: principalAll, text: "*"}}, nil
	}
	if n.kind != '{' || len(n.members) == 0 {
		return nil, refuse(n, "Invalid principal in policy")
	}
	var entries []principalEntry
	for _, m := range n.members {
		names, err := m.value.strings("Invalid principal in policy")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			e, ok := compilePrincipal(m.name, name.text)
			if !ok {
				return nil, refuse(name, `Invalid principal in policy: "%s":"%s"`, clip(m.name), clip(name.text))
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func compilePrincipal(element, text string) (principalEntry, bool) {
	switch element {
	case "AWS":
		return compileAWSPrincipal(text)
	case "Service":
		return principalEntry{principalService, text}, servicePrincipal.MatchString(text)
	case "Federated":
		return principalEntry{principalFederated, text}, federatedProvider.MatchString(text)
	case "CanonicalUser":
		return principalEntry{principalUnmatched, text}, text != "" && text != "*"
	default:
		return principalEntry{}, false
	}
}

func compileAWSPrincipal(text string) (principalEntry, bool) {
	if text == "*" {
		return principalEntry{principalAllAWS, text}, true
	}
	if arn.ValidAccount(text) {
		return principalEntry{principalAccount, text}, true
	}
	if p, _ := arn.Split(text); arn.ValidAccount(p[4]) && text == arn.Root(p[4]) {
		return principalEntry{principalAccount, p[4]}, true
	}
	if principalIDPattern.MatchString(text) {
		return principalEntry{principalID, text}, true
	}
	return principalEntry{principalARN, text}, principalARNPattern.MatchString(text)
}

// names says how the entry names the caller.
func (e *principalEntry) names(p *Principal, kind Kind) naming {
	switch e.kind {
	case principalAll:
		return e.namesEveryone(p, kind)
	case principalAllAWS:
		if p.Type == Service {
			return notNamed
		}
		return e.namesEveryone(p, kind)
	case principalAccount:
		return e.namesAccount(p)
	case principalARN:
		return e.namesARN(p)
	case principalID:
		return e.namesID(p)
	case principalService:
		return asSelfIf(p.Type == Service && p.Service == e.text)
	case principalFederated:
		return asSelfIf(p.Type == Federated && p.ARN == e.text)
	case principalUnmatched:
	}
	return notNamed
}

// namesEveryone: where "*" grants, a provider must still be named, and a trust
// policy never means the anonymous caller. In a resource control policy, which
// only limits, "*" is everyone.
func (e *principalEntry) namesEveryone(p *Principal, kind Kind) naming {
	if kind != RCP && (p.Type == Federated || (p.Type == Anonymous && kind == Trust)) {
		return notNamed
	}
	return asGroup
}

func (e *principalEntry) namesAccount(p *Principal) naming {
	switch p.Type {
	case Root, User, AssumedRole, FederatedUser:
		if p.Account == e.text {
			return asAccount
		}
	case Anonymous, Service, Federated:
	}
	return notNamed
}

func (e *principalEntry) namesARN(p *Principal) naming {
	switch p.Type {
	case User, FederatedUser:
		return asSelfIf(p.ARN == e.text)
	case AssumedRole:
		if p.ARN == e.text {
			return asSelf
		}
		if p.RoleARN == e.text {
			return asGroup
		}
	case Root, Anonymous, Service, Federated:
	}
	return notNamed
}

func (e *principalEntry) namesID(p *Principal) naming {
	switch p.Type {
	case User:
		return asSelfIf(p.UserID == e.text)
	case AssumedRole:
		if role, _, _ := strings.Cut(p.UserID, ":"); role == e.text {
			return asGroup
		}
	case Root, FederatedUser, Anonymous, Service, Federated:
	}
	return notNamed
}

func asSelfIf(same bool) naming {
	if same {
		return asSelf
	}
	return notNamed
}

// closest is the closest naming among the entries.
func closest(entries []principalEntry, p *Principal, kind Kind) naming {
	best := notNamed
	for i := range entries {
		best = max(best, entries[i].names(p, kind))
	}
	return best
}

// exempts reports whether a Deny with NotPrincipal leaves the caller alone.
// AWS may check the account, then the role, then the session, so each of these
// must be listed (or everyone); the guide asks authors to list them all.
func exempts(entries []principalEntry, p *Principal, kind Kind) bool {
	var account, role, self bool
	for i := range entries {
		e := &entries[i]
		switch e.names(p, kind) {
		case asAccount:
			account = true
		case asGroup:
			role = true
			if e.isEveryone() {
				return true
			}
		case asSelf:
			self = true
		case notNamed:
		}
	}
	switch p.Type {
	case Root:
		return account
	case User, FederatedUser:
		return account && self
	case AssumedRole:
		return account && role && self
	case Service, Federated:
		return self
	case Anonymous:
	}
	return false
}

// isEveryone: a Deny that names everyone means everyone, whoever would have to
// be named more closely in an Allow.
func (e principalEntry) isEveryone() bool {
	return e.kind == principalAll || e.kind == principalAllAWS
}

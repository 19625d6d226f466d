package lint

import (
	"github.com/bindery-project/bindery/internal/policy"
)

// principals checks who a statement is about.
func (c *checker) principals(s *statement) {
	if s.notPrincipal != nil && !s.deny {
		c.report(Security, "ALLOW_WITH_NOT_PRINCIPAL", s.principalAt, "Allow with NotPrincipal lets in everybody but a few; name those to let in")
	}
	e := s.principal
	if e == nil {
		return
	}
	if e.Kind == '"' {
		if e.Text != "*" {
			c.report(Error, "INVALID_PRINCIPAL_FORMAT", s.principalAt, quote(e.Text)+` is no principal: write {"AWS": "…"}, {"Service": "…"} or "*"`)
			return
		}
		c.everyone(s, s.principalAt)
		return
	}
	if e.Kind != '{' {
		c.report(Error, "DATA_TYPE_MISMATCH", s.principalAt, `Principal is "*" or a JSON object`)
		return
	}
	if len(e.Members) == 0 {
		c.report(Suggestion, "EMPTY_OBJECT_PRINCIPAL", s.principalAt, "the Principal is empty: nobody is meant")
	}
	for i := range e.Members {
		m := &e.Members[i]
		switch m.Name {
		case "AWS", "Service", "Federated", "CanonicalUser":
		default:
			c.report(Error, "INVALID_PRINCIPAL_KEY", s.principalAt.name(m), "a Principal has no "+quote(m.Name)+didYouMean(m.Name, "AWS", "Service", "Federated", "CanonicalUser"))
		}
		for _, who := range c.texts(m.Value, s.principalAt.down(value(m.Name), m.Value), m.Name, "EMPTY_ARRAY_PRINCIPAL") {
			if m.Name == "AWS" && who.value == "*" {
				c.everyone(s, who.at)
			}
		}
	}
}

// everyone: nobody may be meant by accident.
func (c *checker) everyone(s *statement, at spot) {
	if s.deny || len(s.conditions) > 0 || c.kind == policy.RCP {
		return
	}
	c.report(Security, "PRINCIPAL_IS_EVERYONE", at, `"*" lets in every account; name the accounts, users or roles, or add a condition`)
}

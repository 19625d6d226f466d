package advisor

import (
	"encoding/json"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
)

// grants lists which of the services a policy text allows something of, in a
// statement of its own. A text that cannot be read grants nothing, as it does
// in a decision.
func grants(text string, services []string) []string {
	if _, err := policy.Parse([]byte(text), policy.Identity); err != nil {
		return nil
	}
	var doc struct{ Statement oneOrMore[statement] }
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil
	}
	var out []string
	for _, service := range services {
		for _, s := range doc.Statement {
			if s.allowsSome(service) {
				out = append(out, service)
				break
			}
		}
	}
	return out
}

type statement struct {
	Effect    string
	Action    oneOrMore[string]
	NotAction oneOrMore[string]
}

// allowsSome reports whether the statement allows any action of a service.
func (s *statement) allowsSome(service string) bool {
	if s.Effect != "Allow" {
		return false
	}
	for _, a := range s.Action {
		if a == "*" || covers(a, service) {
			return true
		}
	}
	for _, a := range s.NotAction {
		if a == "*" || strings.EqualFold(a, service+":*") {
			return false
		}
	}
	return len(s.NotAction) > 0
}

// covers reports whether an action pattern names the service: what stands before
// the colon never has a wildcard (policy.Parse sees to that).
func covers(action, service string) bool {
	prefix, _, _ := strings.Cut(action, ":")
	return strings.EqualFold(prefix, service)
}

// oneOrMore is what a policy may write as one value or as a list.
type oneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(text)), "[") {
		return json.Unmarshal(text, (*[]T)(o))
	}
	*o = make([]T, 1)
	return json.Unmarshal(text, &(*o)[0])
}

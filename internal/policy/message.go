package policy

import "strings"

// DenyMessage words a refusal as AWS does: who may not do what to which
// resource, and the one type of policy that stood in the way.
func DenyMessage(principalARN, action, resource string, d Decision) string {
	var b strings.Builder
	b.WriteString("User: " + principalARN + " is not authorized to perform: " + action)
	if resource != "" {
		b.WriteString(" on resource: " + resource)
	}
	switch {
	case d.Effect == ExplicitDeny:
		b.WriteString(" with an explicit deny in " + article(d.Layer) + " " + d.Layer.String())
	case d.Layer != LayerNone:
		b.WriteString(" because no " + d.Layer.String() + " allows the " + action + " action")
	}
	return b.String()
}

func article(l Layer) string {
	if l == LayerIdentity {
		return "an"
	}
	return "a"
}

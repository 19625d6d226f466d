package policy

import "strings"

// Values gives the condition keys of one request. The key is in lower case
// ("aws:currenttime"; KeyName makes it so), and Lookup must not allocate. ok is
// false when the request does not carry the key.
type Values interface {
	Lookup(key string) (values []string, ok bool)
}

// Map is the simplest Values: lower-case key to values.
type Map map[string][]string

// Lookup implements Values.
func (m Map) Lookup(key string) ([]string, bool) {
	v, ok := m[key]
	return v, ok
}

// KeyName folds the name of a condition key to the form that Values are asked
// for; key names are case-insensitive, values are not.
func KeyName(key string) string { return strings.ToLower(key) }

// lookup treats an empty list as an absent key, as the set operators do.
func lookup(context Values, key string) ([]string, bool) {
	if context == nil {
		return nil, false
	}
	v, ok := context.Lookup(key)
	return v, ok && len(v) > 0
}

type quantifier uint8

const (
	single    quantifier = iota
	allValues            // ForAllValues:
	anyValue             // ForAnyValue:
)

// condition is one operator applied to one key with its policy values.
type condition struct {
	operator string // as written, "ForAnyValue:StringLikeIfExists"
	written  string // the key as written
	key      string // lower-cased

	compare    comparison
	negated    bool
	ifExists   bool
	quantifier quantifier
	operands   []operand
	texts      []string // operands as written
}

// holds decides the condition. doubt is what it answers when the request's
// value cannot be judged (a number that is none, several values without a set
// operator): false in an Allow, true in a Deny, so that doubt never opens.
func (c *condition) holds(context Values, doubt bool) bool {
	seen, present := lookup(context, c.key)
	if c.compare == compareNull {
		return c.nullHolds(present)
	}
	if !present {
		return c.holdsAbsent()
	}
	switch c.quantifier {
	case allValues:
		return c.holdsForAll(seen, context, doubt)
	case anyValue:
		return c.holdsForAny(seen, context, doubt)
	case single:
	}
	if len(seen) > 1 {
		return doubt
	}
	return c.holdsFor(seen[0], context, doubt)
}

func (c *condition) nullHolds(present bool) bool {
	for i := range c.operands {
		if c.operands[i].truth != present {
			return true
		}
	}
	return false
}

func (c *condition) holdsAbsent() bool {
	if c.ifExists || c.quantifier == allValues {
		return true
	}
	return c.quantifier == single && c.negated
}

func (c *condition) holdsForAll(seen []string, context Values, doubt bool) bool {
	for _, v := range seen {
		if !c.holdsFor(v, context, doubt) {
			return false
		}
	}
	return true
}

func (c *condition) holdsForAny(seen []string, context Values, doubt bool) bool {
	for _, v := range seen {
		if c.holdsFor(v, context, doubt) {
			return true
		}
	}
	return false
}

// holdsFor judges one value of the request: OR over the operands, and for a
// negated operator NOR.
func (c *condition) holdsFor(value string, context Values, doubt bool) bool {
	v, ok := readValue(c.compare, value)
	if !ok {
		return doubt
	}
	for i := range c.operands {
		if c.operands[i].equals(c.compare, &v, context) {
			return !c.negated
		}
	}
	return c.negated
}

// operatorTable names every operator of the language without its prefix and
// suffix. What is not here is refused.
var operatorTable = map[string]struct {
	compare comparison
	negated bool
}{
	"StringEquals":              {compareString, false},
	"StringNotEquals":           {compareString, true},
	"StringEqualsIgnoreCase":    {compareFolded, false},
	"StringNotEqualsIgnoreCase": {compareFolded, true},
	"StringLike":                {compareLike, false},
	"StringNotLike":             {compareLike, true},
	"NumericEquals":             {compareNumber, false},
	"NumericNotEquals":          {compareNumber, true},
	"NumericLessThan":           {compareNumberLess, false},
	"NumericLessThanEquals":     {compareNumberAtMost, false},
	"NumericGreaterThan":        {compareNumberGreater, false},
	"NumericGreaterThanEquals":  {compareNumberAtLeast, false},
	"DateEquals":                {compareDate, false},
	"DateNotEquals":             {compareDate, true},
	"DateLessThan":              {compareDateLess, false},
	"DateLessThanEquals":        {compareDateAtMost, false},
	"DateGreaterThan":           {compareDateGreater, false},
	"DateGreaterThanEquals":     {compareDateAtLeast, false},
	"Bool":                      {compareBool, false},
	"BinaryEquals":              {compareBinary, false},
	"IpAddress":                 {compareAddress, false},
	"NotIpAddress":              {compareAddress, true},
	"ArnEquals":                 {compareARN, false},
	"ArnLike":                   {compareARN, false},
	"ArnNotEquals":              {compareARN, true},
	"ArnNotLike":                {compareARN, true},
	"Null":                      {compareNull, false},
}

// readOperator takes an operator name apart. ok is false for an unknown one,
// and for Null with a set prefix or an IfExists suffix, which say nothing.
func readOperator(name string) (c condition, ok bool) {
	c.operator = name
	if rest, found := strings.CutPrefix(name, "ForAllValues:"); found {
		c.quantifier, name = allValues, rest
	} else if rest, found := strings.CutPrefix(name, "ForAnyValue:"); found {
		c.quantifier, name = anyValue, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	entry, ok := operatorTable[name]
	c.compare, c.negated = entry.compare, entry.negated
	if c.compare == compareNull && (c.ifExists || c.quantifier != single) {
		return c, false
	}
	return c, ok
}

// compileConditions reads the whole Condition element.
func compileConditions(n *node, variables bool) ([]condition, *offsetError) {
	if n.kind != '{' {
		return nil, refuse(n, "Condition must be an object")
	}
	var all []condition
	for _, m := range n.members {
		base, ok := readOperator(m.name)
		if !ok {
			return nil, &offsetError{m.start, "unknown condition operator " + clip(m.name)}
		}
		if m.value.kind != '{' || len(m.value.members) == 0 {
			return nil, refuse(m.value, "a condition operator wants an object of condition keys")
		}
		for _, key := range m.value.members {
			c, err := compileCondition(base, key, variables)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

func compileCondition(c condition, key member, variables bool) (condition, *offsetError) {
	c.written, c.key = key.name, KeyName(key.name)
	if !validKey(c.key) {
		return c, &offsetError{key.start, vendorReason}
	}
	operands, err := key.value.scalars()
	if err != nil {
		return c, err
	}
	for _, n := range operands {
		o, reason := compileOperand(c.compare, n.text, variables)
		if reason != "" {
			return c, refuse(n, "%s", reason)
		}
		c.operands = append(c.operands, o)
		c.texts = append(c.texts, n.text)
	}
	return c, nil
}

// scalars reads the values of a condition key: one or a list of strings,
// numbers and booleans, which all count as their text.
func (n *node) scalars() ([]*node, *offsetError) {
	items := []*node{n}
	if n.kind == '[' {
		items = n.items
	}
	if len(items) == 0 {
		return nil, refuse(n, "a condition key wants at least one value")
	}
	for _, item := range items {
		if !strings.ContainsRune(`"0tf`, rune(item.kind)) {
			return nil, refuse(item, "a condition value is a string, a number or a boolean")
		}
	}
	return items, nil
}

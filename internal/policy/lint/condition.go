package lint

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/reference"
)

// operators are the condition operators with the kind of value that each compares.
var operators = map[string]string{
	"StringEquals": "String", "StringNotEquals": "String", "StringEqualsIgnoreCase": "String", "StringNotEqualsIgnoreCase": "String",
	"StringLike": "String", "StringNotLike": "String",
	"NumericEquals": "Numeric", "NumericNotEquals": "Numeric", "NumericLessThan": "Numeric", "NumericLessThanEquals": "Numeric",
	"NumericGreaterThan": "Numeric", "NumericGreaterThanEquals": "Numeric",
	"DateEquals": "Date", "DateNotEquals": "Date", "DateLessThan": "Date", "DateLessThanEquals": "Date", "DateGreaterThan": "Date",
	"DateGreaterThanEquals": "Date", "Bool": "Bool", "BinaryEquals": "Binary", "IpAddress": "IPAddress", "NotIpAddress": "IPAddress",
	"ArnEquals": "ARN", "ArnLike": "ARN", "ArnNotEquals": "ARN", "ArnNotLike": "ARN", "Null": "Null",
}

// conditions reads the Condition element.
func (c *checker) conditions(e *policy.Element, at spot) []condition {
	if e.Kind != '{' {
		c.report(Error, "DATA_TYPE_MISMATCH", at, "Condition is a JSON object")
		return nil
	}
	if len(e.Members) == 0 {
		c.report(Suggestion, "EMPTY_OBJECT_CONDITION", at, "the Condition is empty: leave it out")
	}
	var out []condition
	for i := range e.Members {
		m := &e.Members[i]
		place := at.down(value(m.Name), m.Value)
		if m.Value.Kind != '{' {
			c.report(Error, "DATA_TYPE_MISMATCH", place, "an operator is followed by a JSON object of condition keys")
			continue
		}
		if len(m.Value.Members) == 0 {
			c.report(Suggestion, "EMPTY_OBJECT_CONDITION", place, "the operator has no condition key: leave it out")
		}
		for j := range m.Value.Members {
			key := &m.Value.Members[j]
			out = append(out, c.readCondition(text{m.Name, at.name(m)}, key, place))
		}
	}
	return out
}

func (c *checker) readCondition(operator text, key *policy.Member, at spot) condition {
	cond := condition{operator: operator, key: text{key.Name, at.name(key)}}
	place := at.down(value(key.Name), key.Value)
	items := []*policy.Element{key.Value}
	if key.Value.Kind == '[' {
		items = key.Value.Items
	}
	if len(items) == 0 {
		c.report(Suggestion, "EMPTY_ARRAY_CONDITION", place, "the condition has no value to compare with")
	}
	for i, item := range items {
		where := place
		if key.Value.Kind == '[' {
			where = place.down(index(i), item)
		}
		if item.Kind == '{' || item.Kind == '[' || item.Kind == 'n' {
			c.report(Error, "INVALID_CONDITION_DATA_TYPE", where, "a condition value is a string, a number or a boolean")
			continue
		}
		cond.values = append(cond.values, text{item.Text, where})
	}
	return cond
}

func (c *checker) conditionsOf(s *statement) {
	for i := range s.conditions {
		c.condition(s, &s.conditions[i])
	}
}

// condition checks the operator, the key, and whether they fit each other and the values.
func (c *checker) condition(s *statement, cond *condition) {
	name, quantifier, ifExists := takeApart(cond.operator.value)
	wants, known := operators[name]
	if !known {
		c.report(Error, "INVALID_CONDITION_OPERATOR", cond.operator.at, "there is no condition operator "+quote(cond.operator.value)+didYouMean(name, names(operators)...))
		return
	}
	if wants == "Null" && ifExists {
		c.report(Error, "NULL_WITH_IF_EXISTS", cond.operator.at, "Null asks whether the key is there: IfExists says nothing beside it")
	}
	if wants == "Null" && quantifier != "" {
		c.report(Error, "NULL_WITH_QUALIFIER", cond.operator.at, "Null asks whether the key is there: "+quantifier+" says nothing beside it")
	}
	kind, ok := c.key(s, cond)
	if ok && kind != "" {
		c.fits(s, cond, wants, kind, quantifier)
	}
	for _, v := range cond.values {
		c.conditionValue(name, wants, v)
	}
}

func takeApart(operator string) (name, quantifier string, ifExists bool) {
	for _, q := range []string{"ForAllValues", "ForAnyValue"} {
		if rest, ok := strings.CutPrefix(operator, q+":"); ok {
			operator, quantifier = rest, q
		}
	}
	name, ifExists = strings.CutSuffix(operator, "IfExists")
	return name, quantifier, ifExists
}

// key checks that the key exists, and for keys of services that an action of the statement
// knows it.
func (c *checker) key(s *statement, cond *condition) (kind string, ok bool) {
	key := cond.key.value
	prefix, name, found := strings.Cut(key, ":")
	if !found || prefix == "" || name == "" {
		c.report(Error, "INVALID_CONDITION_KEY_FORMAT", cond.key.at, quote(key)+" is no condition key: it is written as service:Key")
		return "", false
	}
	kind, known := reference.KeyType(key)
	switch {
	case known:
	case strings.EqualFold(prefix, "aws"):
		c.report(Error, "INVALID_GLOBAL_CONDITION_KEY", cond.key.at, "there is no global condition key "+quote(key)+didYouMean(key, reference.GlobalKeys()...))
	default:
		c.report(Error, "INVALID_SERVICE_CONDITION_KEY", cond.key.at, "the service has no condition key "+quote(key)+didYouMean(key, reference.Lookup(prefix).Known()...))
	}
	if known && !strings.EqualFold(prefix, "aws") && reference.Lookup(prefix) != nil && !c.used(s, prefix, key) {
		c.report(Warning, "IRRELEVANT_CONDITION_KEY_IN_POLICY", cond.key.at, "no action of the statement has the key "+quote(key)+", so that the request never carries it")
	}
	return kind, known
}

// used reports whether an action of the statement has the key. A service of the statement may
// also call the key's service on the caller's behalf, which nobody publishes: any action of
// that service is enough.
func (c *checker) used(s *statement, prefix, key string) bool {
	list, all := s.granted()
	if all || len(s.actions) == 0 || c.kind == policy.Trust {
		return true
	}
	for i := range list {
		if strings.EqualFold(list[i].service.Prefix, prefix) && (len(list[i].action.Keys) == 0 || list[i].action.Knows(key)) {
			return true
		}
	}
	return len(list) == 0
}

// fits compares the operator with the published type of the key.
func (c *checker) fits(s *statement, cond *condition, wants, kind, quantifier string) {
	base, many := strings.CutPrefix(kind, "ArrayOf")
	switch {
	case many && quantifier == "" && wants != "Null":
		c.report(Error, "MISSING_QUALIFIER", cond.operator.at, quote(cond.key.value)+" may have several values: write ForAnyValue or ForAllValues before the operator")
	case !many && quantifier == "ForAllValues" && !s.deny:
		c.report(Security, "FORALLVALUES_WITH_SINGLE_VALUED_KEY", cond.operator.at, quote(cond.key.value)+" has one value, and ForAllValues holds when the request lacks it")
	}
	if wants != "Null" && base != wants && !compatible[base+" "+wants] {
		c.report(Warning, "TYPE_MISMATCH", cond.operator.at, quote(cond.key.value)+" is of type "+base+", and "+cond.operator.value+" compares values of type "+wants)
	}
}

// compatible are operators that work on keys of another type: every value has a text.
var compatible = map[string]bool{
	"ARN String": true, "String ARN": true, "Bool String": true, "Numeric String": true, "Date Numeric": true, "IPAddress String": true,
	"String Binary": true, "Binary String": true, "Date String": true, "String Bool": true,
}

var number = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)

// date is the shape that the guide names for dates, and seconds since 1970.
var date = regexp.MustCompile(`^(\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?|\d{5,12})$`)

// conditionValue checks that the operator can compare with the value.
func (c *checker) conditionValue(name, wants string, v text) {
	variable := strings.Contains(v.value, "${")
	switch {
	case variable && wants != "String" && wants != "ARN":
		c.report(Error, "INVALID_VARIABLE_FOR_OPERATOR", v.at, "policy variables work with operators on strings and ARNs only")
	case wants == "Numeric" && !number.MatchString(v.value):
		c.report(Error, "TYPE_MISMATCH_NUMBER", v.at, quote(v.value)+" is no number")
	case wants == "Date" && !date.MatchString(v.value):
		c.report(Error, "TYPE_MISMATCH_DATE", v.at, quote(v.value)+" is no date as 2026-01-31T12:00:00Z, nor seconds since 1970")
	case (wants == "Bool" || wants == "Null") && !strings.EqualFold(v.value, "true") && !strings.EqualFold(v.value, "false"):
		c.report(Error, "TYPE_MISMATCH_BOOLEAN", v.at, quote(v.value)+" is neither true nor false")
	case wants == "IPAddress" && !isRange(v.value):
		c.report(Error, "TYPE_MISMATCH_IP_RANGE", v.at, quote(v.value)+" is no address and no range as 203.0.113.0/24")
	case wants == "Binary" && !isBase64(v.value):
		c.report(Error, "TYPE_MISMATCH_BINARY", v.at, quote(v.value)+" is no base64")
	case wants == "String" && !strings.HasSuffix(name, "Like") && hasWildcard(v.value):
		c.report(Warning, "WILDCARD_WITHOUT_LIKE_OPERATOR", v.at, "with "+name+" the wildcard in "+quote(v.value)+" is an ordinary letter; StringLike reads it")
	}
}

func hasWildcard(s string) bool { return strings.ContainsAny(holes.ReplaceAllString(s, ""), "*?") }

func isRange(s string) bool {
	_, err := netip.ParsePrefix(s)
	_, err2 := netip.ParseAddr(s)
	return err == nil || err2 == nil
}

func isBase64(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

func names(m map[string]string) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

package compare

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/policy"
)

// atom is one condition: an operator, a key and its values. Two statements that write the same
// have one atom.
type atom struct {
	key    *key
	parts  policy.ConditionParts
	deny   bool           // decides what holds when a value cannot be judged
	judge  *policy.Policy // one statement with this condition alone
	family string         // of operators
	many   bool           // it has a set operator
	open   bool           // a variable stands in a value
}

// key is one condition key with everything that a request may say about it.
type key struct {
	name  string // in lower case
	atoms []*atom
	says  []saying
	why   []string // why what a request may say is not known exactly

	incomplete bool // there are ways to speak about it that says lacks
}

// saying is a way in which a request can speak about a key: absent, or values. All ways that the
// atoms tell apart are there.
type saying struct {
	values  []string // nil: absent
	truth   map[*atom]bool
	guessed bool // that these truths can be together is not sure
}

// findKeys sorts the conditions by key.
func (c *comparison) findKeys() error {
	atoms, keys := map[string]*atom{}, map[string]*key{}
	for i := range c.statements {
		s := &c.statements[i]
		p := c.old
		if s.fresh {
			p = c.new
		}
		for _, parts := range p.Parts(s.index).Conditions {
			id := fmt.Sprintf("%s|%s|%q|%t|%t", parts.Operator, policy.KeyName(parts.Key), parts.Values, s.deny, p.Variables())
			if atoms[id] == nil {
				a, err := newAtom(parts, s.deny, p.Variables())
				if err != nil {
					return err
				}
				name := policy.KeyName(parts.Key)
				if keys[name] == nil {
					keys[name] = &key{name: name}
				}
				a.key = keys[name]
				a.key.atoms = append(a.key.atoms, a)
				atoms[id] = a
			}
			s.atoms = append(s.atoms, atoms[id])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		keys[name].explore()
		c.keys = append(c.keys, keys[name])
	}
	return nil
}

func newAtom(parts policy.ConditionParts, deny, variables bool) (*atom, error) {
	effect, version := "Allow", "2008-10-17"
	if deny {
		effect = "Deny"
	}
	if variables {
		version = "2012-10-17"
	}
	text, err := json.Marshal(map[string]any{"Version": version, "Statement": map[string]any{
		"Effect": effect, "Action": "*", "Resource": "*", "Condition": map[string]any{parts.Operator: map[string]any{parts.Key: parts.Values}},
	}})
	if err != nil {
		return nil, err
	}
	judge, err := policy.Parse(text, policy.Identity)
	if err != nil {
		return nil, fmt.Errorf("compare: condition %s on %s: %w", parts.Operator, parts.Key, err)
	}
	a := &atom{parts: parts, deny: deny, judge: judge}
	name := parts.Operator
	for _, prefix := range []string{"ForAllValues:", "ForAnyValue:"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name, a.many = rest, true
		}
	}
	a.family = family(strings.TrimSuffix(name, "IfExists"))
	a.open = variables && slices.ContainsFunc(parts.Values, func(v string) bool { return strings.Contains(v, "${") })
	return a, nil
}

func family(operator string) string {
	for _, prefix := range []string{"String", "Numeric", "Date", "Bool", "Binary", "Arn", "Null"} {
		if strings.HasPrefix(operator, prefix) {
			return prefix
		}
	}
	return "Ip"
}

var someone = policy.Principal{Type: policy.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/someone", UserID: "AIDAEXAMPLE"}

// holds asks the engine.
func (a *atom) holds(context policy.Values) bool {
	d := policy.Evaluate(
		&policy.Request{Action: "any:Thing", Resource: "*", ResourceAccount: someone.Account, Principal: someone, Context: context},
		&policy.Layers{Identity: []*policy.Policy{a.judge}},
	)
	return d.Effect != policy.ImplicitDeny
}

// limits of what is looked at for one key.
const (
	maxValues = 40 // values that are combined under set operators
	maxOpen   = 6  // conditions whose truth is free
)

// explore finds every way to speak about the key.
func (k *key) explore() {
	k.add(nil, nil)
	base, exact := k.values()
	quantified, open := 0, []*atom{}
	for _, a := range k.atoms {
		if a.many {
			quantified++
		}
		if a.open {
			open = append(open, a)
		}
	}
	if len(open) > 0 {
		k.why = append(k.why, "policy variables in conditions on "+k.name)
	}
	if !exact {
		k.why = append(k.why, "operators of several types, or too many values, on "+k.name)
		open = k.atoms
	}
	if quantified > 3 || (quantified > 0 && len(base) > maxValues) {
		k.why = append(k.why, "many set operators on "+k.name)
		open = k.atoms
	}
	k.incomplete = len(open) > maxOpen
	for _, list := range lists(base, quantified > 0 && len(base) <= maxValues) {
		k.add(list, open)
	}
}

// lists are the lists of values that a request may carry: single ones, and several. Without set
// operators what several values are does not matter.
func lists(base []string, sets bool) [][]string {
	var out [][]string
	for _, v := range base {
		out = append(out, []string{v})
	}
	if !sets {
		return append(out, []string{base[0], base[len(base)-1]})
	}
	for i := range base {
		for j := i; j < len(base); j++ {
			out = append(out, []string{base[i], base[j]})
			for l := j; l < len(base); l++ {
				out = append(out, []string{base[i], base[j], base[l]})
			}
		}
	}
	return out
}

// add keeps a way to speak once for each combination of truths. The truth of open atoms is
// free beside what the engine says.
func (k *key) add(values []string, open []*atom) {
	context := policy.Map{}
	if values != nil {
		context[k.name] = values
	}
	truth := map[*atom]bool{}
	for _, a := range k.atoms {
		truth[a] = a.holds(context)
	}
	k.keep(saying{values: values, truth: truth})
	if k.incomplete {
		return
	}
	for mask := range 1 << len(open) {
		free := maps.Clone(truth)
		for i, a := range open {
			free[a] = mask&(1<<i) != 0
		}
		k.keep(saying{values: values, truth: free, guessed: true})
	}
}

func (k *key) keep(s saying) {
	for _, have := range k.says {
		if maps.Equal(have.truth, s.truth) && (have.guessed == s.guessed || !have.guessed) {
			return
		}
	}
	k.says = append(k.says, s)
}

package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

// seedPolicies adds every policy of the decision tables to the corpus.
func seedPolicies(f *testing.F, add func(text string, kind policy.Kind)) {
	files, err := filepath.Glob("testdata/decisions/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no decision files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			keyword, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
			word, _, _ := strings.Cut(keyword, " ")
			if kind, ok := kinds[word]; ok {
				add(wrap(rest), kind)
			}
		}
	}
}

// FuzzParse: what parses keeps its text, prints a canonical form that parses
// to the same, and both forms decide alike.
func FuzzParse(f *testing.F) {
	seedPolicies(f, func(text string, kind policy.Kind) { f.Add([]byte(text), uint8(kind)) })
	f.Fuzz(func(t *testing.T, text []byte, k uint8) {
		kind := policy.Kind(k % 7)
		p, err := policy.Parse(text, kind)
		if err != nil {
			if _, ok := policy.AsSyntaxError(err); !ok {
				t.Fatalf("the error is a %T", err)
			}
			return
		}
		if p.Text() != string(text) || policy.Size(text) > len(text) {
			t.Fatal("the text changed")
		}
		canonical := p.Canonical()
		again, err := policy.Parse([]byte(canonical), kind)
		if err != nil {
			t.Fatalf("%s does not parse: %v", canonical, err)
		}
		if again.Canonical() != canonical {
			t.Fatalf("%s\nprints as\n%s", canonical, again.Canonical())
		}
		for _, r := range fixedRequests() {
			a := policy.Evaluate(r, layersOf(p))
			b := policy.Evaluate(r, layersOf(again))
			if a.Effect != b.Effect || a.Statement != b.Statement {
				t.Fatalf("%s: %+v, canonical %+v", text, a, b)
			}
		}
	})
}

func fixedRequests() []*policy.Request {
	context := policy.Map{"aws:username": {"dana"}, "aws:tagkeys": {"a", "b"}, "aws:sourceip": {"203.0.113.9"}, "aws:currenttime": {"2026-01-01T00:00:00Z"}}
	var all []*policy.Request
	for _, who := range []string{"user arn:aws:iam::111122223333:user/dana", "service glue.amazonaws.com", "anonymous"} {
		for _, what := range []string{"s3:GetObject", "sts:AssumeRole"} {
			all = append(all, &policy.Request{Action: what, Resource: "arn:aws:s3:::home/dana/x", Principal: principal(who), Context: context})
		}
	}
	return all
}

// layersOf puts p where its kind belongs, under an identity policy that allows
// everything, so that it decides.
func layersOf(p *policy.Policy) *policy.Layers {
	all, err := policy.Parse([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`), policy.Identity)
	if err != nil {
		panic(err)
	}
	l := &policy.Layers{Identity: []*policy.Policy{all}}
	one := []*policy.Policy{p}
	switch p.Kind() {
	case policy.Identity:
		l.Identity = one
	case policy.Resource, policy.Trust:
		l.Resource, l.ResourceRule = one, policy.Explicit
	case policy.Boundary:
		l.Boundary = p
	case policy.Session:
		l.Session = one
	case policy.SCP:
		l.SCP = [][]*policy.Policy{one}
	case policy.RCP:
		l.RCP = [][]*policy.Policy{one}
	}
	return l
}

// FuzzEvaluate: no request makes Evaluate fail or disagree with Explain, and
// adding a statement that denies everything always denies.
func FuzzEvaluate(f *testing.F) {
	seedPolicies(f, func(text string, kind policy.Kind) {
		f.Add(text, uint8(kind), "s3:GetObject", "arn:aws:s3:::b/k", "aws:tagkeys", "a")
	})
	deny, err := policy.Parse([]byte(`{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`), policy.SCP)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, k uint8, action, resource, key, value string) {
		p, err := policy.Parse([]byte(text), policy.Kind(k%7))
		if err != nil {
			return
		}
		l := layersOf(p)
		for _, r := range fixedRequests() {
			r.Action, r.Resource = action, resource
			r.Context = policy.Map{policy.KeyName(key): {value, value + "x"}, "aws:sourceip": {value}, "aws:currenttime": {value}, "a:n": {value}}
			d := policy.Evaluate(r, l)
			if e := policy.Explain(r, l); e.Decision() != d {
				t.Fatalf("Explain %+v, Evaluate %+v", e.Decision(), d)
			}
			denied := *l
			denied.SCP = append([][]*policy.Policy{{deny}}, l.SCP...)
			if policy.Evaluate(r, &denied).Allowed() && !strings.EqualFold(action, "sts:GetCallerIdentity") {
				t.Fatal("allowed in spite of a deny")
			}
		}
	})
}

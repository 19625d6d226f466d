package suggest_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/policy/suggest"
)

func TestWrite(t *testing.T) {
	deeds := []suggest.Deed{
		{Action: "glue:GetTable", Resource: "arn:aws:glue:r:1:catalog"},
		{Action: "glue:GetTable", Resource: "arn:aws:glue:r:1:database/d"},
		{Action: "glue:GetTable", Resource: "arn:aws:glue:r:1:table/d/t"},
		{Action: "glue:GetPartitions", Resource: "arn:aws:glue:r:1:catalog"},
		{Action: "glue:GetPartitions", Resource: "arn:aws:glue:r:1:database/d"},
		{Action: "glue:GetPartitions", Resource: "arn:aws:glue:r:1:table/d/t"},
		{Action: "iam:PassRole", Resource: "arn:aws:iam::1:role/r", Passed: "glue.amazonaws.com"},
		{Action: "kms:Decrypt", Resource: "arn:aws:kms:r:1:key/k"},
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/f*"},
	}
	got, err := suggest.Write(deeds)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(got.Policy)), "")
	for _, want := range []string{
		`"Action":["glue:GetPartitions","glue:GetTable"],"Resource":["arn:aws:glue:r:1:catalog","arn:aws:glue:r:1:database/d","arn:aws:glue:r:1:table/d/t"]`,
		`"Action":["iam:PassRole"],"Resource":["arn:aws:iam::1:role/r"],"Condition":{"StringEquals":{"iam:PassedToService":"glue.amazonaws.com"}}`,
		`"Resource":["arn:aws:s3:::b/f${*}"]`, `"Action":["kms:Decrypt"]`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, got.Policy)
		}
	}
	denied, err := suggest.Replay(got.Policy, append(deeds, suggest.Deed{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/fa"}))
	if err != nil || len(denied) != 1 || denied[0].Resource != "arn:aws:s3:::b/fa" {
		t.Errorf("denied: %v, %v", denied, err)
	}
}

func TestRulesAreNamedWhenTheyJoin(t *testing.T) {
	var deeds []suggest.Deed
	for i := range 6 {
		deeds = append(deeds, suggest.Deed{Action: "s3:GetObject", Resource: fmt.Sprintf("arn:aws:s3:::b/day=%d/f", i)},
			suggest.Deed{Action: "s3:GetObject", Resource: fmt.Sprintf("arn:aws:s3:::b/all/%d", i)},
			suggest.Deed{Action: "glue:GetTable", Resource: fmt.Sprintf("arn:aws:glue:r:1:table/d/%d", i)})
	}
	got, err := suggest.Write(deeds, suggest.Rules...)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got.Applied); s != "[{tables glue:GetTable arn:aws:glue:r:1:table/d/* 6} {objects s3:GetObject arn:aws:s3:::b/all/* 6}]" {
		t.Errorf("applied %s", s)
	}
	if denied, err := suggest.Replay(got.Policy, deeds); err != nil || len(denied) > 0 {
		t.Errorf("denied: %v, %v", denied, err)
	}
	exact, err := suggest.Write(deeds)
	if err != nil || len(exact.Applied) > 0 || strings.Contains(string(exact.Policy), "*") {
		t.Errorf("without rules: %v, %s", err, exact.Policy)
	}
}

// TestNothingIsDenied: whatever was done, the suggestion allows it, by rules and without.
func TestNothingIsDenied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deeds := rapid.SliceOf(rapid.Custom(func(t *rapid.T) suggest.Deed {
			d := suggest.Deed{Action: rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "glue:GetTable", "iam:PassRole"}).Draw(t, "action")}
			d.Resource = rapid.SampledFrom([]string{"*", "arn:aws:s3:::b/", "arn:aws:s3:::b/x/", "arn:aws:glue:r:1:table/d/", "arn:aws:iam::1:role/"}).Draw(t, "resource")
			if d.Resource != "*" {
				d.Resource += rapid.StringMatching(`[a-c*?$/{}]{0,4}`).Draw(t, "name")
			}
			d.Passed = rapid.SampledFrom([]string{"", "glue.amazonaws.com"}).Draw(t, "passed")
			return d
		})).Draw(t, "deeds")
		for _, rules := range [][]suggest.Rule{nil, suggest.Rules} {
			got, err := suggest.Write(deeds, rules...)
			if err != nil {
				t.Fatal(err)
			}
			denied, err := suggest.Replay(got.Policy, deeds)
			if err != nil || len(denied) > 0 {
				t.Fatalf("denied: %v, %v\n%s", denied, err, got.Policy)
			}
		}
	})
}

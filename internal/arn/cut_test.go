package arn

import (
	"slices"
	"testing"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text      string
		variables bool
		want      []string
	}{
		{"arn:aws:s3:::b/k", true, []string{"arn", "aws", "s3", "", "", "b/k"}},
		{"arn:aws:logs:r:a:log-group:g:*", true, []string{"arn", "aws", "logs", "r", "a", "log-group:g:*"}},
		{"arn:aws:s3:::${aws:username}/*", true, []string{"arn", "aws", "s3", "", "", "${aws:username}/*"}},
		{"arn:aws:iam::${aws:PrincipalAccount}:user/x", true, []string{"arn", "aws", "iam", "", "${aws:PrincipalAccount}", "user/x"}},
		{"arn:${aws:x}:y", false, []string{"arn", "${aws", "x}", "y"}},
		{"*", true, []string{"*"}},
		{"", true, []string{""}},
	} {
		if got := Cut(c.text, c.variables); !slices.Equal(got, c.want) {
			t.Errorf("%q, variables %v: got %q, want %q", c.text, c.variables, got, c.want)
		}
	}
}

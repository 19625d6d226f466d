package password

import (
	"errors"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/api/iamapi"
)

func TestOnlyThePasswordMatchesItsHash(t *testing.T) {
	stored := hash("correct Horse 1", []byte("0123456789abcdef"))
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored, "Horse") {
		t.Errorf("stored as %q", stored)
	}
	for password, want := range map[string]bool{"correct Horse 1": true, "correct horse 1": false, "": false} {
		if got, err := matches(stored, password); got != want || err != nil {
			t.Errorf("%q: %t, %v", password, got, err)
		}
	}
	for _, broken := range []string{"", "$2a$10$x", stored[:len(stored)-4], strings.Replace(stored, "v=19", "v=18", 1)} {
		if ok, err := matches(broken, "correct Horse 1"); ok || !errors.Is(err, errForm) {
			t.Errorf("%q: %t, %v", broken, ok, err)
		}
	}
}

func TestPoliciesRefuse(t *testing.T) {
	yes := true
	strict := &iamapi.PasswordPolicy{
		MinimumPasswordLength: new(int32(10)), RequireSymbols: &yes, RequireNumbers: &yes, RequireUppercaseCharacters: &yes, RequireLowercaseCharacters: &yes,
	}
	for _, c := range []struct {
		rules    *iamapi.PasswordPolicy
		password string
		want     string
	}{
		{nil, "Abcdefg1", ""},
		{nil, "Abcdef1", "Password should have a minimum length of 8"},
		{nil, "abcdefgh1", "Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols"},
		{strict, "Abcdefg1!x", ""},
		{strict, "Abcdefg1!", "Password should have a minimum length of 10"},
		{strict, "abcdefg1!x", "Password should have at least one uppercase letter"},
		{strict, "ABCDEFG1!X", "Password should have at least one lowercase letter"},
		{strict, "Abcdefgh!x", "Password should have at least one number"},
		{strict, "Abcdefgh1x", "Password should have at least one symbol"},
	} {
		got := ""
		if v := (*iamapi.PasswordPolicyViolationException)(nil); errors.As(conforms(c.rules, c.password), &v) {
			got = v.Message
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.password, got, c.want)
		}
	}
}

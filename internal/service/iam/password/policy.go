package password

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

const policyPaper = "password-policy"

func policyOf(account string) directory.Paper {
	return directory.Paper{Account: account, Kind: policyPaper}
}

// leastLength is the minimum length that a policy has which does not say one.
const leastLength = 6

// UpdateAccountPasswordPolicy replaces the account's password policy: what the
// request leaves out goes back to its default.
func (p *Passwords) UpdateAccountPasswordPolicy(ctx context.Context, in *iamapi.UpdateAccountPasswordPolicyInput) (*iamapi.UpdateAccountPasswordPolicyOutput, error) {
	kept := iamapi.PasswordPolicy{
		MinimumPasswordLength: new(int32(leastLength)), RequireSymbols: or(in.RequireSymbols), RequireNumbers: or(in.RequireNumbers),
		RequireUppercaseCharacters: or(in.RequireUppercaseCharacters), RequireLowercaseCharacters: or(in.RequireLowercaseCharacters),
		AllowUsersToChangePassword: or(in.AllowUsersToChangePassword), HardExpiry: or(in.HardExpiry),
		ExpirePasswords: new(in.MaxPasswordAge != nil && *in.MaxPasswordAge > 0),
	}
	if in.MinimumPasswordLength != nil {
		kept.MinimumPasswordLength = in.MinimumPasswordLength
	}
	if *kept.ExpirePasswords {
		kept.MaxPasswordAge = in.MaxPasswordAge
	}
	if in.PasswordReusePrevention != nil && *in.PasswordReusePrevention > 0 {
		kept.PasswordReusePrevention = in.PasswordReusePrevention
	}
	return nil, p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.WritePaper(ctx, tx, policyOf(op.CallFrom(ctx).Account), kept)
	})
}

func or(b *bool) *bool { return new(b != nil && *b) }

func noPolicy(account string) error {
	return terms.NoSuchText("The Password Policy with domain name %s cannot be found.", account)
}

// GetAccountPasswordPolicy reads the account's password policy.
func (p *Passwords) GetAccountPasswordPolicy(ctx context.Context, _ *iamapi.GetAccountPasswordPolicyInput) (*iamapi.GetAccountPasswordPolicyOutput, error) {
	out := &iamapi.GetAccountPasswordPolicyOutput{}
	account := op.CallFrom(ctx).Account
	err := p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.PasswordPolicy = new(iamapi.PasswordPolicy)
		return directory.ReadPaper(ctx, tx, policyOf(account), out.PasswordPolicy)
	})
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, noPolicy(account)
	}
	return out, err
}

// DeleteAccountPasswordPolicy goes back to what AWS asks of passwords by itself.
func (p *Passwords) DeleteAccountPasswordPolicy(ctx context.Context, _ *iamapi.DeleteAccountPasswordPolicyInput) (*iamapi.DeleteAccountPasswordPolicyOutput, error) {
	account := op.CallFrom(ctx).Account
	err := p.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.DeletePaper(ctx, tx, policyOf(account))
	})
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, noPolicy(account)
	}
	return nil, err
}

// inForce is the account's policy, nil when it has none.
func inForce(ctx context.Context, tx *db.Tx, account string) (*iamapi.PasswordPolicy, error) {
	found := new(iamapi.PasswordPolicy)
	err := directory.ReadPaper(ctx, tx, policyOf(account), found)
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, nil //nolint:nilnil // documented: AWS's own rules apply
	}
	return found, err
}

// UsersChangeTheirs reports whether the account lets every user change its own
// password, whatever its policies say of it.
func UsersChangeTheirs(ctx context.Context, tx *db.Tx, account string) (bool, error) {
	found, err := inForce(ctx, tx, account)
	return found != nil && found.AllowUsersToChangePassword != nil && *found.AllowUsersToChangePassword, err
}

// symbols are the characters that AWS takes for symbols.
const symbols = "!@#$%^&*()_+-=[]{}|'"

// class is a kind of characters that a password may have to hold.
type class struct {
	name string // as AWS calls it in a refusal
	has  bool
}

func classes(password string) [4]class {
	c := [4]class{{name: "uppercase letter"}, {name: "lowercase letter"}, {name: "number"}, {name: "symbol"}}
	for _, r := range password {
		switch {
		case r >= 'A' && r <= 'Z':
			c[0].has = true
		case r >= 'a' && r <= 'z':
			c[1].has = true
		case r >= '0' && r <= '9':
			c[2].has = true
		case strings.ContainsRune(symbols, r):
			c[3].has = true
		}
	}
	return c
}

func violation(format string, args ...any) error {
	return &iamapi.PasswordPolicyViolationException{Message: fmt.Sprintf(format, args...)}
}

// Rules without a policy (IAM guide, "Default password policy").
const (
	defaultLength  = 8
	defaultClasses = 3
)

// conforms refuses a password that the policy, or AWS's own without one, does not allow.
func conforms(rules *iamapi.PasswordPolicy, password string) error {
	kinds := classes(password)
	if rules == nil {
		return conformsByDefault(kinds, password)
	}
	if rules.MinimumPasswordLength != nil && utf8.RuneCountInString(password) < int(*rules.MinimumPasswordLength) {
		return violation("Password should have a minimum length of %d", *rules.MinimumPasswordLength)
	}
	for i, required := range []*bool{
		rules.RequireUppercaseCharacters, rules.RequireLowercaseCharacters, rules.RequireNumbers, rules.RequireSymbols,
	} {
		if required != nil && *required && !kinds[i].has {
			return violation("Password should have at least one %s", kinds[i].name)
		}
	}
	return nil
}

func conformsByDefault(kinds [4]class, password string) error {
	if utf8.RuneCountInString(password) < defaultLength {
		return violation("Password should have a minimum length of %d", defaultLength)
	}
	n := 0
	for _, c := range kinds {
		if c.has {
			n++
		}
	}
	if n < defaultClasses {
		return violation("Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols")
	}
	return nil
}

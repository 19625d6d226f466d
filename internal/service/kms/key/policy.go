package key

import (
	"context"
	"fmt"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// policyName is the only one that a key has.
const policyName = "default"

// defaultPolicy gives the account its key: IAM policies decide then.
func defaultPolicy(account string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "%s"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, arn.Root(account))
}

// firstPolicy is the policy of a new key.
func (k *Keys) firstPolicy(ctx context.Context, in *kmsapi.CreateKeyInput, keyARN string) (string, error) {
	if in.Policy == nil || *in.Policy == "" {
		return defaultPolicy(op.CallFrom(ctx).Account), nil
	}
	return *in.Policy, k.checkPolicy(ctx, keyARN, *in.Policy, in.BypassPolicyLockoutSafetyCheck)
}

// checkPolicy is everything that a key policy must be.
func (k *Keys) checkPolicy(ctx context.Context, keyARN, text string, bypass *bool) error {
	if len(text) > policy.LimitKey {
		return malformed("The policy is %d bytes long; at most %d are allowed.", len(text), policy.LimitKey)
	}
	parsed, err := policy.Parse([]byte(text), policy.Resource)
	if bad, ok := policy.AsSyntaxError(err); ok {
		return malformed("%s", bad.Error())
	}
	if err != nil {
		return err
	}
	for _, name := range parsed.Principals() {
		known, err := k.Principals.HasPrincipal(ctx, name)
		if err != nil {
			return err
		}
		if !known {
			return malformed("Policy contains a statement with one or more invalid principals.")
		}
	}
	if bypass != nil && *bypass {
		return nil
	}
	return k.checkLockOut(ctx, keyARN, parsed)
}

// checkLockOut refuses a policy under which its author could not change it again.
func (k *Keys) checkLockOut(ctx context.Context, keyARN string, parsed *policy.Policy) error {
	call := op.CallFrom(ctx)
	resource := op.Resource{ARN: keyARN, Account: call.Account, Policy: parsed, Trust: true, Keys: directory.RequestKeys(call)}
	if !k.Authorizer.Allowed(ctx, op.Access{Action: "kms:PutKeyPolicy", Resource: resource, Context: resource.Keys}) {
		return malformed("The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

func malformed(format string, args ...any) error {
	return &kmsapi.MalformedPolicyDocumentException{Message: fmt.Sprintf(format, args...)}
}

// GetKeyPolicy reads the policy.
func (k *Keys) GetKeyPolicy(ctx context.Context, in *kmsapi.GetKeyPolicyInput) (*kmsapi.GetKeyPolicyOutput, error) {
	v, err := k.Directory.Target(ctx, 0, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := checkName(in.PolicyName); err != nil {
		return nil, err
	}
	return &kmsapi.GetKeyPolicyOutput{Policy: &v.Policy, PolicyName: new(policyName)}, nil
}

// PutKeyPolicy replaces the policy.
func (k *Keys) PutKeyPolicy(ctx context.Context, in *kmsapi.PutKeyPolicyInput) (*kmsapi.PutKeyPolicyOutput, error) {
	v, err := k.Directory.Target(ctx, 0, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := checkName(in.PolicyName); err != nil {
		return nil, err
	}
	if err := k.checkPolicy(ctx, v.ARN, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	err = k.change(ctx, in.KeyId, func(_ *db.Tx, key *directory.Key) error {
		key.Policy = in.Policy
		return nil
	})
	return &kmsapi.PutKeyPolicyOutput{}, err
}

// ListKeyPolicies names the one policy that a key has.
func (k *Keys) ListKeyPolicies(ctx context.Context, in *kmsapi.ListKeyPoliciesInput) (*kmsapi.ListKeyPoliciesOutput, error) {
	if _, err := k.Directory.Target(ctx, 0, in.KeyId); err != nil {
		return nil, err
	}
	if _, err := k.Pages.After(op.CallFrom(ctx), in.KeyId, in.Marker); err != nil {
		return nil, err
	}
	return &kmsapi.ListKeyPoliciesOutput{PolicyNames: []string{policyName}, Truncated: new(false)}, nil
}

func checkName(name *string) error {
	if name != nil && *name != policyName {
		return terms.NotFound("No such policy exists")
	}
	return nil
}

package grant

import (
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// check is what the model cannot say about a new grant.
func (g *Grants) check(ctx context.Context, v *directory.View, in *kmsapi.CreateGrantInput) error {
	if (in.GranteePrincipal == nil) == (in.GranteeServicePrincipal == nil) {
		return terms.Invalid("You must specify exactly one of GranteePrincipal and GranteeServicePrincipal.")
	}
	if in.RetiringPrincipal != nil && in.RetiringServicePrincipal != nil {
		return terms.Invalid("You must specify at most one of RetiringPrincipal and RetiringServicePrincipal.")
	}
	for _, p := range []*string{in.GranteePrincipal, in.RetiringPrincipal} {
		if err := g.checkPrincipal(ctx, p); err != nil {
			return err
		}
	}
	for _, s := range []*string{in.GranteeServicePrincipal, in.RetiringServicePrincipal} {
		if s != nil && !strings.HasSuffix(*s, ".amazonaws.com") {
			return terms.Invalid("Invalid service principal %s", *s)
		}
	}
	if len(in.Operations) == 0 {
		return terms.Invalid("1 validation error detected: Value '[]' at 'operations' failed to satisfy constraint: Member must not be empty")
	}
	for _, o := range in.Operations {
		if !slices.Contains(operations(v), o) {
			return terms.Invalid("Unsupported operation %s for a key of usage %s and spec %s", o, *v.Meta.KeyUsage, *v.Meta.KeySpec)
		}
	}
	return checkConstraints(v, in.Constraints)
}

func (g *Grants) checkPrincipal(ctx context.Context, name *string) error {
	if name == nil {
		return nil
	}
	known := false
	if parts, ok := arn.Split(*name); ok && (parts[2] == "iam" || parts[2] == "sts") && !strings.ContainsAny(*name, "*?") {
		var err error
		if known, err = g.Principals.HasPrincipal(ctx, *name); err != nil {
			return err
		}
	}
	if !known {
		return &kmsapi.InvalidArnException{Message: "ARN does not refer to a valid principal: " + *name}
	}
	return nil
}

func checkConstraints(v *directory.View, c *kmsapi.GrantConstraints) error {
	switch {
	case c == nil:
		return nil
	case c.SourceArn != nil:
		return terms.Unsupported("the grant constraint SourceArn")
	case !v.Spec().Symmetric():
		return terms.Invalid("Encryption context constraints are for symmetric encryption keys only.")
	case (c.EncryptionContextEquals == nil) == (c.EncryptionContextSubset == nil):
		return terms.Invalid("You must specify exactly one of EncryptionContextEquals and EncryptionContextSubset.")
	}
	return nil
}

// operations are those that a grant on the key can have.
func operations(v *directory.View) []string {
	always := []string{kmsapi.GrantOperationCreateGrant, kmsapi.GrantOperationRetireGrant, kmsapi.GrantOperationDescribeKey}
	both := []string{
		kmsapi.GrantOperationEncrypt, kmsapi.GrantOperationDecrypt, kmsapi.GrantOperationReEncryptFrom, kmsapi.GrantOperationReEncryptTo,
	}
	switch {
	case *v.Meta.KeyUsage == kmsapi.KeyUsageTypeGenerateVerifyMac:
		return append(always, kmsapi.GrantOperationGenerateMac, kmsapi.GrantOperationVerifyMac)
	case *v.Meta.KeyUsage == kmsapi.KeyUsageTypeSignVerify:
		return append(always, kmsapi.GrantOperationSign, kmsapi.GrantOperationVerify, kmsapi.GrantOperationGetPublicKey)
	case v.Spec().Symmetric():
		return slices.Concat(always, both, []string{
			kmsapi.GrantOperationGenerateDataKey, kmsapi.GrantOperationGenerateDataKeyWithoutPlaintext,
			kmsapi.GrantOperationGenerateDataKeyPair, kmsapi.GrantOperationGenerateDataKeyPairWithoutPlaintext,
		})
	}
	return slices.Concat(always, both, []string{kmsapi.GrantOperationGetPublicKey})
}

package kms

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/grant"
)

// resolvers find what an operation is authorized on, by the names in the table.
func (s *Service) resolvers() map[string]op.Resolver {
	return map[string]op.Resolver{
		"key": s.resolveKey, "alias": s.resolveAlias, "request": s.resolveRequest, "source": s.resolveSource,
		"retirement": s.resolveRetirement, "grant": s.resolveGrant,
	}
}

// abroad are the operations that people of other accounts can be given, by the key's policy.
var abroad = []string{
	"CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
	"GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyRotationStatus", "GetPublicKey", "ListGrants", "ListKeyRotations",
	"ReEncrypt", "RetireGrant", "RevokeGrant", "Sign", "Verify", "VerifyMac",
}

// question is what an operation asks of a key.
func question(ctx context.Context, in any) *directory.Question {
	name := op.CallFrom(ctx).Operation
	q := &directory.Question{Action: "kms:" + name, Own: !slices.Contains(abroad, name)}
	if f := field(in, "EncryptionContext"); f.IsValid() {
		q.Contextual = true
		q.Context, _ = f.Interface().(map[string]string)
	}
	return q
}

func field(in any, name string) reflect.Value {
	return reflect.Indirect(reflect.ValueOf(in)).FieldByName(name)
}

// resolveKey is for operations whose input names a key.
func (s *Service) resolveKey(ctx context.Context, in any) ([]op.Resource, error) {
	q := question(ctx, in)
	r, err := s.keys.Resource(ctx, field(in, "KeyId").String(), q)
	if err != nil {
		return nil, err
	}
	addInputKeys(r.Keys, in)
	return []op.Resource{r}, nil
}

// addInputKeys adds the condition keys that the rows cannot take from the input as they are.
func addInputKeys(keys map[string][]string, in any) {
	switch in := in.(type) {
	case *kmsapi.GenerateDataKeyPairInput:
		keys["kms:datakeypairspec"] = []string{in.KeyPairSpec}
	case *kmsapi.GenerateDataKeyPairWithoutPlaintextInput:
		keys["kms:datakeypairspec"] = []string{in.KeyPairSpec}
	case *kmsapi.ScheduleKeyDeletionInput:
		days := int32(30)
		if in.PendingWindowInDays != nil {
			days = *in.PendingWindowInDays
		}
		keys["kms:schedulekeydeletionpendingwindowindays"] = []string{strconv.Itoa(int(days))}
	case *kmsapi.SignInput:
		keys["kms:messagetype"] = []string{kmsapi.MessageTypeRaw} // what is meant when the input names none
	case *kmsapi.VerifyInput:
		keys["kms:messagetype"] = []string{kmsapi.MessageTypeRaw}
	case *kmsapi.PutKeyPolicyInput:
		keys["kms:bypasspolicylockoutsafetycheck"] = []string{"false"}
	}
}

// resolveSource is for operations on a ciphertext, which names its key where the input does not.
// A ciphertext that names no key is invalid, whoever asks.
func (s *Service) resolveSource(ctx context.Context, in any) ([]op.Resource, error) {
	var given, algorithm *string
	var blob []byte
	q := &directory.Question{Contextual: true}
	switch in := in.(type) {
	case *kmsapi.DecryptInput:
		given, algorithm, blob = in.KeyId, in.EncryptionAlgorithm, in.CiphertextBlob
		q.Action, q.Context = "kms:Decrypt", in.EncryptionContext
	case *kmsapi.ReEncryptInput:
		given, algorithm, blob = in.SourceKeyId, in.SourceEncryptionAlgorithm, in.CiphertextBlob
		q.Action, q.Context = "kms:ReEncryptFrom", in.SourceEncryptionContext
	}
	ref, err := s.SourceKey(ctx, given, algorithm, blob)
	if err != nil {
		return nil, err
	}
	r, err := s.keys.Resource(ctx, ref, q)
	if err != nil {
		return nil, err
	}
	if re, ok := in.(*kmsapi.ReEncryptInput); ok {
		to, err := s.keys.Resource(ctx, re.DestinationKeyId, &directory.Question{})
		if err != nil {
			return nil, err
		}
		r.Keys["kms:reencryptonsamekey"] = []string{strconv.FormatBool(r.ID != "" && to.ID == r.ID)}
	}
	return []op.Resource{r}, nil
}

// resolveAlias is for operations on an alias: the alias, the key it is to stand for, and the one
// that it stands for now.
func (s *Service) resolveAlias(ctx context.Context, in any) ([]op.Resource, error) {
	call := op.CallFrom(ctx)
	name := field(in, "AliasName").String()
	q := question(ctx, in)
	out := []op.Resource{s.keys.AliasResource(call, name)}
	var refs []string
	if to := field(in, "TargetKeyId"); to.IsValid() {
		refs = append(refs, to.String())
	}
	if call.Operation != "CreateAlias" {
		refs = append(refs, name)
	}
	for _, ref := range refs {
		r, err := s.keys.Resource(ctx, ref, q)
		if err != nil {
			return nil, err
		}
		if r.ID != "" || ref != name { // an alias that stands for no key is asked about once
			out = append(out, r)
		}
	}
	return out, nil
}

// resolveRequest is for operations that are about no key. Those that make one have the condition
// keys of what they make, with AWS's defaults.
func (s *Service) resolveRequest(ctx context.Context, in any) ([]op.Resource, error) {
	keys := directory.RequestKeys(op.CallFrom(ctx))
	if in, ok := in.(*kmsapi.CreateKeyInput); ok {
		keys["kms:keyspec"] = []string{first(in.KeySpec, in.CustomerMasterKeySpec, kmsapi.KeySpecSymmetricDefault)}
		keys["kms:keyusage"] = []string{first(in.KeyUsage, nil, kmsapi.KeyUsageTypeEncryptDecrypt)}
		keys["kms:keyorigin"] = []string{first(in.Origin, nil, kmsapi.OriginTypeAwsKms)}
		keys["kms:multiregion"] = []string{strconv.FormatBool(in.MultiRegion != nil && *in.MultiRegion)}
		keys["kms:bypasspolicylockoutsafetycheck"] = []string{strconv.FormatBool(in.BypassPolicyLockoutSafetyCheck != nil && *in.BypassPolicyLockoutSafetyCheck)}
	}
	return []op.Resource{{ARN: "*", Keys: keys}}, nil
}

func first(a, b *string, otherwise string) string {
	switch {
	case a != nil:
		return *a
	case b != nil:
		return *b
	}
	return otherwise
}

// resolveGrant is for operations on the grants of a key.
func (s *Service) resolveGrant(ctx context.Context, in any) ([]op.Resource, error) {
	q := question(ctx, in)
	made, _ := in.(*kmsapi.CreateGrantInput)
	if made != nil {
		q.Child = grant.Wanted(op.CallFrom(ctx).Account, made)
	}
	r, err := s.keys.Resource(ctx, field(in, "KeyId").String(), q)
	if err != nil {
		return nil, err
	}
	r.Keys["kms:grantisforawsresource"] = []string{strconv.FormatBool(op.CallFrom(ctx).ViaAWS)}
	if made != nil {
		addGrantKeys(r.Keys, q.Child)
	}
	return []op.Resource{r}, nil
}

func addGrantKeys(keys map[string][]string, g *directory.Grant) {
	keys["kms:grantoperations"] = g.Operations
	switch {
	case g.Equals != nil:
		keys["kms:grantconstrainttype"] = []string{"EncryptionContextEquals"}
		directory.AddContext(keys, g.Equals)
	case g.Subset != nil:
		keys["kms:grantconstrainttype"] = []string{"EncryptionContextSubset"}
		directory.AddContext(keys, g.Subset)
	}
}

// resolveRetirement is for RetireGrant, which the grant itself allows. A grant that does not exist
// is asked of the identity policies.
func (s *Service) resolveRetirement(ctx context.Context, in any) ([]op.Resource, error) {
	key, id, err := s.Named(ctx, in.(*kmsapi.RetireGrantInput))
	if err != nil {
		return nil, err
	}
	r, err := s.keys.Resource(ctx, key, &directory.Question{Action: "kms:RetireGrant"})
	if err != nil || r.ID == "" {
		return []op.Resource{r}, err
	}
	v, err := s.keys.Known(ctx, r.ID, key)
	if err != nil {
		return nil, err
	}
	p, ok := v.Retirement(id)
	if r.Policy = p; !ok {
		r.Policy, r.Trust = nil, false
	}
	return []op.Resource{r}, nil
}

// facts tells the gateway about keys where a decision about one comes from another service.
type facts struct{ keys *directory.Directory }

// Policy implements op.Facts: the key policy, which must itself allow. Grants have no say here,
// since the question does not tell what they are constrained by.
func (f facts) Policy(ctx context.Context, resource string) (any, error) {
	if !strings.Contains(resource, ":key/") {
		return nil, nil //nolint:nilnil // aliases have no policy
	}
	v, err := f.keys.Find(ctx, resource)
	if missing(err) {
		return nil, nil //nolint:nilnil // nor has what does not exist: there is nothing to protect
	}
	if err != nil {
		return nil, err
	}
	return op.Explicit{Policy: v.KeyPolicy()}, nil
}

// Tags implements op.Facts.
func (f facts) Tags(ctx context.Context, resource string) (map[string]string, error) {
	parts, _ := arn.Split(resource)
	if !strings.HasPrefix(parts[5], "key/") {
		return nil, nil //nolint:nilnil // aliases have no tags
	}
	v, err := f.keys.Find(ctx, resource)
	if missing(err) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	return v.TagMap(), nil
}

func missing(err error) bool {
	var e *kmsapi.NotFoundException
	return errors.As(err, &e)
}

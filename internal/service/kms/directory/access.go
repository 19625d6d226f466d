package directory

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Question is what is to be done with a key, as far as decisions depend on it.
type Question struct {
	Action  string            // "kms:Decrypt"
	Context map[string]string // the encryption context
	// Contextual says that the operation has an encryption context, so that grants constrained by
	// one apply to it only where they are met.
	Contextual bool
	// Child is the grant that is to be made with this one's rights, nil for other operations.
	Child *Grant
	// Own leaves other accounts out: AWS has no cross-account use of the operation.
	Own bool
}

// Resource is what an operation on a key is authorized on: the key with its policy, the grants
// that apply, its tags, and the condition keys that only the store knows. What does not exist is
// judged by identity policies alone, as a new key with AWS's default policy would be.
func (d *Directory) Resource(ctx context.Context, text string, q *Question) (op.Resource, error) {
	call := op.CallFrom(ctx)
	ref, id, err := d.resolve(ctx, call, text)
	var fault op.Error
	if errors.As(err, &fault) { // no reference at all: the handler says so, to those who might know
		return op.Resource{ARN: arn.KMSKey(call.Region, call.Account, "*"), Account: call.Account, Keys: RequestKeys(call)}, nil
	}
	if err != nil {
		return op.Resource{}, err
	}
	if id == "" {
		return d.absent(call, ref), nil
	}
	v, err := d.view(ctx, id)
	if errors.Is(err, errNoKey) {
		v, err = d.unmade(call, ref, id)
	}
	if err != nil {
		return op.Resource{}, err
	}
	return d.about(call, v, ref, q), nil
}

// About is [Directory.Resource] for a key that was found.
func (d *Directory) About(call *op.Call, v *View, q *Question) op.Resource {
	return d.about(call, v, Ref{}, q)
}

func (d *Directory) about(call *op.Call, v *View, ref Ref, q *Question) op.Resource {
	keys := RequestKeys(call)
	v.addKeys(keys, q)
	if ref.Alias != "" {
		keys["kms:requestalias"] = []string{ref.Alias}
	}
	out := op.Resource{ARN: v.ARN, Account: v.Account, ID: v.ID, Tags: v.TagMap(), Trust: true, Keys: keys}
	if q.Own && v.Account != call.Account {
		out.Policy = policy.Nobody(policy.Resource)
		return out
	}
	out.Policy = v.governing(q)
	return out
}

// absent: only identity policies can speak for what is not there; in another account nobody can.
func (d *Directory) absent(call *op.Call, ref Ref) op.Resource {
	out := op.Resource{ARN: ref.ARN(d.region), Account: ref.Account, Keys: RequestKeys(call)}
	if ref.Alias != "" {
		out.Keys["kms:requestalias"] = []string{ref.Alias}
	}
	return out
}

// AliasResource is what an operation on an alias is authorized on: aliases have no policy.
func (d *Directory) AliasResource(call *op.Call, name string) op.Resource {
	return op.Resource{ARN: arn.KMSAlias(d.region, call.Account, name), Account: call.Account, Keys: RequestKeys(call)}
}

// OfID is the ARN of the key with an id, which a ciphertext or a token has named. ok is false
// when there is no such key.
func (d *Directory) OfID(ctx context.Context, id string) (keyARN string, ok bool, err error) {
	v, err := d.view(ctx, id)
	if errors.Is(err, errNoKey) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return v.ARN, true, nil
}

// RequestKeys are the condition keys of every request to KMS.
func RequestKeys(call *op.Call) map[string][]string {
	keys := map[string][]string{}
	if call.Account != "" {
		keys["kms:calleraccount"] = []string{call.Account}
	}
	if via := ViaService(call); via != "" {
		keys["kms:viaservice"] = []string{via}
	}
	return keys
}

// ViaService is the service that calls on the principal's behalf as kms:ViaService names it, with
// the region: "s3.eu-west-1.amazonaws.com". It is empty for a call of the principal's own.
func ViaService(call *op.Call) string {
	if len(call.Via) == 0 {
		return ""
	}
	service, domain, _ := strings.Cut(call.Via[len(call.Via)-1], ".")
	return service + "." + call.Region + "." + domain
}

// addKeys adds what is known of the key.
func (v *View) addKeys(keys map[string][]string, q *Question) {
	keys["kms:keyspec"] = []string{*v.Meta.KeySpec}
	keys["kms:keyusage"] = []string{*v.Meta.KeyUsage}
	keys["kms:keyorigin"] = []string{*v.Meta.Origin}
	keys["kms:multiregion"] = []string{strconv.FormatBool(*v.Meta.MultiRegion)}
	if len(v.Aliases) > 0 {
		keys["kms:resourcealiases"] = v.Aliases
	}
	if v.Spec().Symmetric() && q.Contextual {
		keys["kms:encryptionalgorithm"] = []string{"SYMMETRIC_DEFAULT"} // what is meant when the input names none
	}
}

// TagMap are the tags by name.
func (v *View) TagMap() map[string]string {
	out := make(map[string]string, len(v.Tags))
	for _, t := range v.Tags {
		out[t.TagKey] = t.TagValue
	}
	return out
}

// CheckEnabled refuses a key that is disabled or about to be deleted.
func (v *View) CheckEnabled() error {
	switch *v.Meta.KeyState {
	case Enabled:
		return nil
	case Disabled:
		return disabled(v.ARN)
	}
	return v.CheckPresent()
}

// CheckPresent refuses a key that is about to be deleted.
func (v *View) CheckPresent() error {
	if *v.Meta.KeyState == PendingDeletion {
		return terms.State("%s is pending deletion.", v.ARN)
	}
	return nil
}

// AddContext adds an encryption context to condition keys.
func AddContext(keys map[string][]string, context map[string]string) {
	for name, value := range context {
		key := "kms:encryptioncontext:" + strings.ToLower(name)
		keys[key] = append(keys[key], value)
		keys["kms:encryptioncontextkeys"] = append(keys["kms:encryptioncontextkeys"], name)
	}
}

// Known is the key with an id that the caller has authorized; text is the reference for the error.
func (d *Directory) Known(ctx context.Context, id, text string) (*View, error) {
	return d.viewOrError(ctx, op.CallFrom(ctx), id, text)
}

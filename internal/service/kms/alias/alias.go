// Package alias answers the operations about aliases: names of keys, which can come to stand for
// another key of the same kind.
package alias

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
)

// Aliases answers the operations about aliases.
type Aliases struct {
	Directory *directory.Directory
	Pages     terms.Pages
}

// mostAliases is AWS's quota of aliases per key.
const mostAliases = 50

// CreateAlias gives a key of the caller's account a name.
func (a *Aliases) CreateAlias(ctx context.Context, in *kmsapi.CreateAliasInput) (*kmsapi.CreateAliasOutput, error) {
	if err := checkName(in.AliasName); err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	v, err := a.target(ctx, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	err = a.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := directory.FindAlias(ctx, tx, call.Account, in.AliasName)
		if err != nil {
			return err
		}
		if old != nil {
			name := arn.KMSAlias(call.Region, call.Account, in.AliasName)
			return &kmsapi.AlreadyExistsException{Message: "An alias with the name " + name + " already exists"}
		}
		if err := present(ctx, tx, v.ID); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM kms_alias WHERE key_id = ?`, v.ID).Scan(&n); err != nil {
			return err
		}
		if n >= mostAliases {
			return terms.Limit("A key can have at most %d aliases.", mostAliases)
		}
		now := clock.Millis(tx.Now())
		return directory.PutAlias(ctx, tx, call.Account, in.AliasName, nil, &directory.Alias{Key: v.ID, Created: now, Updated: now})
	})
	return &kmsapi.CreateAliasOutput{}, err
}

// UpdateAlias has an alias stand for another key, which must do the same sort of thing.
func (a *Aliases) UpdateAlias(ctx context.Context, in *kmsapi.UpdateAliasInput) (*kmsapi.UpdateAliasOutput, error) {
	if err := checkName(in.AliasName); err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	v, err := a.target(ctx, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	err = a.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := a.find(ctx, tx, call, in.AliasName)
		if err != nil {
			return err
		}
		if err := present(ctx, tx, v.ID); err != nil {
			return err
		}
		current, err := directory.FindKey(ctx, tx, old.Key)
		if err != nil {
			return err
		}
		if *current.Meta.KeyUsage != *v.Meta.KeyUsage || current.Spec().Symmetric() != v.Spec().Symmetric() {
			return terms.Invalid("Alias %s cannot be associated with a key of another type or usage.", in.AliasName)
		}
		next := &directory.Alias{Key: v.ID, Created: old.Created, Updated: clock.Millis(tx.Now())}
		return directory.PutAlias(ctx, tx, call.Account, in.AliasName, old, next)
	})
	return &kmsapi.UpdateAliasOutput{}, err
}

// DeleteAlias removes an alias; its key stays.
func (a *Aliases) DeleteAlias(ctx context.Context, in *kmsapi.DeleteAliasInput) (*kmsapi.DeleteAliasOutput, error) {
	if err := checkName(in.AliasName); err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	err := a.Directory.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := a.find(ctx, tx, call, in.AliasName)
		if err != nil {
			return err
		}
		return directory.PutAlias(ctx, tx, call.Account, in.AliasName, old, nil)
	})
	return &kmsapi.DeleteAliasOutput{}, err
}

// target is the key that an alias is to stand for: it is named by its id or ARN, and the caller's own.
func (a *Aliases) target(ctx context.Context, ref string) (*directory.View, error) {
	if strings.Contains(ref, "alias/") {
		return nil, terms.Invalid("Aliases must refer to keys. Not aliases")
	}
	return a.Directory.Target(ctx, 1, ref)
}

// find reads an alias whose key the call was authorized on. One that has come to stand for
// another key in the meantime was not.
func (a *Aliases) find(ctx context.Context, tx *db.Tx, call *op.Call, name string) (*directory.Alias, error) {
	old, err := directory.FindAlias(ctx, tx, call.Account, name)
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, terms.NotFound("Alias %s is not found.", arn.KMSAlias(call.Region, call.Account, name))
	}
	if !slices.ContainsFunc(call.Resources, func(r op.Resource) bool { return r.ID == old.Key }) {
		return nil, &kmsapi.ConflictException{Message: "Alias " + name + " was changed by another request; try again."}
	}
	return old, nil
}

func present(ctx context.Context, tx *db.Tx, id string) error {
	key, err := directory.FindKey(ctx, tx, id)
	if directory.IsNoKey(err) {
		return terms.NotFound("Key '%s' does not exist", id)
	}
	if err == nil && *key.Meta.KeyState == directory.PendingDeletion {
		return terms.State("%s is pending deletion.", *key.Meta.Arn)
	}
	return err
}

func checkName(name string) error {
	switch rest, ok := strings.CutPrefix(name, "alias/"); {
	case !ok:
		return terms.Invalid("Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
	case rest == "" || strings.Contains(rest, ":"):
		return &kmsapi.InvalidAliasNameException{Message: name + " contains invalid characters for an alias"}
	case strings.HasPrefix(rest, "aws/"):
		return &op.Fault{Code: "NotAuthorizedException", Message: "Aliases that begin with alias/aws/ are reserved for AWS managed keys."}
	}
	return nil
}

// ListAliases lists the aliases of the caller's account: those of one key, or all, with the names
// of managed keys that nobody has used yet among them.
func (a *Aliases) ListAliases(ctx context.Context, in *kmsapi.ListAliasesInput) (*kmsapi.ListAliasesOutput, error) {
	size, err := terms.Size(in.Limit, 50, 100)
	if err != nil {
		return nil, err
	}
	call := op.CallFrom(ctx)
	after, err := a.Pages.After(call, in.KeyId, in.Marker)
	if err != nil {
		return nil, err
	}
	id := ""
	if in.KeyId != nil {
		v, err := a.Directory.Find(ctx, *in.KeyId)
		if err == nil && v.Account != call.Account { // as if it did not exist
			err = terms.KeyNotFound(v.ARN)
		}
		if err != nil {
			return nil, err
		}
		id = v.ID
	}
	found, err := a.list(ctx, call.Account, id, after, size+1)
	if err != nil {
		return nil, err
	}
	found, more := terms.Cut(found, size)
	out := &kmsapi.ListAliasesOutput{Aliases: []kmsapi.AliasListEntry{}, Truncated: &more}
	for _, n := range found {
		out.Aliases = append(out.Aliases, entry(call, n))
	}
	if more {
		out.NextMarker, err = a.Pages.Next(call, in.KeyId, found[len(found)-1].Name)
	}
	return out, err
}

func (a *Aliases) list(ctx context.Context, account, id, after string, limit int) (found []directory.NamedAlias, err error) {
	err = a.Directory.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = directory.ListAliases(ctx, tx, account, id, after, limit)
		return err
	})
	if err != nil || id != "" {
		return found, err
	}
	for _, name := range directory.ManagedAliases() {
		have := slices.ContainsFunc(found, func(n directory.NamedAlias) bool { return n.Name == name })
		if name > after && !have {
			found = append(found, directory.NamedAlias{Name: name})
		}
	}
	slices.SortFunc(found, func(x, y directory.NamedAlias) int { return cmp.Compare(x.Name, y.Name) })
	return found[:min(limit, len(found))], nil
}

func entry(call *op.Call, n directory.NamedAlias) kmsapi.AliasListEntry {
	out := kmsapi.AliasListEntry{AliasName: &n.Name, AliasArn: new(arn.KMSAlias(call.Region, call.Account, n.Name))}
	if n.Key != "" {
		out.TargetKeyId, out.CreationDate, out.LastUpdatedDate = &n.Key, new(op.Millis(n.Created)), new(op.Millis(n.Updated))
	}
	return out
}

// Package directory is what every request of Secrets Manager needs of secrets: finding the one
// that is meant, deciding about it, and storing what became of it.
//
// A secret is one document: its description, its resource policy, its tags, and for each version
// the staging labels. The values lie beside it, one row per version, encrypted (package value);
// nothing that is journalled can show them.
package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// The staging labels that Secrets Manager moves by itself.
const (
	Current  = "AWSCURRENT"
	Previous = "AWSPREVIOUS"
	Pending  = "AWSPENDING"
)

// Secret is the stored form of a secret, without its values. Times are milliseconds.
type Secret struct {
	Meta     secretsmanagerapi.DescribeSecretOutput // without the versions
	Account  string
	Policy   string // the resource policy; empty: none
	Versions []Version
	Purge    int64 // when a secret that was deleted is removed; 0: it was not
}

// Version is one version of a secret, without its value.
type Version struct {
	ID      string
	Stages  []string
	Created int64
	Key     string // the ARN of the key of KMS that protects it
}

// Find is the version with an id, nil when there is none.
func (s *Secret) Find(id string) *Version {
	for i := range s.Versions {
		if s.Versions[i].ID == id {
			return &s.Versions[i]
		}
	}
	return nil
}

// Staged is the version that has a label, nil when none has.
func (s *Secret) Staged(stage string) *Version {
	for i := range s.Versions {
		if slices.Contains(s.Versions[i].Stages, stage) {
			return &s.Versions[i]
		}
	}
	return nil
}

// Stages are the labels by version, without the versions that have none.
func (s *Secret) Stages() map[string][]string {
	out := map[string][]string{}
	for _, v := range s.Versions {
		if len(v.Stages) > 0 {
			out[v.ID] = v.Stages
		}
	}
	return out
}

// CheckKept refuses a secret that was deleted.
func (s *Secret) CheckKept() error {
	if s.Purge != 0 {
		return terms.Request("You can't perform this operation on the secret because it was marked for deletion.")
	}
	return nil
}

// TagMap are the tags by name.
func (s *Secret) TagMap() map[string]string {
	out := make(map[string]string, len(s.Meta.Tags))
	for _, t := range s.Meta.Tags {
		out[*t.Key] = *t.Value
	}
	return out
}

// Governing is the resource policy, nil when there is none. One that cannot be read denies.
func (s *Secret) Governing() any {
	if s.Policy == "" {
		return nil
	}
	p, err := policy.Parse([]byte(s.Policy), policy.Resource)
	if err != nil {
		return policy.Broken("the resource policy of the secret cannot be read: " + err.Error())
	}
	return p
}

// Directory finds secrets.
type Directory struct {
	*db.DB
	Region string
}

// Lookup finds a secret by its name, its ARN, or its ARN without the six random characters. The
// error is terms.NoSecret's when there is none.
func (d *Directory) Lookup(ctx context.Context, id string) (*Secret, error) {
	var found *Secret
	err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = d.lookup(ctx, tx, id)
		return err
	})
	return found, err
}

func (d *Directory) lookup(ctx context.Context, tx *db.Tx, id string) (*Secret, error) {
	account, name := op.CallFrom(ctx).Account, id
	if strings.HasPrefix(id, "arn:") {
		found, err := FindSecret(ctx, tx, id)
		if err == nil || !IsNoSecret(err) {
			return found, err
		}
		parts, ok := arn.Split(id)
		account, name = parts[4], strings.TrimPrefix(parts[5], "secret:")
		if !ok || parts[2] != "secretsmanager" || parts[3] != d.Region || name == parts[5] {
			return nil, terms.NoSecret()
		}
	}
	var found string
	err := tx.QueryRow(ctx, `SELECT arn FROM secret WHERE account = ? AND name = ?`, account, name).Scan(&found)
	if errors.Is(err, db.ErrNotFound) {
		return nil, terms.NoSecret()
	}
	if err != nil {
		return nil, err
	}
	return FindSecret(ctx, tx, found)
}

// Resource is what an operation on a secret is authorized on. What does not exist is judged by
// the caller's identity policies, as a secret of that name would be.
func (d *Directory) Resource(ctx context.Context, id string) (op.Resource, error) {
	s, err := d.Lookup(ctx, id)
	if IsNoSecret(err) {
		return d.absent(op.CallFrom(ctx), id), nil
	}
	if err != nil {
		return op.Resource{}, err
	}
	return s.Resource(id), nil
}

// Resource is what an operation on the secret is authorized on; id is how the request named it.
func (s *Secret) Resource(id string) op.Resource {
	return op.Resource{
		ARN: *s.Meta.ARN, Account: s.Account, ID: *s.Meta.ARN, Tags: s.TagMap(), Policy: s.Governing(), Keys: keysOf(id, s.TagMap()),
	}
}

func (d *Directory) absent(call *op.Call, id string) op.Resource {
	out := op.Resource{ARN: arn.Secret(d.Region, call.Account, id, "??????"), Account: call.Account, Keys: keysOf(id, nil)}
	if parts, ok := arn.Split(id); ok && strings.HasPrefix(id, "arn:") {
		out.ARN, out.Account = id, parts[4]
	}
	return out
}

// keysOf are the condition keys that belong to every operation on a secret.
func keysOf(id string, tags map[string]string) map[string][]string {
	keys := map[string][]string{"secretsmanager:secretid": {id}}
	for name, value := range tags {
		keys["secretsmanager:resourcetag/"+strings.ToLower(name)] = []string{value}
	}
	return keys
}

// Target is the secret that the call was authorized on.
func (d *Directory) Target(ctx context.Context) (found *Secret, err error) {
	err = d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err = FindSecret(ctx, tx, targetARN(ctx))
		return err
	})
	return found, err
}

// targetARN is empty for what did not exist when it was decided: no later secret is meant.
func targetARN(ctx context.Context) string {
	if r := op.CallFrom(ctx).Resources; len(r) > 0 {
		return r[0].ID
	}
	return ""
}

// Change changes the secret that the call was authorized on.
func (d *Directory) Change(ctx context.Context, change func(ctx context.Context, tx *db.Tx, s *Secret) error) error {
	return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		s, err := FindSecret(ctx, tx, targetARN(ctx))
		if err != nil {
			return err
		}
		return Update(ctx, tx, s, func() error { return change(ctx, tx, s) })
	})
}

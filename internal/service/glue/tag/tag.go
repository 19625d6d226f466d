// Package tag keeps the tags of Glue's resources. They are found by the resource's ARN, so that every kind of resource has them in the same way;
// policies see them as aws:ResourceTag.
//
// [Tags] answers the operations about tags. A kind of resource that can be tagged does four things:
//
//   - it tells whether one exists, as an [Exists] in the facade's Tags.Kinds, under the name of the kind in ARNs;
//   - it calls [Rows].PutTags with the Tags of its Create operation, in the transaction that creates (an error refuses the whole);
//   - it calls [Rows].DropTags in the transaction that deletes, so that who comes later under the same name inherits nothing;
//   - it asks [Rows].Has where an operation that lists takes Tags.
//
// Policies that ask for aws:ResourceTag need no more: the gateway reads the tags of whatever a decision is about (see [Tags.Kinds]).
package tag

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Tags answers the operations about tags.
type Tags struct {
	Store *db.DB
	// Kinds tells of each kind of resource that can be tagged ("crawler") whether one exists.
	Kinds map[string]Exists
}

// Exists reports whether an account has a resource of one kind.
type Exists func(ctx context.Context, tx *db.Tx, account, name string) (bool, error)

// most is how many tags a resource can have (reference catalog.md).
const most = 50

// TagResource adds tags, or changes their values.
func (t *Tags) TagResource(ctx context.Context, in *glueapi.TagResourceInput) (*glueapi.TagResourceOutput, error) {
	return &glueapi.TagResourceOutput{}, t.change(ctx, "TagResource", in.ResourceArn, func(tags map[string]string) error {
		maps.Copy(tags, in.TagsToAdd)
		return nil
	})
}

// UntagResource removes tags. It is no error when one is not there.
func (t *Tags) UntagResource(ctx context.Context, in *glueapi.UntagResourceInput) (*glueapi.UntagResourceOutput, error) {
	return &glueapi.UntagResourceOutput{}, t.change(ctx, "UntagResource", in.ResourceArn, func(tags map[string]string) error {
		for _, key := range in.TagsToRemove {
			delete(tags, key)
		}
		return nil
	})
}

func (t *Tags) change(ctx context.Context, operation, resource string, change func(map[string]string) error) error {
	return t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.exists(ctx, tx, operation, resource); err != nil {
			return err
		}
		tags, err := Rows{}.Tags(ctx, tx, resource)
		if err != nil {
			return err
		}
		if tags == nil {
			tags = map[string]string{}
		}
		if err := change(tags); err != nil {
			return err
		}
		return Rows{}.PutTags(ctx, tx, resource, tags)
	})
}

// GetTags reads the tags of a resource.
func (t *Tags) GetTags(ctx context.Context, in *glueapi.GetTagsInput) (*glueapi.GetTagsOutput, error) {
	out := &glueapi.GetTagsOutput{}
	return out, t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.exists(ctx, tx, "GetTags", in.ResourceArn); err != nil {
			return err
		}
		tags, err := Rows{}.Tags(ctx, tx, in.ResourceArn)
		if tags == nil {
			tags = map[string]string{}
		}
		out.Tags = tags
		return err
	})
}

// exists refuses what cannot be tagged, what is not there, and what is another account's.
func (t *Tags) exists(ctx context.Context, tx *db.Tx, operation, resource string) error {
	call := op.CallFrom(ctx)
	parsed, err := arn.Parse(resource)
	kind, name := kindOf(parsed.Resource)
	if err != nil || parsed.Service != "glue" || name == "" {
		return terms.Invalid("%s is not the ARN of a resource that can be tagged", resource)
	}
	known := t.Kinds[kind]
	switch {
	case known == nil && taggable[kind]:
		return terms.Unsupported(operation, "resources of kind "+kind)
	case known == nil:
		return terms.Invalid("%s is not the ARN of a resource that can be tagged", resource)
	}
	there := parsed.Account == call.Account && parsed.Region == call.Region
	if there {
		if there, err = known(ctx, tx, parsed.Account, name); err != nil {
			return err
		}
	}
	if !there {
		return terms.NotFound("Resource %s not found.", resource)
	}
	return nil
}

// kindOf takes the end of an ARN apart: crawler/name, connectionType:name.
func kindOf(suffix string) (kind, name string) {
	if at := strings.IndexAny(suffix, "/:"); at >= 0 {
		return suffix[:at], suffix[at+1:]
	}
	return suffix, ""
}

// taggable are the kinds that AWS lets be tagged (reference catalog.md, Tags).
var taggable = map[string]bool{
	"blueprint": true, "catalog": true, "connection": true, "connectionType": true, "crawler": true, "customEntityType": true,
	"dataQualityRuleset": true, "database": true, "devEndpoint": true, "integration": true, "job": true, "mlTransform": true,
	"registry": true, "schema": true, "session": true, "trigger": true, "usageProfile": true, "workflow": true,
}

func (t *Tags) of(ctx context.Context, resource string) (tags map[string]string, err error) {
	parts, _ := arn.Split(resource)
	kind, name := kindOf(parts[5])
	if t.Kinds[kind] == nil || name == "" {
		return nil, nil
	}
	err = t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		tags, err = Rows{}.Tags(ctx, tx, resource)
		return err
	})
	return tags, err
}

// Reader reads the tags of a resource for a decision about it; nil when it has none, or can have none.
func Reader(t *Tags) func(ctx context.Context, resource string) (map[string]string, error) {
	return t.of
}

// check refuses tags that no resource can have.
func check(tags map[string]string) error {
	if len(tags) > most {
		return terms.Invalid("A resource can have at most %d tags", most)
	}
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return terms.Invalid("Tag key %s begins with aws:, which is reserved", key)
		}
	}
	return nil
}

// Resolvers are those that the facade offers to the gateway: "tagged" answers the resource whose ARN an input names, with its tags.
func Resolvers(t *Tags) map[string]op.Resolver {
	return map[string]op.Resolver{"tagged": func(ctx context.Context, in any) (_ []op.Resource, err error) {
		r := op.Resource{ARN: reflect.ValueOf(in).Elem().FieldByName("ResourceArn").String()}
		r.Tags, err = t.of(ctx, r.ARN)
		return []op.Resource{r}, err
	}}
}

// Rows reads and writes the tags of resources.
type Rows struct{}

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_tag", KeyColumns: []string{"arn"}, Documents: []string{"doc"}}}
}

// Tags reads the tags of a resource; nil when it has none.
func (Rows) Tags(ctx context.Context, tx *db.Tx, resource string) (map[string]string, error) {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_tag WHERE arn = ?`, resource).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	err = db.Decode(db.At("glue_tag", resource), doc, &tags)
	return tags, err
}

// PutTags replaces the tags of a resource. It refuses what no resource can have.
func (rows Rows) PutTags(ctx context.Context, tx *db.Tx, resource string, tags map[string]string) error {
	if err := check(tags); err != nil {
		return err
	}
	if len(tags) == 0 {
		return rows.DropTags(ctx, tx, resource)
	}
	doc, err := db.Encode(db.At("glue_tag", resource), tags)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_tag (arn, doc) VALUES (?, ?) ON CONFLICT (arn) DO UPDATE SET doc = excluded.doc`, resource, doc)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: owner(resource), Kind: "glue:tags", Key: []byte(resource), After: doc})
}

// DropTags removes all tags of a resource.
func (Rows) DropTags(ctx context.Context, tx *db.Tx, resource string) error {
	n, err := tx.Exec(ctx, `DELETE FROM glue_tag WHERE arn = ?`, resource)
	if err != nil || n == 0 {
		return err
	}
	return tx.Record(ctx, db.Change{Account: owner(resource), Kind: "glue:tags", Key: []byte(resource), Before: []byte{}})
}

// owner is the account that a resource belongs to, whoever creates or changes it.
func owner(resource string) string {
	parts, _ := arn.Split(resource)
	return parts[4]
}

// Has reports whether a resource has all of these tags with these values. Every resource has no tags.
func (rows Rows) Has(ctx context.Context, tx *db.Tx, resource string, want map[string]string) (bool, error) {
	if len(want) == 0 {
		return true, nil
	}
	have, err := rows.Tags(ctx, tx, resource)
	for key, value := range want {
		if got, ok := have[key]; !ok || got != value {
			return false, err
		}
	}
	return err == nil, err
}

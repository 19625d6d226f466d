package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/material"
)

// managedPrefix begins the aliases that belong to services.
const managedPrefix = "alias/aws/"

// services have a managed key each, with what AWS writes into its description.
var services = map[string]string{
	"glue":           "Default key that protects my Glue data when no other key is defined",
	"s3":             "Default key that protects my S3 objects when no other key is defined",
	"secretsmanager": "Default key that protects my Secrets Manager data when no other key is defined",
}

// ManagedAliases are the aliases that every account has, in order, whether their keys were made or not.
func ManagedAliases() []string {
	var out []string
	for s := range services {
		out = append(out, managedPrefix+s)
	}
	slices.Sort(out)
	return out
}

// managed is the service whose managed key is meant, "" when it is another's or the caller's account
// is not the key's.
func (r Ref) managed(account string) string {
	service, ok := strings.CutPrefix(r.Alias, managedPrefix)
	if _, known := services[service]; !ok || !known || r.Account != account {
		return ""
	}
	return service
}

// managedSpace makes the ids of managed keys from account, region and service, so that what is
// decided before such a key exists is about the key that is made then.
var managedSpace = uuid.MustParse("6b6d7320-6d61-4e61-8765-64206b657973")

func managedID(account, region, service string) string {
	return uuid.NewSHA1(managedSpace, []byte(account+"/"+region+"/"+service)).String()
}

// unmade is a managed key that nobody has used yet.
func (d *Directory) unmade(call *op.Call, ref Ref, id string) (*View, error) {
	service := ref.managed(ref.Account)
	if service == "" {
		return nil, errNoKey
	}
	v := &View{Key: d.managedKey(ref.Account, service, call.Now), ID: id, Account: ref.Account, Aliases: []string{ref.Alias}}
	v.ARN = *v.Meta.Arn
	v.compile()
	return v, nil
}

func (d *Directory) managedKey(account, service string, now time.Time) Key {
	id := managedID(account, d.region, service)
	return Key{
		Meta: NewMetadata(d.region, account, id, now, services[service], kmsapi.KeySpecSymmetricDefault,
			kmsapi.KeyUsageTypeEncryptDecrypt, kmsapi.KeyManagerTypeAws),
		Policy: managedPolicy(account, d.region, service), Version: 1,
		Rotation: Rotation{Enabled: true, Days: yearly, Next: clock.Millis(now.AddDate(0, 0, yearly))},
	}
}

const yearly = 365

// managedPolicy lets all of the account use the key, through its service only.
func managedPolicy(account, region, service string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "auto-%[3]s-1",
  "Statement" : [ {
    "Sid" : "Allow access through %[3]s for all principals in the account that are authorized to use %[3]s",
    "Effect" : "Allow",
    "Principal" : { "AWS" : "*" },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : { "StringEquals" : { "kms:CallerAccount" : "%[1]s", "kms:ViaService" : "%[3]s.%[2]s.amazonaws.com" } }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : { "AWS" : "%[4]s" },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  } ]
}`, account, region, service, arn.Root(account))
}

// makeManaged makes a service's key when it is used for the first time.
func (d *Directory) makeManaged(ctx context.Context, account, service string) (*View, error) {
	raw, err := material.Generate(kmsapi.KeySpecSymmetricDefault)
	if err != nil {
		return nil, err
	}
	id := managedID(account, d.region, service)
	err = d.store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := FindKey(ctx, tx, id); !errors.Is(err, errNoKey) {
			return err // made in the meantime, or unreadable
		}
		key := d.managedKey(account, service, tx.Now())
		if err := d.Schedule(ctx, tx, &key); err != nil {
			return err
		}
		if err := d.Insert(ctx, tx, &key, raw); err != nil {
			return err
		}
		return PutAlias(ctx, tx, account, managedPrefix+service, nil, &Alias{Key: id, Created: clock.Millis(tx.Now()), Updated: clock.Millis(tx.Now())})
	})
	if err != nil && !errors.Is(err, db.ErrExists) { // another node was faster
		return nil, err
	}
	return d.view(ctx, id)
}

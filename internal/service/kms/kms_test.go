package kms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/datakey"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/kms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

const (
	account = "111122223333"
	foreign = "444455556666"
	region  = "eu-west-1"
)

// world is a KMS on a store of its own. It decides as the gateway does: resolver, policies, handler.
type world struct {
	service *op.Service
	store   *db.DB
	queue   *queue.Queue
	clock   *clock.Manual
	runner  *queue.Runner
	allow   string // the identity policy of everybody
	keys    *seal.Keyset
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	now := clock.NewManual(time.Unix(1_000_000, 0))
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, store *db.DB) {
		now.Set(time.Unix(1_000_000, 0))
		test(t, newWorld(t, store, now, nil))
	})
}

// newWorld is a node on a store; nodes of one store share their keyset.
func newWorld(t *testing.T, store *db.DB, now *clock.Manual, keys *seal.Keyset) *world {
	t.Helper()
	if keys == nil {
		var err error
		if keys, err = seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys")); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{store: store, queue: queue.New(store), clock: now, keys: keys, allow: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}
	s := kms.New(kms.Config{Store: store, Sealer: keys, Queue: w.queue, Authorizer: w, Principals: everybody{}, Region: region})
	w.service = s.Bind()
	w.runner = w.queue.NewRunner(queue.Config{Kinds: s.Work(), Owner: t.Name(), Sole: true, Log: slog.New(slog.DiscardHandler)})
	if err := w.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// everybody exists.
type everybody struct{}

func (everybody) HasPrincipal(context.Context, string) (bool, error) { return true, nil }

func as(account string, via ...string) context.Context {
	return op.WithCall(context.Background(), &op.Call{
		RequestID: "r", Service: "kms", Region: region, Account: account, Now: time.Unix(1_000_000, 0), Via: via, ViaAWS: len(via) > 0,
		Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/ana", Account: account},
	})
}

// values are the condition keys of an access.
type values map[string][]string

func (v values) Lookup(key string) ([]string, bool) { s, ok := v[key]; return s, ok }

// Allowed implements op.Authorizer.
func (w *world) Allowed(ctx context.Context, a op.Access) bool {
	call := op.CallFrom(ctx)
	identity, err := policy.Parse([]byte(w.allow), policy.Identity)
	if err != nil {
		panic(err)
	}
	layers := policy.Layers{Identity: []*policy.Policy{identity}}
	switch p := a.Resource.Policy.(type) {
	case *policy.Policy:
		layers.Resource = []*policy.Policy{p}
	case []*policy.Policy:
		layers.Resource = p
	}
	if a.Resource.Trust {
		layers.ResourceRule = policy.Explicit
	}
	keys := values{}
	for k, v := range a.Resource.Keys {
		keys[k] = v
	}
	who := policy.Principal{Type: policy.User, ARN: call.Principal.ARN, Account: call.Account}
	return policy.Evaluate(&policy.Request{Action: a.Action, Resource: a.Resource.ARN, ResourceAccount: a.Resource.Account, Principal: who, Context: keys}, &layers).Allowed()
}

// Check implements op.Authorizer.
func (w *world) Check(ctx context.Context, accesses ...op.Access) error {
	for _, a := range accesses {
		if !w.Allowed(ctx, a) {
			return &op.Denied{Message: a.Action + " on " + a.Resource.ARN}
		}
	}
	return nil
}

// Invoke implements op.Invoker.
func (w *world) Invoke(ctx context.Context, via, _, operation string, in any) (any, error) {
	call := *op.CallFrom(ctx)
	call.Via, call.ViaAWS, call.Resources = append(call.Via, via), true, nil
	return w.call(op.WithCall(ctx, &call), operation, in)
}

func (w *world) call(ctx context.Context, operation string, in any) (any, error) {
	for i := range w.service.Operations {
		o := &w.service.Operations[i]
		if o.Name != operation {
			continue
		}
		call := op.CallFrom(ctx)
		call.Operation = operation
		resources, err := w.service.Resolvers[o.Auth.Resolver](ctx, in)
		if err != nil {
			return nil, err
		}
		call.Resources = resources
		for _, r := range resources {
			if err := w.Check(ctx, op.Access{Action: o.Auth.Action, Resource: r}); err != nil {
				return nil, err
			}
		}
		return o.Call(ctx, in)
	}
	panic("no operation " + operation)
}

// do calls an operation and fails the test when it fails.
func do[O any](t *testing.T, w *world, ctx context.Context, operation string, in any) *O { //nolint:revive // the test comes first
	t.Helper()
	out, err := w.call(ctx, operation, in)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return out.(*O)
}

func (w *world) refused(t *testing.T, ctx context.Context, want, operation string, in any) { //nolint:revive // the test comes first
	t.Helper()
	_, err := w.call(ctx, operation, in)
	if got := code(err); got != want {
		t.Errorf("%s: %v, want %s", operation, err, want)
	}
}

func code(err error) string {
	var e op.Error
	var d *op.Denied
	switch {
	case errors.As(err, &e):
		return e.ErrorCode()
	case errors.As(err, &d):
		return "AccessDenied"
	case err != nil:
		return err.Error()
	}
	return ""
}

func (w *world) key(t *testing.T) *kmsapi.KeyMetadata {
	t.Helper()
	return do[kmsapi.CreateKeyOutput](t, w, as(account), "CreateKey", &kmsapi.CreateKeyInput{}).KeyMetadata
}

func (w *world) seal(t *testing.T, key string, plain string) []byte {
	t.Helper()
	return do[kmsapi.EncryptOutput](t, w, as(account), "Encrypt", &kmsapi.EncryptInput{KeyId: key, Plaintext: []byte(plain)}).CiphertextBlob
}

func (w *world) opens(t *testing.T, blob []byte, want string) {
	t.Helper()
	got := do[kmsapi.DecryptOutput](t, w, as(account), "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: blob})
	if string(got.Plaintext) != want {
		t.Errorf("opened %q, want %q", got.Plaintext, want)
	}
}

// work lets the queue do what is due now.
func (w *world) work(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		w.runner.Pass(t.Context())
		select {
		case <-deadline:
			t.Fatal("the work was not done")
		case <-time.After(time.Millisecond):
		}
	}
}

// TestDeletion removes a key and all of it when its window has passed, and not a moment earlier.
func TestDeletion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key, kept := w.key(t), w.key(t)
		blob := w.seal(t, key.KeyId, "x")
		do[kmsapi.CreateAliasOutput](t, w, as(account), "CreateAlias", &kmsapi.CreateAliasInput{AliasName: "alias/a", TargetKeyId: key.KeyId})
		for _, k := range []*kmsapi.KeyMetadata{key, kept} {
			do[kmsapi.ScheduleKeyDeletionOutput](t, w, as(account), "ScheduleKeyDeletion", &kmsapi.ScheduleKeyDeletionInput{KeyId: k.KeyId, PendingWindowInDays: new(int32(7))})
		}
		do[kmsapi.CancelKeyDeletionOutput](t, w, as(account), "CancelKeyDeletion", &kmsapi.CancelKeyDeletionInput{KeyId: kept.KeyId})
		w.clock.Advance(7*24*time.Hour - time.Second)
		w.runner.Pass(t.Context())
		w.refused(t, as(account), "KMSInvalidStateException", "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: blob})
		w.clock.Advance(2 * time.Second)
		gone := func() bool {
			_, err := w.call(as(account), "DescribeKey", &kmsapi.DescribeKeyInput{KeyId: key.KeyId})
			return code(err) == "NotFoundException"
		}
		w.work(t, gone)
		w.refused(t, as(account), "InvalidCiphertextException", "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: blob})
		w.refused(t, as(account), "NotFoundException", "DescribeKey", &kmsapi.DescribeKeyInput{KeyId: "alias/a"})
		do[kmsapi.EnableKeyOutput](t, w, as(account), "EnableKey", &kmsapi.EnableKeyInput{KeyId: kept.KeyId})
		w.seal(t, kept.KeyId, "y")
		if n := w.count(t, "kms_material"); n != 1 {
			t.Errorf("%d materials are left, want that of the other key", n)
		}
	})
}

func (w *world) count(t *testing.T, table string) (n int) {
	t.Helper()
	err := w.store.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRotationOnSchedule gives new material each period; what the old has encrypted opens.
func TestRotationOnSchedule(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.key(t)
		old := w.seal(t, key.KeyId, "old")
		do[kmsapi.EnableKeyRotationOutput](t, w, as(account), "EnableKeyRotation", &kmsapi.EnableKeyRotationInput{KeyId: key.KeyId, RotationPeriodInDays: new(int32(90))})
		rotations := func() int {
			return len(do[kmsapi.ListKeyRotationsOutput](t, w, as(account), "ListKeyRotations", &kmsapi.ListKeyRotationsInput{KeyId: key.KeyId}).Rotations)
		}
		for n := 1; n <= 2; n++ {
			w.clock.Advance(90*24*time.Hour + time.Second)
			w.work(t, func() bool { return rotations() == n })
		}
		w.opens(t, old, "old")
		w.opens(t, w.seal(t, key.KeyId, "new"), "new")
		status := do[kmsapi.GetKeyRotationStatusOutput](t, w, as(account), "GetKeyRotationStatus", &kmsapi.GetKeyRotationStatusInput{KeyId: key.KeyId})
		if want := w.clock.Now().AddDate(0, 0, 90).UnixMilli(); int64(*status.NextRotationDate) != want {
			t.Errorf("next rotation at %d, want %d", *status.NextRotationDate, want)
		}
		do[kmsapi.DisableKeyRotationOutput](t, w, as(account), "DisableKeyRotation", &kmsapi.DisableKeyRotationInput{KeyId: key.KeyId})
		w.clock.Advance(91 * 24 * time.Hour)
		w.runner.Pass(t.Context())
		if n := rotations(); n != 2 {
			t.Errorf("%d rotations after rotation was disabled", n)
		}
	})
}

// TestServicesUseKeysAsTheirCaller: a managed key through its service only; any key with the
// caller's rights.
func TestServicesUseKeysAsTheirCaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s3, glue := datakey.Keys{Invoker: w, Via: "s3.amazonaws.com"}, datakey.Keys{Invoker: w, Via: "glue.amazonaws.com"}
		bound := datakey.Context{"aws:s3:arn": "arn:aws:s3:::b/k"}
		made, err := s3.Generate(as(account), "alias/aws/s3", bound)
		if err != nil || len(made.Plain) != 32 {
			t.Fatalf("made %+v, %v", made, err)
		}
		plain, err := s3.Open(as(account), made.ARN, made.Wrapped, bound)
		if err != nil || !bytes.Equal(plain, made.Plain) {
			t.Errorf("opened %x, %v", plain, err)
		}
		for name, c := range map[string]struct {
			keys datakey.Keys
			who  string
			more datakey.Context
			want string
		}{
			"through another service": {glue, account, bound, "AccessDenied"},
			"from another account":    {s3, foreign, bound, "AccessDenied"},
			"for another object":      {s3, account, datakey.Context{"aws:s3:arn": "arn:aws:s3:::b/l"}, "InvalidCiphertextException"},
		} {
			if _, err := c.keys.Open(as(c.who), made.ARN, made.Wrapped, c.more); code(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.refused(t, as(account), "AccessDenied", "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: made.Wrapped, EncryptionContext: bound})
		w.refused(t, as(foreign), "AccessDenied", "DescribeKey", &kmsapi.DescribeKeyInput{KeyId: "arn:aws:kms:" + region + ":" + account + ":alias/aws/s3"})
		described, err := glue.Describe(as(account), "alias/aws/glue")
		if err != nil || *described.KeyManager != kmsapi.KeyManagerTypeAws {
			t.Errorf("described %+v, %v", described, err)
		}
		key := w.key(t)
		wrapped, arn, err := glue.Encrypt(as(account), key.KeyId, []byte("password"), nil)
		if err != nil || arn != *key.Arn {
			t.Fatalf("encrypted by %s, %v", arn, err)
		}
		w.allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}]}`
		if _, err := glue.Open(as(account), arn, wrapped, nil); code(err) != "AccessDenied" {
			t.Errorf("opened for a caller without the right: %v", err)
		}
	})
}

// TestManagedKeysRotate every year, as others do when that is enabled.
func TestManagedKeysRotate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s3 := datakey.Keys{Invoker: w, Via: "s3.amazonaws.com"}
		made, err := s3.Generate(as(account), "alias/aws/s3", nil)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(366 * 24 * time.Hour)
		w.work(t, func() bool { return w.count(t, "kms_material") == 2 })
		if plain, err := s3.Open(as(account), made.ARN, made.Wrapped, nil); err != nil || !bytes.Equal(plain, made.Plain) {
			t.Errorf("opened %x, %v", plain, err)
		}
	})
}

// TestOtherNodesHear of a key that was disabled, within a second.
func TestOtherNodesHear(t *testing.T) {
	now := clock.NewManual(time.Unix(1_000_000, 0))
	cfg := dbtest.Postgres(t, db.Config{Clock: now})
	one := newWorld(t, dbtest.Open(t, cfg), now, nil)
	two := newWorld(t, dbtest.Open(t, cfg), now, one.keys)
	key := one.key(t)
	blob := one.seal(t, key.KeyId, "x")
	two.opens(t, blob, "x")
	began := time.Now()
	do[kmsapi.DisableKeyOutput](t, one, as(account), "DisableKey", &kmsapi.DisableKeyInput{KeyId: key.KeyId})
	one.refused(t, as(account), "DisabledException", "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: blob})
	for {
		_, err := two.call(as(account), "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: blob})
		if code(err) == "DisabledException" {
			break
		}
		if time.Since(began) > time.Second {
			t.Fatal("the other node still opens after a second")
		}
	}
	t.Logf("the other node heard after %v", time.Since(began))
}

// TestMaterialIsSealed: neither the database's files nor the journal hold it in clear, and a row
// that is moved to another key does not open.
func TestMaterialIsSealed(t *testing.T) {
	now := clock.NewManual(time.Unix(1_000_000, 0))
	cfg := dbtest.SQLite(t, db.Config{Clock: now})
	w := newWorld(t, dbtest.Open(t, cfg), now, nil)
	one, two := w.key(t), w.key(t)
	blob := w.seal(t, two.KeyId, "x")
	var docs [][]byte
	err := w.store.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		docs = nil
		for _, id := range []string{one.KeyId, two.KeyId} {
			var doc []byte
			if err := tx.QueryRow(ctx, `SELECT doc FROM kms_material WHERE key_id = ?`, id).Scan(&doc); err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		_, err := tx.Exec(ctx, `UPDATE kms_material SET doc = ? WHERE key_id = ?`, docs[0], two.KeyId)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	raw := openedMaterial(t, w, one.KeyId, docs[0])
	files, err := filepath.Glob(cfg.Path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, raw) {
			t.Errorf("%s holds material in clear", name)
		}
	}
	other := newWorld(t, w.store, now, w.keys) // has nothing cached
	if _, err := other.call(as(account), "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: blob}); !errors.Is(err, db.ErrCorrupt) {
		t.Errorf("material of another key: %v", err)
	}
}

func openedMaterial(t *testing.T, w *world, id string, doc []byte) []byte {
	t.Helper()
	var m struct{ Raw []byte }
	if err := db.DecodeSealed(db.At("kms_material", id, int64(1)), doc, &m, w.keys); err != nil || len(m.Raw) != 32 {
		t.Fatalf("material of %d bytes, %v", len(m.Raw), err)
	}
	if err := db.Decode(db.At("kms_material", id, int64(1)), doc, &m); err == nil {
		t.Error("the document can be read without the root keyset")
	}
	return m.Raw
}

// TestFacts: wherever a decision is about a key, its policy must itself allow.
func TestFacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.key(t)
		do[kmsapi.TagResourceOutput](t, w, as(account), "TagResource", &kmsapi.TagResourceInput{KeyId: key.KeyId, Tags: []kmsapi.Tag{{TagKey: "a", TagValue: "1"}}})
		found, err := w.service.Facts.Policy(as(account), *key.Arn)
		explicit, ok := found.(op.Explicit)
		if p, isPolicy := explicit.Policy.(*policy.Policy); err != nil || !ok || !isPolicy || !strings.Contains(p.Text(), ":root") {
			t.Errorf("policy %v, %v", found, err)
		}
		tags, err := w.service.Facts.Tags(as(account), *key.Arn)
		if err != nil || tags["a"] != "1" {
			t.Errorf("tags %v, %v", tags, err)
		}
		for _, name := range []string{"arn:aws:kms:" + region + ":" + account + ":alias/a", *key.Arn + "x"} {
			found, err := w.service.Facts.Policy(as(account), name)
			tags, tagErr := w.service.Facts.Tags(as(account), name)
			if found != nil || tags != nil || err != nil || tagErr != nil {
				t.Errorf("%s: %v %v %v %v", name, found, tags, err, tagErr)
			}
		}
	})
}

// TestConflictingAlias: one that has come to stand for another key after the decision is not changed.
func TestConflictingAlias(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.key(t), w.key(t)
		do[kmsapi.CreateAliasOutput](t, w, as(account), "CreateAlias", &kmsapi.CreateAliasInput{AliasName: "alias/a", TargetKeyId: one.KeyId})
		ctx, in := as(account), &kmsapi.DeleteAliasInput{AliasName: "alias/a"}
		call := op.CallFrom(ctx)
		call.Operation = "DeleteAlias"
		decided, err := w.service.Resolvers["alias"](ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		do[kmsapi.UpdateAliasOutput](t, w, as(account), "UpdateAlias", &kmsapi.UpdateAliasInput{AliasName: "alias/a", TargetKeyId: two.KeyId})
		call.Resources = decided
		for i := range w.service.Operations {
			if o := &w.service.Operations[i]; o.Name == "DeleteAlias" {
				if _, err := o.Call(ctx, in); code(err) != "ConflictException" {
					t.Errorf("deleted: %v", err)
				}
			}
		}
	})
}

// TestPrincipalsMove in policies and grants.
func TestPrincipalsMove(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana := "arn:aws:iam::" + account + ":user/ana"
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]string{"AWS": ana}, "Action": "kms:*", "Resource": "*",
		}}})
		if err != nil {
			t.Fatal(err)
		}
		key := do[kmsapi.CreateKeyOutput](t, w, as(account), "CreateKey", &kmsapi.CreateKeyInput{Policy: new(string(text))}).KeyMetadata
		do[kmsapi.CreateGrantOutput](t, w, as(account), "CreateGrant", &kmsapi.CreateGrantInput{
			KeyId: key.KeyId, GranteePrincipal: &ana, RetiringPrincipal: &ana, Operations: []string{"Encrypt"},
		})
		w.seal(t, key.KeyId, "x")
		err = w.store.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return kms.PrincipalMoved(ctx, tx, ana, "AIDAEXAMPLEEXAMPLE12")
		})
		if err != nil {
			t.Fatal(err)
		}
		w.refused(t, as(account), "AccessDenied", "Encrypt", &kmsapi.EncryptInput{KeyId: key.KeyId, Plaintext: []byte("x")})
	})
}

// TestRotationUnderLoad: while a key and the root keyset are rotated, no call fails and everything
// opens, with each node's caches thrown away each time.
func TestRotationUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.key(t)
		ctx, stop := context.WithCancel(t.Context())
		failed, calls := make(chan error, 4), make(chan int, 4)
		for range cap(failed) {
			go func() {
				n := 0
				var err error
				for ; err == nil && ctx.Err() == nil; n++ {
					err = w.roundTrip(key.KeyId)
				}
				failed <- err
				calls <- n
			}()
		}
		for range 20 {
			do[kmsapi.RotateKeyOnDemandOutput](t, w, as(account), "RotateKeyOnDemand", &kmsapi.RotateKeyOnDemandInput{KeyId: key.KeyId})
			if err := w.keys.Rotate(); err != nil {
				t.Error(err)
			}
		}
		stop()
		total := 0
		for range cap(failed) {
			if err := <-failed; err != nil {
				t.Error(err)
			}
			total += <-calls
		}
		if total < cap(failed) {
			t.Fatalf("%d round trips", total)
		}
		t.Logf("%d round trips during 20 rotations of both keys", total)
	})
}

func (w *world) roundTrip(key string) error {
	out, err := w.call(as(account), "Encrypt", &kmsapi.EncryptInput{KeyId: key, Plaintext: []byte("x")})
	if err != nil {
		return err
	}
	got, err := w.call(as(account), "Decrypt", &kmsapi.DecryptInput{CiphertextBlob: out.(*kmsapi.EncryptOutput).CiphertextBlob})
	if err == nil && string(got.(*kmsapi.DecryptOutput).Plaintext) != "x" {
		err = errors.New("another plaintext")
	}
	return err
}

// FuzzReference: whatever text is sent as a key, it is answered with an error that names it or with
// the key that it names, and never grants what an exact right does not.
func FuzzReference(f *testing.F) {
	for _, text := range []string{"", "alias/", "alias/aws/s3", "arn:aws:kms:eu-west-1:111122223333:key/", "arn:aws:kms:eu-west-1::key/x", "arn:::::", "*", "mrk-1", "12345678-1234-1234-1234-123456789012"} {
		f.Add(text)
	}
	now := clock.NewManual(time.Unix(1_000_000, 0))
	store, err := db.Open(f.Context(), dbtest.SQLite(f, db.Config{Clock: now}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() }) // a failed one fails what follows
	keys, err := seal.OpenOrCreate(filepath.Join(f.TempDir(), "keys"))
	if err != nil {
		f.Fatal(err)
	}
	w := &world{store: store, queue: queue.New(store), clock: now, keys: keys}
	w.service = kms.New(kms.Config{Store: store, Sealer: keys, Queue: w.queue, Authorizer: w, Principals: everybody{}, Region: region}).Bind()
	f.Fuzz(func(t *testing.T, text string) {
		w.allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`
		_, err := w.call(as(account), "DescribeKey", &kmsapi.DescribeKeyInput{KeyId: text})
		if c := code(err); c != "" && c != "NotFoundException" && c != "AccessDenied" {
			t.Errorf("%q: %v", text, err)
		}
		w.allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:eu-west-1:111122223333:key/0"}]}`
		if _, err := w.call(as(account), "DescribeKey", &kmsapi.DescribeKeyInput{KeyId: text}); code(err) != "AccessDenied" {
			t.Errorf("%q without the right: %v", text, err)
		}
	})
}

package secretsmanager_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/secretsmanager"
	"github.com/bindery-project/bindery/internal/work/queue"
)

const account, region = "111122223333", "eu-west-1"

// world is Secrets Manager on a store of its own, with a KMS that wraps keys with its keyset.
type world struct {
	service *op.Service
	store   *db.DB
	clock   *clock.Manual
	runner  *queue.Runner
	keys    *seal.Keyset
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	now := clock.NewManual(time.Unix(1_000_000, 0))
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, store *db.DB) {
		now.Set(time.Unix(1_000_000, 0))
		keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		w := &world{store: store, clock: now, keys: keys}
		q := queue.New(store)
		s := secretsmanager.New(secretsmanager.Config{
			Store: store, Sealer: keys, Queue: q, Authorizer: w, Invoker: w, Principals: w, Random: rand.Reader, NewID: uuid.NewString, Region: region,
		})
		w.service = s.Bind()
		w.runner = q.NewRunner(queue.Config{Kinds: s.Work(), Owner: t.Name(), Sole: true, Log: slog.New(slog.DiscardHandler)})
		if err := w.runner.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, w)
	})
}

func (w *world) HasPrincipal(context.Context, string) (bool, error) { return true, nil }
func (w *world) Check(context.Context, ...op.Access) error          { return nil }
func (w *world) Allowed(context.Context, op.Access) bool            { return true }

// Invoke is KMS. It binds what it wraps to the context, as the real one does.
func (w *world) Invoke(_ context.Context, _, _, operation string, in any) (any, error) {
	switch in := in.(type) {
	case *kmsapi.GenerateDataKeyInput:
		plain := make([]byte, 32)
		_, err := rand.Read(plain)
		return &kmsapi.GenerateDataKeyOutput{Plaintext: plain, KeyId: &in.KeyId, CiphertextBlob: w.keys.Seal("test", plain, bound(in.EncryptionContext))}, err
	case *kmsapi.DecryptInput:
		plain, err := w.keys.Open("test", in.CiphertextBlob, bound(in.EncryptionContext))
		return &kmsapi.DecryptOutput{Plaintext: plain}, err
	}
	return nil, errors.New("no operation " + operation)
}

func bound(c map[string]string) []byte { return fmt.Append(nil, c["SecretARN"], c["SecretVersionId"]) }

func (w *world) call(operation string, in any) (any, error) {
	call := &op.Call{
		RequestID: "r", Service: "secretsmanager", Operation: operation, Region: region, Account: account, Now: w.clock.Now(),
		Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/ana", Account: account},
	}
	ctx := op.WithCall(context.Background(), call)
	for i := range w.service.Operations {
		o := &w.service.Operations[i]
		if o.Name != operation {
			continue
		}
		if resolve := w.service.Resolvers[o.Auth.Resolver]; resolve != nil {
			var err error
			if call.Resources, err = resolve(ctx, in); err != nil {
				return nil, err
			}
		}
		return o.Call(ctx, in)
	}
	panic("no operation " + operation)
}

func do[O any](t *testing.T, w *world, operation string, in any) *O {
	t.Helper()
	out, err := w.call(operation, in)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return out.(*O)
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

// TestRecoveryWindow removes a secret and its values when the window is over, and a restored one never.
func TestRecoveryWindow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{"gone", "kept"} {
			do[api.CreateSecretOutput](t, w, "CreateSecret", &api.CreateSecretInput{Name: name, SecretString: new("x")})
			do[api.DeleteSecretOutput](t, w, "DeleteSecret", &api.DeleteSecretInput{SecretId: name, RecoveryWindowInDays: new(int64(7))})
		}
		do[api.RestoreSecretOutput](t, w, "RestoreSecret", &api.RestoreSecretInput{SecretId: "kept"})
		w.clock.Advance(7*24*time.Hour - time.Second)
		w.runner.Pass(t.Context())
		if n := w.count(t, "secret_value"); n != 2 {
			t.Fatalf("%d values before the window is over, want 2", n)
		}
		w.clock.Advance(2 * time.Second)
		deadline := time.After(10 * time.Second)
		for w.count(t, "secret") != 1 {
			w.runner.Pass(t.Context())
			select {
			case <-deadline:
				t.Fatal("the secret was not removed")
			case <-time.After(time.Millisecond):
			}
		}
		if n := w.count(t, "secret_value"); n != 1 {
			t.Errorf("%d values are left, want that of the other secret", n)
		}
		if got := do[api.GetSecretValueOutput](t, w, "GetSecretValue", &api.GetSecretValueInput{SecretId: "kept"}); *got.SecretString != "x" {
			t.Error("the restored secret has another value")
		}
	})
}

// TestVersionsAreBounded keeps the versions in use and removes the oldest of the others.
func TestVersionsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		do[api.CreateSecretOutput](t, w, "CreateSecret", &api.CreateSecretInput{Name: "s"})
		for i := range 103 {
			do[api.PutSecretValueOutput](t, w, "PutSecretValue", &api.PutSecretValueInput{SecretId: "s", SecretString: new(fmt.Sprint(i))})
		}
		if n := w.count(t, "secret_value"); n != 100 {
			t.Errorf("%d values, want 100", n)
		}
		for stage, want := range map[string]string{"AWSCURRENT": "102", "AWSPREVIOUS": "101"} {
			got := do[api.GetSecretValueOutput](t, w, "GetSecretValue", &api.GetSecretValueInput{SecretId: "s", VersionStage: &stage})
			if *got.SecretString != want {
				t.Errorf("%s is %s, want %s", stage, *got.SecretString, want)
			}
		}
	})
}

// TestSwappedValues: a value in the place of another secret's does not open.
func TestSwappedValues(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := uuid.NewString()
		for _, name := range []string{"a", "b"} {
			do[api.CreateSecretOutput](t, w, "CreateSecret", &api.CreateSecretInput{Name: name, SecretString: &name, ClientRequestToken: &token})
		}
		err := w.store.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE secret_value SET doc = (SELECT v.doc FROM secret_value v ORDER BY v.arn LIMIT 1)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		opened := 0
		for _, name := range []string{"a", "b"} {
			if _, err := w.call("GetSecretValue", &api.GetSecretValueInput{SecretId: name}); err == nil {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("%d secrets open, want the one whose value it is", opened)
		}
	})
}

package glue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/glue/openformat"
)

// metadataStore keeps the metadata of Iceberg tables. meanwhile runs once, before
// the next write is answered.
type metadataStore struct {
	objects   map[string][]byte
	meanwhile func()
}

func (m *metadataStore) Read(_ context.Context, bucket, key string, _ int64) ([]byte, error) {
	raw, ok := m.objects[bucket+"/"+key]
	if !ok {
		return nil, &op.Fault{Code: "NoSuchKey", Message: "The specified key does not exist."}
	}
	return raw, nil
}

func (m *metadataStore) Write(_ context.Context, bucket, key string, body []byte) error {
	m.objects[bucket+"/"+key] = body
	if f := m.meanwhile; f != nil {
		m.meanwhile = nil
		f()
	}
	return nil
}

// iceberg is the service with a store of metadata.
type iceberg struct {
	t *testing.T
	*glue.Service
	store *metadataStore
	ctx   context.Context
}

func newIceberg(t *testing.T, d *db.DB) *iceberg {
	t.Helper()
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	store := &metadataStore{objects: map[string][]byte{}}
	s := &iceberg{t: t, store: store, ctx: op.WithCall(context.Background(), &op.Call{Account: "111111111111", Service: "glue", Region: "us-east-1", Now: begin})}
	s.Service = glue.New(glue.Config{
		Store: d, Sealer: keys, Authorizer: &grants{}, Log: slog.New(slog.DiscardHandler), Alone: true,
		NewID:  func() int64 { return ids.Add(1) },
		Format: openformat.Format{Objects: store, NewID: func() string { return fmt.Sprintf("id-%d", ids.Add(1)) }},
	})
	if _, err := s.CreateDatabase(s.ctx, &glueapi.CreateDatabaseInput{DatabaseInput: &glueapi.DatabaseInput{Name: "lake"}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *iceberg) create() error {
	_, err := s.CreateTable(s.ctx, &glueapi.CreateTableInput{
		DatabaseName: "lake", OpenTableFormatInput: &glueapi.OpenTableFormatInput{IcebergInput: &glueapi.IcebergInput{MetadataOperation: "CREATE"}},
		TableInput: &glueapi.TableInput{Name: "T", StorageDescriptor: &glueapi.StorageDescriptor{
			Location: new("s3://b/t"), Columns: []glueapi.Column{{Name: "id", Type: new("bigint")}},
		}},
	})
	return err
}

// set sets a property of the table, at a version or any.
func (s *iceberg) set(key string, version *string) error {
	_, err := s.UpdateTable(s.ctx, &glueapi.UpdateTableInput{
		DatabaseName: "lake", Name: new("t"), VersionId: version,
		UpdateOpenTableFormatInput: &glueapi.UpdateOpenTableFormatInput{UpdateIcebergInput: &glueapi.UpdateIcebergInput{
			UpdateIcebergTableInput: &glueapi.UpdateIcebergTableInput{Updates: []glueapi.IcebergTableUpdate{
				{Action: new("set-properties"), Properties: map[string]string{key: "x"}},
			}},
		}},
	})
	return err
}

// table reads the table, and the metadata that it points to.
func (s *iceberg) table() (version, metadata string) {
	s.t.Helper()
	s.ctx = op.WithCall(s.ctx, func() *op.Call { c := *op.CallFrom(s.ctx); c.ViaAWS = true; return &c }())
	out, err := s.GetTable(s.ctx, &glueapi.GetTableInput{DatabaseName: "lake", Name: "t"})
	if err != nil {
		s.t.Fatal(err)
	}
	raw, ok := s.store.objects[strings.TrimPrefix(out.Table.Parameters["metadata_location"], "s3://")]
	if !ok {
		s.t.Fatalf("the table points to nothing: %v", out.Table.Parameters)
	}
	return *out.Table.VersionId, string(raw)
}

func (s *iceberg) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// A table of that name that somebody else makes meanwhile stays theirs.
func TestMetadataOfTakenName(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newIceberg(t, d)
		s.store.meanwhile = func() { s.must(s.create()) }
		var exists *glueapi.AlreadyExistsException
		if err := s.create(); !errors.As(err, &exists) {
			t.Errorf("%v", err)
		}
		if len(s.store.objects) != 2 {
			t.Errorf("%d objects: the loser's is left, as nothing's", len(s.store.objects))
		}
		s.table()
		if err := s.create(); !errors.As(err, &exists) || len(s.store.objects) != 2 {
			t.Errorf("%v, %d objects: a name that is taken costs no object", err, len(s.store.objects))
		}
	})
}

// Of two changes at once none is lost: the slower one is made again on what the
// faster one left, or refused when it named the version.
func TestMetadataOvertaken(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newIceberg(t, d)
		s.must(s.create())
		s.store.meanwhile = func() { s.must(s.set("fast", nil)) }
		s.must(s.set("slow", nil))
		if version, metadata := s.table(); version != "2" || !strings.Contains(metadata, `"properties":{"fast":"x","slow":"x"}`) {
			t.Errorf("version %s: %s", version, metadata)
		}
		s.store.meanwhile = func() { s.must(s.set("faster", nil)) }
		var concurrent *glueapi.ConcurrentModificationException
		if err := s.set("slower", new("2")); !errors.As(err, &concurrent) {
			t.Errorf("%v", err)
		}
		if version, metadata := s.table(); version != "3" || strings.Contains(metadata, "slower") {
			t.Errorf("version %s: %s", version, metadata)
		}
	})
}

// A table that was made anew meanwhile is not given the other's metadata, though
// its version is the same.
func TestMetadataOfAnotherTable(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newIceberg(t, d)
		s.must(s.create())
		_, first := s.table()
		s.store.meanwhile = func() {
			_, err := s.DeleteTable(s.ctx, &glueapi.DeleteTableInput{DatabaseName: "lake", Name: "t"})
			s.must(err)
			s.must(s.create())
		}
		s.must(s.set("late", nil))
		uuid := first[strings.Index(first, `"table-uuid"`):strings.Index(first, `"location"`)]
		if _, metadata := s.table(); strings.Contains(metadata, uuid) || !strings.Contains(metadata, `"late"`) {
			t.Errorf("the table made anew has the metadata of the deleted one: %s", metadata)
		}
	})
}

package partition

import (
	"reflect"
	"testing"

	"github.com/bindery-project/bindery/internal/api/glueapi"
)

// TestSameColumnKnowsEveryMember: two columns that differ in any one member are
// different, also in a member that a later model adds.
func TestSameColumnKnowsEveryMember(t *testing.T) {
	whole := func() glueapi.Column {
		return glueapi.Column{Name: "a", Type: new("int"), Comment: new("c"), Parameters: map[string]string{"k": "v"}}
	}
	if !sameColumn(whole(), whole()) {
		t.Fatal("a column differs from itself")
	}
	for i := range reflect.TypeFor[glueapi.Column]().NumField() {
		other := whole()
		field := reflect.ValueOf(&other).Elem().Field(i)
		if field.IsZero() {
			t.Fatalf("the test knows no value for %s", reflect.TypeFor[glueapi.Column]().Field(i).Name)
		}
		field.SetZero()
		if sameColumn(whole(), other) || sameColumn(other, whole()) {
			t.Errorf("columns that differ in %s are the same", reflect.TypeFor[glueapi.Column]().Field(i).Name)
		}
	}
}

// TestAuthorsWriteAsAlone: a batch's documents are those of single calls,
// whatever the order of their descriptors.
func TestAuthorsWriteAsAlone(t *testing.T) {
	a := &glueapi.StorageDescriptor{Columns: []glueapi.Column{{Name: "a"}}, Location: new("s3://b/1")}
	b := &glueapi.StorageDescriptor{Columns: []glueapi.Column{}, Compressed: new(true)}
	c := &glueapi.StorageDescriptor{Location: new("s3://b/2")}
	together := author{account: "111111111111"}
	for i, descriptor := range []*glueapi.StorageDescriptor{a, a, b, c, b, nil, b, a} {
		in := &glueapi.PartitionInput{Values: []string{"1"}, StorageDescriptor: descriptor}
		got, err := together.document(in, 5)
		if err != nil {
			t.Fatal(err)
		}
		want, err := newDocument("111111111111", in, 5)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("document %d: got %q %q, want %q %q", i, got.payload, got.shared, want.payload, want.shared)
		}
	}
}

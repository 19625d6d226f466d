package s3

import (
	"context"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// Permission is one action that an operation needs, as a reference shows it.
type Permission struct {
	Operation string
	Action    string
	Versioned string // the action instead, when the request names a version
	Resource  string // "*", or an ARN with {Bucket} and {Key}
	Sometimes bool   // only for requests that ask for it: tags, ACLs, conditions
	Refused   bool   // the operation is known and not built
}

// where says what each level of a path is called.
var where = map[level]string{
	onService: "*", onAll: "*", onBucket: "arn:aws:s3:::{Bucket}", onObject: "arn:aws:s3:::{Bucket}/{Key}", onSource: "arn:aws:s3:::{CopySource}",
}

// Permissions lists what each operation of the table needs, in the table's order.
func Permissions() []Permission {
	var out []Permission
	for i := range table {
		r := &table[i]
		for _, n := range r.Needs {
			out = append(out, Permission{
				Operation: r.Name, Action: n.Action, Versioned: n.Version, Resource: where[n.On], Sometimes: n.When != nil, Refused: r.serve == nil,
			})
		}
	}
	return out
}

// Governed is a bucket or object as authorization sees it for the call in the context: its
// owner, tags and policy. It says nothing to anybody; questions about access ask it.
func (s *Service) Governed(ctx context.Context, action, name string) (op.Resource, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(name, arnPrefix), "/")
	b, err := s.records.find(ctx, bucket)
	if err != nil {
		return op.Resource{}, err
	}
	return resource(op.CallFrom(ctx), action, b, bucket, key), nil
}

package glue

import (
	"context"
	"errors"
	"reflect"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A resource link is followed here, for every operation: the resource that meets
// one while it looks something up says so ([terms.Link]); the call's input is
// then written anew for what the link points at, authorized anew, and handled
// anew. So partitions, statistics and functions know nothing of links, and a
// call that meets none pays nothing. One link is followed, never a second.

// follows has an operation's calls follow resource links.
func (s *Service) follows(b op.Bound) op.Bound {
	handle := b.Call
	b.Call = func(ctx context.Context, in any) (any, error) {
		out, err := handle(ctx, in)
		var link *terms.Link
		if !errors.As(err, &link) {
			return out, err
		}
		next, ok := redirect(in, link)
		if !ok {
			return nil, link.InvalidInputException
		}
		if err := s.reauthorize(ctx, next); err != nil {
			return nil, err
		}
		out, err = handle(terms.WithFollowed(ctx, link), next)
		if errors.As(err, &link) {
			return nil, terms.Invalid("A resource link cannot be reached through a resource link.")
		}
		return out, err
	}
	return b
}

// redirect copies an input and names the link's target in place of the link; ok
// is false when the input has no place for it.
func redirect(in any, link *terms.Link) (next any, ok bool) {
	from := reflect.ValueOf(in).Elem()
	to := reflect.New(from.Type())
	to.Elem().Set(from)
	v := to.Elem()
	if !set(v, link.To.Catalog, "CatalogId", "CatalogID") {
		return nil, false
	}
	switch {
	case set(v, link.To.Database, "DatabaseName"):
	case link.To.Table == "" && set(v, link.To.Database, "Name"): // UpdateDatabase
		setInside(v, "DatabaseInput", link.To.Database)
	default:
		return nil, false
	}
	if link.To.Table == "" {
		return to.Interface(), true
	}
	inside := setInside(v, "TableInput", link.To.Table)
	return to.Interface(), setPresent(v, link.To.Table, "TableName", "Name") || inside
}

// set gives the first member of that name a value.
func set(v reflect.Value, text string, names ...string) bool {
	for _, name := range names {
		switch f := v.FieldByName(name); {
		case !f.IsValid():
		case f.Kind() == reflect.String:
			f.SetString(text)
			return true
		case f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.String:
			f.Set(reflect.ValueOf(&text))
			return true
		}
	}
	return false
}

// setPresent is set for a member that may be left out, and is not.
func setPresent(v reflect.Value, text string, names ...string) bool {
	for _, name := range names {
		if f := v.FieldByName(name); f.IsValid() && !f.IsZero() {
			return set(v, text, name)
		}
	}
	return false
}

// setInside names a structure of the input, in a copy of it.
func setInside(v reflect.Value, member, text string) bool {
	f := v.FieldByName(member)
	if !f.IsValid() || f.Kind() != reflect.Pointer || f.IsNil() {
		return false
	}
	clone := reflect.New(f.Type().Elem())
	clone.Elem().Set(f.Elem())
	f.Set(clone)
	return set(clone.Elem(), text, "Name")
}

package gateway

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// typ is the Go type that a path starts from; nil for an empty input.
type typ = reflect.Type

// path is a list of field indexes from an input to one of its values.
type path []int

func inputType(b op.Bound) typ {
	if b.NewInput == nil {
		return nil
	}
	return reflect.TypeOf(b.NewInput())
}

// compilePath resolves "TableInput.Name" to fields. The empty path is the
// value itself.
func compilePath(t typ, text string) (path, error) {
	p := path{}
	if text == "" {
		return p, nil
	}
	for _, name := range strings.Split(text, ".") {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil || t.Kind() != reflect.Struct {
			return nil, fmt.Errorf("%q: %q is no member", text, name)
		}
		f, ok := t.FieldByName(goName(name))
		if !ok {
			return nil, fmt.Errorf("%q: no member %q in %s", text, name, t.Name())
		}
		p = append(p, f.Index[0])
		t = f.Type
	}
	return p, nil
}

// goName is the Go field of a model member: "tags" becomes "Tags".
func goName(member string) string {
	if member == "" {
		return member
	}
	return strings.ToUpper(member[:1]) + member[1:]
}

// elem is the element type of the list at the path.
func (p path) elem(t typ) typ {
	for _, i := range p {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		t = t.Field(i).Type
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return t
}

// value follows the path; the zero Value when something on the way is absent.
func (p path) value(from any) reflect.Value {
	v := reflect.ValueOf(from)
	for _, i := range p {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return reflect.Value{}
		}
		v = v.Elem()
	}
	return v
}

// str is the string at the path, "" when it is absent.
func (p path) str(from any) string {
	v := p.value(from)
	switch {
	case !v.IsValid():
		return ""
	case v.Kind() == reflect.String:
		return v.String()
	case v.CanInt():
		return fmt.Sprint(v.Int())
	case v.Kind() == reflect.Bool:
		return fmt.Sprint(v.Bool())
	}
	return ""
}

// items are the elements of the list at the path.
func (p path) items(from any) []any {
	v := p.value(from)
	if !v.IsValid() || v.Kind() != reflect.Slice {
		return nil
	}
	out := make([]any, v.Len())
	for i := range out {
		out[i] = v.Index(i).Interface()
	}
	return out
}

// contextKey takes a condition key's values from the input.
type contextKey struct {
	key   string // lower case; a trailing slash or colon means one key for each tag
	names bool   // the path ends in ".keys()": the values are the names of tags
	path  path
	inner path // "Tags[].Key": the member of each element
}

func compileContext(in typ, kv op.KeyValue) (contextKey, error) {
	whole, names := strings.CutSuffix(kv.Path, ".keys()")
	list, inner, isList := strings.Cut(whole, "[]")
	p, err := compilePath(in, list)
	c := contextKey{key: strings.ToLower(kv.Key), names: names, path: p}
	if err != nil || !isList || inner == "" {
		return c, err
	}
	c.inner, err = compilePath(p.elem(in), strings.TrimPrefix(inner, "."))
	return c, err
}

// contextOf collects the condition keys that the input carries.
func (r *rule) contextOf(in any) map[string][]string {
	if len(r.context) == 0 {
		return nil
	}
	out := map[string][]string{}
	for i := range r.context {
		r.context[i].add(out, in)
	}
	return out
}

func (c *contextKey) add(out map[string][]string, in any) {
	v := c.path.value(in)
	switch {
	case !v.IsValid():
	case strings.HasSuffix(c.key, "/") || strings.HasSuffix(c.key, ":"):
		// Names that differ in letter case only are one key: it gets both values, which no Allow takes for one.
		for _, t := range tagsAt(v) {
			key := c.key + strings.ToLower(t[0])
			out[key] = append(out[key], t[1])
		}
	case c.names || v.Kind() == reflect.Map: // of tags, a map or a list: their names
		for _, t := range tagsAt(v) {
			out[c.key] = append(out[c.key], t[0])
		}
	case v.Kind() == reflect.Slice:
		for _, item := range c.path.items(in) {
			if s := c.inner.str(item); s != "" {
				out[c.key] = append(out[c.key], s)
			}
		}
	default:
		if s := c.path.str(in); s != "" {
			out[c.key] = []string{s}
		}
	}
}

// tagsAt reads tags, name and value, in either of AWS's forms: a map, or a list
// of Key and Value.
func tagsAt(v reflect.Value) (out [][2]string) {
	switch {
	case !v.IsValid():
	case v.Kind() == reflect.Map:
		for _, k := range v.MapKeys() {
			out = append(out, [2]string{k.String(), v.MapIndex(k).String()})
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		for i := range v.Len() {
			out = append(out, [2]string{v.Index(i).String()})
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			e := v.Index(i)
			name, value := e.FieldByName("Key"), e.FieldByName("Value")
			if !name.IsValid() { // KMS
				name, value = e.FieldByName("TagKey"), e.FieldByName("TagValue")
			}
			out = append(out, [2]string{text(name), text(value)})
		}
	}
	return out
}

func text(v reflect.Value) string {
	if v.IsValid() && v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.String {
		return ""
	}
	return v.String()
}

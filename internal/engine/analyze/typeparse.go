package analyze

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

const maxTypeDepth = 100

// hivePrimitives maps Glue's names of types to query types. Timestamps of the
// catalog have milliseconds.
var hivePrimitives = map[string]*Type{
	"boolean": booleanType, "tinyint": tinyintType, "smallint": smallintType, "int": integerType,
	"integer": integerType, "bigint": bigintType, "long": bigintType, "float": realType, "real": realType,
	"double": doubleType, "string": varcharType, "binary": varbinaryType, "date": dateType,
	"timestamp": TimestampOf(3), "timestamp with time zone": TimestampTZOf(3),
	"timestamptz": TimestampTZOf(3), "timestamp_ntz": TimestampOf(3), "json": jsonType, "uuid": uuidType,
	"varchar": varcharType, "decimal": DecimalOf(10, 0), "char": {Kind: Char, Length: 1},
	"varbinary": varbinaryType, "time": TimeOf(3),
}

// ParseHiveType reads the type of a Glue column, such as "int" or
// "array<struct<a:string,b:decimal(10,2)>>". The error names what is not known.
func ParseHiveType(text string) (*Type, error) {
	p := &hiveParser{text: text}
	t, err := p.parse(0)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(text) {
		return nil, fmt.Errorf("type %q: unexpected %q", text, text[p.at:])
	}
	return t, nil
}

type hiveParser struct {
	text string
	at   int
}

func (p *hiveParser) skip() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// word reads up to one of the structural characters.
func (p *hiveParser) word() string {
	p.skip()
	n := strings.IndexAny(p.text[p.at:], "<>(),:")
	if n < 0 {
		n = len(p.text) - p.at
	}
	w := strings.TrimSpace(p.text[p.at : p.at+n])
	p.at += n
	return w
}

func (p *hiveParser) accept(c byte) bool {
	p.skip()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *hiveParser) expect(c byte) error {
	if !p.accept(c) {
		return fmt.Errorf("type %q: expected %q at offset %d", p.text, c, p.at)
	}
	return nil
}

func (p *hiveParser) parse(depth int) (*Type, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("type is nested more than %d levels deep", maxTypeDepth)
	}
	name := strings.ToLower(p.word())
	switch {
	case name == "array" || name == "map":
		return p.container(name, depth)
	case name == "struct" || name == "row":
		return p.structure(depth)
	case p.accept('('):
		return p.sized(name)
	}
	if t, ok := hivePrimitives[name]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("type %q is not supported", name)
}

func (p *hiveParser) container(name string, depth int) (*Type, error) {
	args, err := p.list(depth, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case name == "array" && len(args) == 1:
		return ArrayOf(args[0]), nil
	case name == "map" && len(args) == 2:
		return MapOf(args[0], args[1]), nil
	}
	return nil, fmt.Errorf("type %q: wrong number of types in %s", p.text, name)
}

func (p *hiveParser) structure(depth int) (*Type, error) {
	names := []string{}
	fields, err := p.list(depth, &names)
	if err != nil {
		return nil, err
	}
	return RowOf(names, fields), nil
}

// list reads <type, …>, with "name:" before each type when names is given.
func (p *hiveParser) list(depth int, names *[]string) ([]*Type, error) {
	if err := p.expect('<'); err != nil {
		return nil, err
	}
	var types []*Type
	for {
		if names != nil {
			*names = append(*names, strings.ToLower(strings.Trim(p.word(), "`")))
			if err := p.expect(':'); err != nil {
				return nil, err
			}
		}
		t, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		types = append(types, t)
		if !p.accept(',') {
			return types, p.expect('>')
		}
	}
}

// sized reads the numbers of decimal(p,s), varchar(n) and their like.
func (p *hiveParser) sized(name string) (*Type, error) {
	var numbers []int
	for {
		n, err := strconv.Atoi(p.word())
		if err != nil {
			return nil, fmt.Errorf("type %q: %w", p.text, err)
		}
		numbers = append(numbers, n)
		if !p.accept(',') {
			break
		}
	}
	if err := p.expect(')'); err != nil {
		return nil, err
	}
	if rest := strings.ToLower(p.word()); rest != "" {
		name += " " + rest
	}
	t := sizedType(name, numbers)
	if t == nil {
		return nil, fmt.Errorf("type %q is not supported", p.text)
	}
	return t, nil
}

// sizedType gives the type of a base name with its numbers, or nil.
func sizedType(name string, numbers []int) *Type {
	if len(numbers) == 0 {
		return plainType(name)
	}
	n := numbers[0]
	switch {
	case (name == "decimal" || name == "numeric" || name == "dec") && len(numbers) <= 2:
		scale := 0
		if len(numbers) == 2 {
			scale = numbers[1]
		}
		if n >= 1 && n <= 38 && scale >= 0 && scale <= n {
			return DecimalOf(n, scale)
		}
	case len(numbers) > 1 || n < 0:
	case name == "varchar":
		return VarcharOf(n)
	case name == "char" && n >= 1 && n <= 65536:
		return &Type{Kind: Char, Length: n}
	case n > maxTimePrecision:
	case name == "timestamp":
		return TimestampOf(n)
	case name == "timestamp with time zone":
		return TimestampTZOf(n)
	case name == "time":
		return TimeOf(n)
	}
	return nil
}

// maxTimePrecision is the finest fraction of a second the executing engine keeps.
const maxTimePrecision = 6

// plainType gives the query type of a bare name, or nil.
func plainType(name string) *Type {
	switch name {
	case "int", "integer":
		return integerType
	case "string", "binary", "long", "float", "timestamptz", "timestamp_ntz":
		return nil
	case "numeric", "dec", "decimal":
		return DecimalOf(38, 0)
	case "interval day to second":
		return dayInterval
	case "interval year to month":
		return yearInterval
	case "unknown":
		return unknownType
	}
	return hivePrimitives[name]
}

// resolveType gives the meaning of a type as written in a query.
func resolveType(t *sql.TypeName) (*Type, error) {
	args := make([]*Type, len(t.Args))
	for i, a := range t.Args {
		arg, err := resolveType(a)
		if err != nil {
			return nil, err
		}
		args[i] = arg
	}
	switch {
	case t.Base == "array" && len(args) == 1:
		return ArrayOf(args[0]), nil
	case t.Base == "map" && len(args) == 2:
		return MapOf(args[0], args[1]), nil
	case t.Base == "row":
		return rowType(t, args)
	}
	if len(args) == 0 {
		if found := sizedType(t.Base, t.Numbers); found != nil {
			return found, nil
		}
	}
	return nil, sql.Errorf(t.Pos, TypeNotFound, "Unknown type: %s", sql.Format(t))
}

func rowType(t *sql.TypeName, args []*Type) (*Type, error) {
	names := make([]string, len(args))
	seen := map[string]bool{}
	for i, f := range t.Fields {
		if f == nil {
			continue
		}
		names[i] = f.Value
		if folded := strings.ToLower(f.Value); seen[folded] {
			return nil, sql.Errorf(t.Pos, sql.NotSupported, "a row type with two fields named '%s' is not supported", f.Value)
		} else {
			seen[folded] = true
		}
	}
	return RowOf(names, args), nil
}

package analyze

import "math"

// lengthRules give the results of functions whose text is bounded by the
// lengths of their arguments. They are the engine's own bounds, generous as
// they are: a column of CREATE TABLE AS gets such a type.
var lengthRules = map[string]func(*resolved) *Type{
	"lower": asLong, "upper": asLong, "reverse": asLong, "substr": asLong, "substring": asLong,
	"trim": asLong, "ltrim": asLong, "rtrim": asLong, "split_part": asLong, "regexp_extract": asLong,
	"json_extract_scalar": asLong, "url_decode": asLong, "url_extract_host": asLong,
	"url_extract_path": asLong, "url_extract_protocol": asLong, "url_extract_query": asLong,
	"url_extract_fragment": asLong, "url_extract_parameter": asLong,
	"split": elementsAsLong, "regexp_split": elementsAsLong, "regexp_extract_all": elementsAsLong,
	"replace": replaced, "regexp_replace": regexpReplaced, "url_encode": urlEncoded,
	"to_base": constantLength(64), "chr": constantLength(1), "to_iso8601": isoLength,
}

// lengthOf is the length of the text of argument i, or Unbounded.
func lengthOf(r *resolved, i int) int {
	if t := r.args[i].Type(); t.isText() {
		return t.Length
	}
	return Unbounded
}

// bounded gives varchar(n), or varchar where n is no length a type can have.
func bounded(n int) *Type {
	if n < 0 || n >= math.MaxInt32 {
		return varcharType
	}
	return VarcharOf(n)
}

func asLong(r *resolved) *Type {
	if r.result.Kind != Varchar {
		return r.result
	}
	return bounded(lengthOf(r, 0))
}

func elementsAsLong(r *resolved) *Type { return ArrayOf(bounded(lengthOf(r, 0))) }

func constantLength(n int) func(*resolved) *Type {
	return func(*resolved) *Type { return VarcharOf(n) }
}

// replaced counts the new text before, between and after all characters.
func replaced(r *resolved) *Type {
	if len(r.args) == 2 {
		return asLong(r)
	}
	x, with := lengthOf(r, 0), lengthOf(r, 2)
	if x == Unbounded || with == Unbounded {
		return varcharType
	}
	return bounded(x + with*(x+1))
}

// regexpReplaced counts a group, which two characters of the new text name, as
// long as the whole text.
func regexpReplaced(r *resolved) *Type {
	if len(r.args) == 2 {
		return asLong(r)
	}
	x, with := lengthOf(r, 0), lengthOf(r, 2)
	if x == Unbounded || with == Unbounded {
		return varcharType
	}
	return bounded(x + max(x*with/2, with)*(x+1))
}

// urlEncoded counts four bytes a character and three characters a byte.
func urlEncoded(r *resolved) *Type {
	if n := lengthOf(r, 0); n != Unbounded {
		return bounded(12 * n)
	}
	return varcharType
}

// isoLength is that of the widest year, with the digits of the fraction.
func isoLength(r *resolved) *Type {
	t := r.args[0].Type()
	n := map[Kind]int{Date: 16, Timestamp: 22, TimestampTZ: 28}[t.Kind]
	if t.Kind != Date && t.Length > 0 {
		n += 1 + t.Length
	}
	return VarcharOf(n)
}

package format

import "slices"

// Merge returns the narrowest type that holds the values of both. It is commutative up to the order of struct fields, associative and idempotent,
// so the schema of many files does not depend on the order in which they were read:
//
//   - no value seen gives way to anything;
//   - int, bigint, decimal and double widen in that order (a decimal grows to hold both sides, beyond 38 digits it becomes double);
//   - structs take the union of their fields, arrays and maps merge their elements;
//   - everything else (number and text, struct and scalar) is string, which every reader can produce.
func Merge(a, b Type) Type {
	switch {
	case a.IsNull():
		return b
	case b.IsNull():
		return a
	case a.Name == b.Name && a.Elem == nil && a.Fields == nil && slices.Equal(a.Params, b.Params):
		return a
	case a.Name == "struct" && b.Name == "struct":
		return structOf(mergeFields(a.Fields, b.Fields))
	case a.Name == "array" && b.Name == "array":
		return arrayOf(Merge(*a.Elem, *b.Elem))
	case a.Name == "map" && b.Name == "map":
		return mapOf(Merge(*a.Key, *b.Key), Merge(*a.Elem, *b.Elem))
	case isNumber(a) && isNumber(b):
		return mergeNumbers(a, b)
	case a.Name == "date" && b.Name == "timestamp", a.Name == "timestamp" && b.Name == "date":
		return plain("timestamp")
	}
	return plain("string")
}

func mergeFields(a, b []Field) []Field {
	merged := slices.Clone(a)
	index := make(map[string]int, len(a)+len(b))
	for i, f := range merged {
		index[f.Name] = i
	}
	for _, f := range b {
		if i, ok := index[f.Name]; ok {
			merged[i].Type = Merge(merged[i].Type, f.Type)
			continue
		}
		index[f.Name] = len(merged)
		merged = append(merged, f)
	}
	return merged
}

// integerDigits holds how many decimal digits each integer type can need.
var integerDigits = map[string]int{"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}

func isNumber(t Type) bool {
	return integerDigits[t.Name] > 0 || t.Name == "decimal" || t.Name == "float" || t.Name == "double"
}

// mergeNumbers widens two different number types.
func mergeNumbers(a, b Type) Type {
	if a.Name == "float" || a.Name == "double" || b.Name == "float" || b.Name == "double" {
		return plain("double") // a float holds 24 bits: not even an int fits
	}
	if a.Name != "decimal" && b.Name != "decimal" {
		if integerDigits[a.Name] > integerDigits[b.Name] {
			return a
		}
		return b
	}
	aWhole, aScale := decimalDigits(a)
	bWhole, bScale := decimalDigits(b)
	whole, scale := max(aWhole, bWhole), max(aScale, bScale)
	if whole+scale > 38 {
		return plain("double")
	}
	return decimal(whole+scale, scale)
}

// decimalDigits returns the digits before and after the point that a type can hold; Hive's bare decimal is (10,0).
func decimalDigits(t Type) (whole, scale int) {
	if t.Name != "decimal" {
		return integerDigits[t.Name], 0
	}
	precision := 10
	if len(t.Params) > 0 {
		precision = t.Params[0]
	}
	if len(t.Params) > 1 {
		scale = t.Params[1]
	}
	return precision - scale, scale
}

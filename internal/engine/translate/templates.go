package translate

// templates hold the functions that one expression of DuckDB says. The key is
// a name, "name#n" for n arguments, or "name/kind" by the first argument. See
// [printer.template] for the notation; "$!text;" raises INVALID_FUNCTION_ARGUMENT.
var templates = map[string]string{
	// Numbers.
	"abs": "abs($1)", "ceil": "CAST(ceil($1) AS $T)", "ceiling": "CAST(ceil($1) AS $T)", "floor": "CAST(floor($1) AS $T)",
	"sign": "CAST(sign($1) AS $T)", "sqrt": "CASE WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt($1) END", "cbrt": "CASE WHEN pow(round(cbrt($1)), 3) = $1 THEN round(cbrt($1)) ELSE cbrt($1) END", "exp": "exp($1)",
	"ln": logTemplate("ln"), "log2": logTemplate("log2"), "log10": logTemplate("log10"),
	"log":   "CASE WHEN $2 = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN $2 < 0 OR $1 <= 0 THEN CAST('NaN' AS DOUBLE) ELSE ln($2) / ln($1) END",
	"power": "pow($1, $2)", "pow": "pow($1, $2)", "pi": "pi()", "e": "exp(1e0)", "degrees": "degrees($1)", "radians": "radians($1)",
	"sin": "sin($1)", "cos": "cos($1)", "tan": "tan($1)", "atan": "atan($1)", "atan2": "atan2($1, $2)",
	"asin": "CASE WHEN abs($1) > 1 THEN CAST('NaN' AS DOUBLE) ELSE asin($1) END",
	"acos": "CASE WHEN abs($1) > 1 THEN CAST('NaN' AS DOUBLE) ELSE acos($1) END",
	"sinh": "sinh($1)", "cosh": "cosh($1)", "tanh": "tanh($1)",
	"nan": "CAST('NaN' AS DOUBLE)", "infinity": "CAST('Infinity' AS DOUBLE)",
	"is_nan": "isnan($1)", "is_finite": "isfinite($1)", "is_infinite": "isinf($1)",
	"random": "random()", "rand": "random()",
	"random#1": randomBelow, "rand#1": randomBelow, "random#2": randomBetween, "rand#2": randomBetween,
	"width_bucket#2": "CASE WHEN len($2) = 0 THEN $!Bins cannot be an empty array; ELSE CAST(len(list_filter($2, lambda b: b <= $1)) AS BIGINT) END",
	"width_bucket#4": "CASE WHEN $4 <= 0 THEN $!bucketCount must be greater than 0; WHEN $2 = $3 THEN $!bounds cannot equal each other; " +
		"WHEN $2 < $3 THEN CASE WHEN $1 < $2 THEN 0 WHEN $1 >= $3 THEN $4 + 1 ELSE CAST(floor($4 * ($1 - $2) / ($3 - $2)) AS BIGINT) + 1 END " +
		"ELSE CASE WHEN $1 > $2 THEN 0 WHEN $1 <= $3 THEN $4 + 1 ELSE CAST(floor($4 * ($2 - $1) / ($2 - $3)) AS BIGINT) + 1 END END",
	"bitwise_and": "$1 & $2", "bitwise_or": "$1 | $2", "bitwise_xor": "xor($1, $2)", "bitwise_not": "~($1)",
	"bitwise_left_shift":             "CASE WHEN $2 >= 64 THEN CAST(0 AS BIGINT) ELSE CAST(CAST($1 AS BIT) << CAST($2 AS INTEGER) AS $T) END",
	"bitwise_right_shift":            "CASE WHEN $2 >= 64 THEN CAST(0 AS BIGINT) ELSE CAST(CAST($1 AS BIT) >> CAST($2 AS INTEGER) AS $T) END",
	"bitwise_right_shift_arithmetic": "CASE WHEN $2 >= 64 THEN CASE WHEN $1 < 0 THEN -1 ELSE 0 END ELSE CAST(floor(CAST($1 AS HUGEINT) / pow(2, CAST($2 AS INTEGER))) AS $T) END",
	"bit_count":                      "CASE WHEN $2 BETWEEN 2 AND 64 THEN CAST(bit_count(right(CAST(CAST($1 AS BIT) AS VARCHAR), CAST($2 AS INTEGER))::BIT) AS BIGINT) ELSE $!Bits specified in bit_count must be between 2 and 64; END",
	"from_base": "list_reduce(list_transform(string_split(lower(regexp_replace($1, '^[+-]', '')), ''), lambda d: " +
		"CASE WHEN strpos(left('0123456789abcdefghijklmnopqrstuvwxyz', CAST($2 AS INTEGER)), d) = 0 THEN $!Not a valid base number; " +
		"ELSE CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', d) - 1 AS BIGINT) END), " +
		"lambda acc, d: acc * $2 + d, CAST(0 AS BIGINT)) * CASE WHEN left($1, 1) = '-' THEN -1 ELSE 1 END",
	"to_base": "CASE WHEN $1 < 0 THEN '-' ELSE '' END || lower(to_base(abs($1), CAST($2 AS INTEGER)))",

	// Text.
	"length": "length($1)", "length/bytes": "octet_length($1)", "lower": "lower($1)", "upper": "replace(upper($1), 'ẞ', 'ß')",
	"substr#2":    "CASE WHEN $2 = 0 OR abs($2) > length($1) THEN '' ELSE substr($1, $2) END",
	"substr#3":    "CASE WHEN $2 = 0 OR abs($2) > length($1) OR $3 <= 0 THEN '' ELSE substr($1, $2, $3) END",
	"substring#2": "CASE WHEN $2 = 0 OR abs($2) > length($1) THEN '' ELSE substr($1, $2) END",
	"substring#3": "CASE WHEN $2 = 0 OR abs($2) > length($1) OR $3 <= 0 THEN '' ELSE substr($1, $2, $3) END",
	"strpos#2":    "CAST(strpos($1, $2) AS BIGINT)", "strpos#3": strposTemplate,
	"replace#2": "replace($1, $2, '')", "replace#3": "CASE WHEN $2 = '' THEN $3 || coalesce(array_to_string(list_transform(string_split($1, ''), lambda e: e || $3), ''), '') ELSE replace($1, $2, $3) END",
	"reverse": "reverse($1)", "reverse/array": "list_reverse($1)",
	"reverse/bytes": "unhex(array_to_string(list_reverse(regexp_extract_all(hex($1), '..')), ''))",
	"lpad":          padTemplate("lpad"), "rpad": padTemplate("rpad"),
	"trim": "trim($1, " + trimmed + ")", "ltrim": "ltrim($1, " + trimmed + ")", "rtrim": "rtrim($1, " + trimmed + ")",
	"trim#2": "trim($1, $2)", "ltrim#2": "ltrim($1, $2)", "rtrim#2": "rtrim($1, $2)",
	"split#2": "CASE WHEN $2 = '' THEN $!The delimiter may not be the empty string; ELSE string_split($1, $2) END",
	"split#3": "CASE WHEN $2 = '' THEN $!The delimiter may not be the empty string; WHEN $3 <= 0 THEN $!Limit must be positive; WHEN len(string_split($1, $2)) <= $3 THEN string_split($1, $2) " +
		"ELSE list_append(list_slice(string_split($1, $2), 1, $3 - 1), array_to_string(list_slice(string_split($1, $2), $3, len(string_split($1, $2))), $2)) END",
	"split_part":   "CASE WHEN $3 <= 0 THEN $!Index must be greater than zero; ELSE list_extract(string_split($1, $2), $3) END",
	"split_to_map": "map(list_transform(string_split($1, $2), lambda e: split_part(e, $3, 1)), list_transform(string_split($1, $2), lambda e: substr(e, strpos(e, $3) + length($3))))",
	"starts_with":  "starts_with($1, $2)", "chr": "chr(CAST($1 AS INTEGER))", "codepoint": "unicode($1)",
	"concat": "$1 || $2", "translate": "translate($1, $2, $3)",
	"levenshtein_distance": "CASE WHEN strlen($1) = length($1) AND strlen($2) = length($2) THEN levenshtein($1, $2) WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN error('NOT_SUPPORTED: levenshtein_distance of other than ASCII text is not supported') END",
	"hamming_distance":     "CASE WHEN length($1) <> length($2) THEN $!The input strings to hamming_distance function must have the same length; ELSE len(list_filter(range(1, length($1) + 1), lambda i: $1[i] <> $2[i])) END",
	"normalize":            "nfc_normalize($1)",
	"regexp_like":          "regexp_matches($1, $2)",
	"regexp_extract#2":     "list_extract(regexp_extract_all($1, $2), 1)",
	"regexp_extract#3":     "list_extract(regexp_extract_all($1, $2, CAST($3 AS INTEGER)), 1)",
	"regexp_extract_all#2": "regexp_extract_all($1, $2)",
	"regexp_extract_all#3": "regexp_extract_all($1, $2, CAST($3 AS INTEGER))",
	"regexp_replace#2":     "regexp_replace($1, $2, '', 'g')",
	"regexp_replace#3":     "regexp_replace($1, $2, regexp_replace(replace($3, '\\', '\\\\'), '\\$([0-9])', '\\\\\\1', 'g'), 'g')",
	"regexp_split":         "string_split_regex($1, $2)",
	"regexp_count":         "len(regexp_extract_all($1, $2))",
	"regexp_position":      "CASE WHEN regexp_matches($1, $2) THEN CAST(length(regexp_extract($1, '^((?s:.*?))(?:' || $2 || ')', 1)) + 1 AS INTEGER) ELSE -1 END",
	"url_encode":           "replace(replace(replace(url_encode($1), '%20', '+'), '%2A', '*'), '~', '%7E')",
	"url_decode":           "url_decode(replace($1, '+', '%20'))",
	"url_extract_protocol": "coalesce(list_extract(regexp_extract_all($1, '^([A-Za-z][A-Za-z0-9+.-]*):', 1), 1), '')",
	"url_extract_host":     "coalesce(list_extract(regexp_extract_all($1, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)', 1), 1), '')",
	"url_extract_port":     "TRY_CAST(list_extract(regexp_extract_all($1, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?[^/?#:]*:([0-9]+)', 1), 1) AS BIGINT)",
	"url_extract_path":     "coalesce(list_extract(regexp_extract_all($1, '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)', 1), 1), '')",
	"url_extract_query":    "coalesce(list_extract(regexp_extract_all($1, '^[^?#]*\\?([^#]*)', 1), 1), '')",
	"url_extract_fragment": "coalesce(url_decode(list_extract(regexp_extract_all($1, '#(.*)$', 1), 1)), '')",
	"url_extract_parameter": "list_extract(list_transform(list_filter(string_split(coalesce(list_extract(regexp_extract_all($1, '^[^?#]*\\?([^#]*)', 1), 1), ''), '&'), " +
		"lambda e: split_part(e, '=', 1) = $2), lambda e: url_decode(replace(substr(e, length(split_part(e, '=', 1)) + 2), '+', '%20'))), 1)",

	// Bytes.
	"to_hex": "hex($1)", "from_hex": "unhex($1)", "to_utf8": "encode($1)", "from_utf8": "decode($1)",
	"to_base64": "to_base64($1)", "from_base64": "from_base64($1)",
	"to_base64url":   "translate(to_base64($1), '+/', '-_')",
	"from_base64url": "from_base64(translate($1, '-_', '+/'))",
	"md5":            "unhex(md5($1))", "sha1": "unhex(sha1($1))", "sha256": "unhex(sha256($1))",

	// Dates and times.
	"current_timezone": "'UTC'", "date": "CAST($1 AS DATE)", "to_milliseconds": "$1",
	"last_day_of_month": "last_day(CAST($1 AS DATE))",
	"year":              "year($1)", "quarter": "quarter($1)", "month": "month($1)", "day": "day($1)", "day_of_month": "day($1)",
	"week": "week($1)", "week_of_year": "week($1)", "year_of_week": "isoyear($1)", "yow": "isoyear($1)",
	"day_of_week": "isodow($1)", "dow": "isodow($1)", "day_of_year": "dayofyear($1)", "doy": "dayofyear($1)",
	"hour": "hour($1)", "minute": "minute($1)", "second": "second($1)", "millisecond": "millisecond($1) % 1000",
	"year/months": "$1 // 12", "month/months": "$1 % 12", "day/days": "$1 // 86400000", "hour/days": "$1 // 3600000 % 24",
	"minute/days": "$1 // 60000 % 60", "second/days": "$1 // 1000 % 60", "millisecond/days": "$1 % 1000",
	"from_iso8601_date": "CAST($1 AS DATE)",
	"to_iso8601/date":   "strftime($1, '%Y-%m-%d')",

	// JSON.
	"json_format": "CAST($1 AS VARCHAR)",

	// Arrays and maps.
	"cardinality": "len($1)", "cardinality/map": "CAST(cardinality($1) AS BIGINT)",
	"contains":   "CASE WHEN list_contains($1, $2) THEN true WHEN $2 IS NULL OR len(list_filter($1, lambda e: e IS NULL)) > 0 THEN NULL WHEN $1 IS NOT NULL THEN false END",
	"element_at": "CASE WHEN $2 = 0 THEN $!SQL array indices start at 1; ELSE list_extract($1, $2) END",
	"transform":  "list_transform($1, $2)", "filter": "list_filter($1, $2)",
	"any_match":      "list_reduce(list_transform($1, $2), lambda p, q: p OR q, false)",
	"all_match":      "list_reduce(list_transform($1, $2), lambda p, q: p AND q, true)",
	"none_match":     "NOT list_reduce(list_transform($1, $2), lambda p, q: p OR q, false)",
	"array_distinct": distinctOf("$1"),
	"array_sort":     "list_sort($1, 'ASC', 'NULLS LAST')",
	"array_max":      "CASE WHEN len(list_filter($1, lambda e: e IS NULL)) = 0 THEN list_max($1) END",
	"array_min":      "CASE WHEN len(list_filter($1, lambda e: e IS NULL)) = 0 THEN list_min($1) END",
	"array_position": "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN CAST(coalesce(list_position($1, $2), 0) AS BIGINT) END",
	"array_remove":   "CASE WHEN $2 IS NOT NULL THEN list_filter($1, lambda e: e IS NULL OR e <> $2) END",
	"array_union":    "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN " + distinctOf("list_concat($1, $2)") + " END",
	"array_intersect": "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN list_filter(" + distinctOf("$1") +
		", lambda e: coalesce(list_position($2, e), 0) > 0) END",
	"array_except": "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN list_filter(" + distinctOf("$1") +
		", lambda e: coalesce(list_position($2, e), 0) = 0) END",
	"arrays_overlap": "CASE WHEN list_has_any(list_filter($1, lambda e: e IS NOT NULL), list_filter($2, lambda e: e IS NOT NULL)) THEN true " +
		"WHEN len($1) > 0 AND len($2) > 0 AND (len(list_filter($1, lambda e: e IS NULL)) > 0 OR len(list_filter($2, lambda e: e IS NULL)) > 0) THEN NULL " +
		"WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN false END",
	"flatten": "flatten($1)", "repeat": "CASE WHEN $2 < 0 THEN $!count argument of repeat function must be greater than or equal to 0; ELSE list_transform(range($2), lambda i: $1) END",
	"contains_sequence": "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN len(list_filter(range(0, len($1) - len($2) + 1), lambda i: list_slice($1, i + 1, i + len($2)) = $2)) > 0 END",
	"array_histogram":   "CASE WHEN $1 IS NOT NULL THEN map(list_distinct($1), list_transform(list_distinct($1), lambda d: CAST(len(list_filter($1, lambda e: e = d)) AS BIGINT))) END",
	"shuffle":           "list_transform(list_sort(list_transform($1, lambda e: {'r': random(), 'e': e})), lambda s: s.e)",
	"slice": "CASE WHEN $2 = 0 THEN $!SQL array indices start at 1; WHEN $3 < 0 THEN $!length must be greater than or equal to 0; " +
		"WHEN abs($2) > len($1) OR $3 = 0 THEN list_slice($1, 1, 0) WHEN $2 > 0 THEN list_slice($1, $2, $2 + $3 - 1) " +
		"ELSE list_slice($1, len($1) + $2 + 1, len($1) + $2 + $3) END",
	"trim_array": "CASE WHEN $2 < 0 THEN $!size must not be negative; WHEN $2 > len($1) THEN $!size must not exceed array cardinality; ELSE list_slice($1, 1, len($1) - $2) END",
	"ngrams":     "CASE WHEN $2 <= 0 THEN $!N must be positive; ELSE list_transform(range(1, greatest(len($1) - $2 + 2, 2)), lambda i: list_slice($1, i, i + $2 - 1)) END",
	"map#0":      "MAP {}",
	"map":        "CASE WHEN len($1) <> len($2) THEN $!Key and value arrays must be the same length; ELSE map($1, $2) END",
	"map_keys":   "map_keys($1)", "map_values": "map_values($1)",
	"element_at/map": "CASE WHEN $2 IS NOT NULL THEN map_extract_value($1, $2) END",
	"uuid":           "uuid()",
}

const (
	// trimmed are the characters that TRIM without a list removes.
	trimmed       = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
	randomBelow   = "CASE WHEN $1 <= 0 THEN $!bound must be positive; ELSE CAST(floor(random() * $1) AS $T) END"
	randomBetween = "CASE WHEN $1 >= $2 THEN $!start value must be less than stop value; ELSE CAST($1 + floor(random() * ($2 - $1)) AS $T) END"
)

// strposTemplate finds the nth occurrence, from the end where n is negative;
// places are counted by the lengths of the pieces between occurrences.
const strposTemplate = "CASE WHEN $3 = 0 THEN $!'instance' must be a positive or negative number.; WHEN $2 = '' THEN 1 " +
	"WHEN abs($3) >= len(string_split($1, $2)) THEN 0 WHEN $3 > 0 THEN CAST(list_sum(list_transform(list_slice(string_split($1, $2), 1, $3), lambda e: length(e))) + ($3 - 1) * length($2) + 1 AS BIGINT) " +
	"ELSE CAST(list_sum(list_transform(list_slice(string_split($1, $2), 1, len(string_split($1, $2)) + $3), lambda e: length(e))) + (len(string_split($1, $2)) + $3 - 1) * length($2) + 1 AS BIGINT) END"

func logTemplate(name string) string {
	return "CASE WHEN $1 = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) ELSE " + name + "($1) END"
}

func padTemplate(name string) string {
	return "CASE WHEN $2 < 0 THEN $!Target length must be in the range [0..2147483647]; WHEN $3 = '' THEN $!Padding string must not be empty; ELSE " +
		name + "($1, CAST($2 AS INTEGER), $3) END"
}

// distinctOf keeps the first of equal elements, NULL among them, in order.
func distinctOf(list string) string {
	return "list_filter(" + list + ", lambda e, i: list_position(" + list + ", e) = i)"
}

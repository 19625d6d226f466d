package translate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// jsonRule knows the functions of JSON.
func jsonRule(name string) rule {
	switch name {
	case "json_parse":
		return (*printer).jsonParse
	case "json_extract":
		return (*printer).jsonExtract
	case "json_extract_scalar":
		return (*printer).jsonExtractScalar
	case "json_array_length":
		return (*printer).jsonArrayLength
	case "json_array_get":
		return (*printer).jsonArrayGet
	case "json_array_contains":
		return (*printer).jsonArrayContains
	case "json_size":
		return (*printer).jsonSize
	case "is_json_scalar":
		return (*printer).isJSONScalar
	}
	return nil
}

func (p *printer) jsonParse(c *analyze.Call) string {
	return p.let1(p.expr(c.Args[0]), func(x string) string {
		bad := p.raise("INVALID_FUNCTION_ARGUMENT", "'Cannot convert value to JSON: ''' || "+x+" || ''''")
		return fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN NULL WHEN json_valid(%[1]s) THEN json(%[1]s) ELSE %[2]s END", x, bad)
	})
}

// document writes a JSON argument; text that is no JSON gives NULL, as the
// functions over JSON do.
func (p *printer) document(e analyze.Expr) string {
	text := p.expr(e)
	if e.Type().Kind == analyze.JSON {
		return text
	}
	return p.let1(text, func(x string) string {
		return fmt.Sprintf("CASE WHEN json_valid(%s) THEN CAST(%s AS JSON) END", x, x)
	})
}

// jsonPath turns a constant JSONPath of names and indexes into DuckDB's.
func jsonPath(c *analyze.Call, e analyze.Expr) string {
	path, ok := constant(e)
	if !ok {
		refuse(c, "%s with a path that is not constant is not supported", c.Name)
	}
	invalid := func() {
		panic(failure{sql.Errorf(c.Position(), analyze.InvalidFunctionArgument, "Invalid JSON path: '%s'", path)})
	}
	var b strings.Builder
	b.WriteByte('$')
	rest := strings.TrimPrefix(path, "$")
	if rest == path && path != "" && path[0] != '.' && path[0] != '[' {
		rest = "." + path
	}
	for rest != "" {
		var step string
		switch {
		case strings.HasPrefix(rest, "..") || strings.HasPrefix(rest, ".*") || strings.HasPrefix(rest, "[*"):
			refuse(c, "JSON path '%s' is not supported", path)
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			step, rest = strings.Trim(rest[1:end], `"`), rest[end:]
			b.WriteString(`."` + step + `"`)
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 2 {
				invalid()
			}
			step, rest = rest[1:end], rest[end+1:]
			if _, err := strconv.Atoi(step); err == nil {
				b.WriteString("[" + step + "]")
			} else {
				b.WriteString(`."` + strings.Trim(step, `"'`) + `"`)
			}
		default:
			invalid()
		}
		if step == "" {
			invalid()
		}
	}
	return quoteText(b.String())
}

func (p *printer) jsonExtract(c *analyze.Call) string {
	return "json_extract(" + p.document(c.Args[0]) + ", " + jsonPath(c, c.Args[1]) + ")"
}

// jsonExtractScalar gives NULL for objects, arrays and null.
func (p *printer) jsonExtractScalar(c *analyze.Call) string {
	return p.let1(p.jsonExtract(c), func(x string) string {
		return fmt.Sprintf("CASE WHEN json_type(%[1]s) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(%[1]s, '$') END", x)
	})
}

func (p *printer) jsonArrayLength(c *analyze.Call) string {
	return p.let1(p.document(c.Args[0]), func(x string) string {
		return fmt.Sprintf("CASE WHEN json_type(%[1]s) = 'ARRAY' THEN CAST(json_array_length(%[1]s) AS BIGINT) END", x)
	})
}

func (p *printer) jsonArrayGet(c *analyze.Call) string {
	return p.let([]string{p.document(c.Args[0]), p.expr(c.Args[1])}, func(a []string) string {
		path := fmt.Sprintf("CASE WHEN %[1]s < 0 THEN '$[#' || CAST(%[1]s AS VARCHAR) || ']' ELSE '$[' || CAST(%[1]s AS VARCHAR) || ']' END", a[1])
		return p.let1("json_extract("+a[0]+", "+path+")", func(x string) string {
			return fmt.Sprintf("CASE WHEN json_type(%s) = 'ARRAY' AND json_type(%[2]s) <> 'NULL' THEN %[2]s END", a[0], x)
		})
	})
}

// jsonArrayContains compares text with text and numbers with numbers.
func (p *printer) jsonArrayContains(c *analyze.Call) string {
	value := p.expr(c.Args[1])
	types := "'VARCHAR'"
	compare := "json_extract_string(e, '$') = %s"
	switch c.Args[1].Type().Kind { //nolint:exhaustive // the rest compares as text
	case analyze.Boolean:
		types, compare = "'BOOLEAN'", "json_extract_string(e, '$') = CAST(%s AS VARCHAR)"
	case analyze.Bigint, analyze.Double:
		types, compare = "'UBIGINT', 'BIGINT', 'DOUBLE'", "TRY_CAST(json_extract_string(e, '$') AS DOUBLE) = %s"
	}
	return p.let([]string{p.document(c.Args[0]), value}, func(a []string) string {
		return fmt.Sprintf("CASE WHEN json_type(%s) = 'ARRAY' THEN len(list_filter(CAST(%s AS JSON[]), lambda e: json_type(e) IN (%s) AND %s)) > 0 END",
			a[0], a[0], types, fmt.Sprintf(compare, a[1]))
	})
}

func (p *printer) jsonSize(c *analyze.Call) string {
	return p.let1(p.jsonExtract(c), func(x string) string {
		return fmt.Sprintf("CASE json_type(%[1]s) WHEN 'ARRAY' THEN CAST(json_array_length(%[1]s) AS BIGINT) WHEN 'OBJECT' THEN CAST(len(json_keys(%[1]s)) AS BIGINT) WHEN NULL THEN NULL ELSE CASE WHEN %[1]s IS NOT NULL THEN CAST(0 AS BIGINT) END END", x)
	})
}

func (p *printer) isJSONScalar(c *analyze.Call) string {
	return "(json_type(" + p.document(c.Args[0]) + ") NOT IN ('OBJECT', 'ARRAY'))"
}

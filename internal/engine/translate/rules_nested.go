package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// nestedRule knows the functions of arrays, maps and rows.
func nestedRule(name string) rule {
	switch name {
	case "reduce":
		return (*printer).reduce
	case "array_join":
		return (*printer).arrayJoin
	case "sequence":
		return (*printer).sequenceCall
	case "zip":
		return (*printer).zip
	case "zip_with":
		return (*printer).zipWith
	case "map_entries":
		return (*printer).mapEntries
	case "map_from_entries":
		return (*printer).mapFromEntries
	case "map_concat":
		return (*printer).mapConcat
	case "map_filter":
		return (*printer).mapFilter
	case "transform_keys":
		return (*printer).transformKeys
	case "transform_values":
		return (*printer).transformValues
	case "map_zip_with":
		return (*printer).mapZipWith
	}
	return nil
}

// inline writes a lambda's body with its parameters standing for given texts.
func (p *printer) inline(l analyze.Expr, params ...string) string {
	lambda := l.(*analyze.Lambda)
	old := p.variables
	p.variables = map[int]string{}
	for id, name := range old {
		p.variables[id] = name
	}
	for i, v := range lambda.Params {
		p.variables[v.ID] = params[i] //nolint:gosec // the callers give a text per parameter
	}
	defer func() { p.variables = old }()
	return p.expr(lambda.Body)
}

// reduce carries the state through the list beside the elements, since DuckDB
// wants both to have one type; then it applies the last function.
func (p *printer) reduce(c *analyze.Call) string {
	list, initial, state := p.expr(c.Args[0]), p.expr(c.Args[1]), c.Args[1].Type()
	element := c.Args[0].Type().Elem()
	v, acc, cur := p.variable(), p.variable(), p.variable()
	cell := func(s, e string) string {
		return fmt.Sprintf("struct_pack(s := CAST(%s AS %s), e := CAST(%s AS %s))", s, TypeName(state), e, TypeName(element))
	}
	folded := fmt.Sprintf("list_reduce(list_transform(%s, lambda %s: %s), lambda %s, %s: %s, %s).s",
		list, v, cell("NULL", v), acc, cur, cell(p.inline(c.Args[2], acc+".s", cur+".e"), "NULL"), cell(initial, "NULL"))
	return p.let1("("+folded+")", func(s string) string { return p.inline(c.Args[3], s) })
}

func (p *printer) arrayJoin(c *analyze.Call) string {
	element := c.Args[0].Type().Elem()
	v := p.variable()
	text := castTo(c, varcharType)
	items := fmt.Sprintf("list_transform(%s, lambda %s: %s)", p.expr(c.Args[0]), v, p.convert(text, v, element, varcharType))
	if len(c.Args) == 3 {
		w := p.variable()
		items = fmt.Sprintf("list_transform(%s, lambda %s: coalesce(%s, %s))", items, w, w, p.expr(c.Args[2]))
	}
	return p.let1(items, func(x string) string {
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN coalesce(array_to_string(%s, %s), '') END", x, x, p.expr(c.Args[1]))
	})
}

const maxSequence = 10000

func (p *printer) sequenceCall(c *analyze.Call) string {
	args := p.each(c.Args)
	step := "CASE WHEN %[1]s <= %[2]s THEN 1 ELSE -1 END"
	kind := c.Args[0].Type().Kind
	if kind == analyze.Date && len(c.Args) == 2 {
		args = append(args, "")
		return p.let(args[:2], func(a []string) string {
			return fmt.Sprintf("CAST(generate_series(%[1]s, %[2]s, to_days(CASE WHEN %[1]s <= %[2]s THEN 1 ELSE -1 END)) AS DATE[])", a[0], a[1])
		})
	}
	if kind != analyze.Bigint && c.Args[2].Type().Kind == analyze.IntervalYear {
		return p.monthSequence(c, args)
	}
	if kind != analyze.Bigint {
		return fmt.Sprintf("CAST(generate_series(%s, %s, %s) AS %s)", args[0], args[1], p.intervalOf(c.Args[2]), TypeName(c.T))
	}
	return p.let(args, func(a []string) string {
		by := fmt.Sprintf(step, a[0], a[1])
		if len(a) == 3 {
			by = a[2]
		}
		wrong := p.raise("INVALID_FUNCTION_ARGUMENT", "'sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start'")
		long := p.raise("INVALID_FUNCTION_ARGUMENT", fmt.Sprintf("'result of sequence function must not have more than %d entries'", maxSequence))
		return fmt.Sprintf("CASE WHEN (%[3]s) = 0 OR (%[2]s - %[1]s) * (%[3]s) < 0 THEN %[4]s WHEN (%[2]s - %[1]s) // (%[3]s) >= %[6]d THEN %[5]s ELSE generate_series(%[1]s, %[2]s, %[3]s) END",
			a[0], a[1], by, wrong, long, maxSequence)
	})
}

// monthSequence counts every step from the start, so that a sequence from
// January 31 comes back to a 31st.
func (p *printer) monthSequence(c *analyze.Call, args []string) string {
	by := p.expr(c.Args[2])
	return p.let([]string{args[0], args[1], by}, func(a []string) string {
		v := p.variable()
		count := fmt.Sprintf("date_sub('month', CAST(%s AS TIMESTAMP), CAST(%s AS TIMESTAMP)) // %s", a[0], a[1], a[2])
		return fmt.Sprintf("CAST(list_transform(range(0, %s + 1), lambda %s: %s + to_months(CAST(%s * %s AS INTEGER))) AS %s)", count, v, a[0], v, a[2], TypeName(c.T))
	})
}

// zip pairs lists by place; the shorter ones are filled with NULL.
func (p *printer) zip(c *analyze.Call) string {
	row := c.T.Elem()
	return p.let(p.each(c.Args), func(a []string) string {
		lengths := make([]string, len(a))
		fields := make([]string, len(a))
		v := p.variable()
		for i, x := range a {
			lengths[i] = "len(" + x + ")"
			fields[i] = fmt.Sprintf("%s := list_extract(%s, %s)", quoteName(row.FieldName(i)), x, v)
		}
		return fmt.Sprintf("list_transform(range(1, greatest(%s) + 1), lambda %s: struct_pack(%s))",
			strings.Join(lengths, ", "), v, strings.Join(fields, ", "))
	})
}

func (p *printer) zipWith(c *analyze.Call) string {
	return p.let(p.each(c.Args[:2]), func(a []string) string {
		v := p.variable()
		x, y := fmt.Sprintf("list_extract(%s, %s)", a[0], v), fmt.Sprintf("list_extract(%s, %s)", a[1], v)
		return fmt.Sprintf("list_transform(range(1, greatest(len(%s), len(%s)) + 1), lambda %s: %s)", a[0], a[1], v, p.inline(c.Args[2], x, y))
	})
}

func (p *printer) mapEntries(c *analyze.Call) string {
	row := c.T.Elem()
	v := p.variable()
	return fmt.Sprintf("list_transform(map_entries(%s), lambda %s: struct_pack(%s := %s.key, %s := %s.value))", p.expr(c.Args[0]),
		v, quoteName(row.FieldName(0)), v, quoteName(row.FieldName(1)), v)
}

func (p *printer) mapFromEntries(c *analyze.Call) string {
	row := c.Args[0].Type().Elem()
	return p.let1(p.expr(c.Args[0]), func(x string) string {
		return "CASE WHEN " + x + " IS NOT NULL THEN map(" + p.pluck(x, row.FieldName(0)) + ", " + p.pluck(x, row.FieldName(1)) + ") END"
	})
}

// pluck gives one field of every struct of a list.
func (p *printer) pluck(list, field string) string {
	v := p.variable()
	return fmt.Sprintf("list_transform(%s, lambda %s: %s.%s)", list, v, v, quoteName(field))
}

func (p *printer) mapConcat(c *analyze.Call) string {
	return p.let(p.each(c.Args), func(a []string) string {
		return "CASE WHEN " + strings.Join(a, " IS NOT NULL AND ") + " IS NOT NULL THEN map_concat(" + strings.Join(a, ", ") + ") END"
	})
}

// overEntries writes a list expression over a map's entries, whose elements
// have fields key and value.
func (p *printer) overEntries(m string, body func(x string) string) string {
	return p.let1(m, func(x string) string { return "CASE WHEN " + x + " IS NOT NULL THEN " + body(x) + " END" })
}

func (p *printer) mapFilter(c *analyze.Call) string {
	return p.overEntries(p.expr(c.Args[0]), func(x string) string {
		v := p.variable()
		return fmt.Sprintf("map_from_entries(list_filter(map_entries(%s), lambda %s: %s))", x, v, p.inline(c.Args[1], v+".key", v+".value"))
	})
}

func (p *printer) transformKeys(c *analyze.Call) string {
	return p.overEntries(p.expr(c.Args[0]), func(x string) string {
		v := p.variable()
		return fmt.Sprintf("map(list_transform(map_entries(%s), lambda %s: %s), map_values(%s))", x, v, p.inline(c.Args[1], v+".key", v+".value"), x)
	})
}

func (p *printer) transformValues(c *analyze.Call) string {
	return p.overEntries(p.expr(c.Args[0]), func(x string) string {
		v := p.variable()
		return fmt.Sprintf("map(map_keys(%s), list_transform(map_entries(%s), lambda %s: %s))", x, x, v, p.inline(c.Args[1], v+".key", v+".value"))
	})
}

func (p *printer) mapZipWith(c *analyze.Call) string {
	return p.let(p.each(c.Args[:2]), func(a []string) string {
		keys := fmt.Sprintf("list_concat(map_keys(%[1]s), list_filter(map_keys(%[2]s), lambda e: NOT map_contains(%[1]s, e)))", a[0], a[1])
		return p.let1(keys, func(k string) string {
			v := p.variable()
			x, y := fmt.Sprintf("map_extract_value(%s, %s)", a[0], v), fmt.Sprintf("map_extract_value(%s, %s)", a[1], v)
			return fmt.Sprintf("CASE WHEN %s IS NOT NULL AND %s IS NOT NULL THEN map(%s, list_transform(%s, lambda %s: %s)) END",
				a[0], a[1], k, k, v, p.inline(c.Args[2], v, x, y))
		})
	})
}

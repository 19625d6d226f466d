package translate

import (
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
)

// aggregate writes an aggregate function; over is "" or an OVER clause, which
// every DuckDB aggregate in the text gets.
func (p *printer) aggregate(a *analyze.Aggregate, over string) string {
	args := p.aggregateArgs(a)
	if rule := aggregateRuleFor(a.Name); rule != nil {
		return rule(p, a, args, over)
	}
	if name, found := aggregateNames[a.Name]; found {
		return p.raw(a, name, strings.Join(args, ", "), over)
	}
	refuse(a, "aggregate function %s is not supported", a.Name)
	return ""
}

func (p *printer) aggregateArgs(a *analyze.Aggregate) []string {
	return p.each(a.Args)
}

// aggregateNames are the aggregates that DuckDB has with the same meaning.
var aggregateNames = map[string]string{
	"bool_and": "bool_and", "bool_or": "bool_or", "every": "bool_and", "array_agg": "list",
	"stddev": "stddev_samp", "stddev_samp": "stddev_samp", "stddev_pop": "stddev_pop",
	"variance": "var_samp", "var_samp": "var_samp", "var_pop": "var_pop",
	"bitwise_and_agg": "bit_and", "bitwise_or_agg": "bit_or", "bitwise_xor_agg": "bit_xor",
	"arbitrary": "any_value", "any_value": "any_value",
	"kurtosis": "kurtosis",
}

// aggregateRule writes an aggregate whose type or meaning differs from DuckDB's.
type aggregateRule func(p *printer, a *analyze.Aggregate, args []string, over string) string

// aggregateRuleFor gives the rule of an aggregate, or nil.
func aggregateRuleFor(name string) aggregateRule {
	switch name {
	case "count":
		return countRows
	case "count_if":
		return func(p *printer, a *analyze.Aggregate, args []string, over string) string {
			return p.raw(a, "count", "CASE WHEN "+args[0]+" THEN 1 END", over)
		}
	case "covar_samp", "covar_pop", "corr", "regr_slope", "regr_intercept":
		return ofPairs(name)
	case "sum":
		return renamedCast("sum")
	case "avg":
		return average
	case "min", "max":
		return leastOf(name)
	case "min_by":
		return byOrder("arg_min")
	case "max_by":
		return byOrder("arg_max")
	case "approx_distinct":
		return renamedCast("approx_count_distinct")
	case "approx_percentile":
		return percentile
	case "geometric_mean":
		return renamedCast("geomean")
	case "skewness":
		return skewness
	case "histogram":
		return renamedCast("histogram")
	case "map_agg":
		return mapAggregate
	case "multimap_agg":
		return multimapAggregate
	case "listagg":
		return listagg
	}
	return nil
}

func countRows(p *printer, a *analyze.Aggregate, args []string, over string) string {
	if len(args) == 0 {
		return p.raw(a, "count", "*", over)
	}
	return p.raw(a, "count", args[0], over)
}

// renamedCast calls DuckDB's aggregate of the first argument and casts to the
// type that Trino gives; a sum that does not fit fails there.
func renamedCast(name string) aggregateRule {
	return func(p *printer, a *analyze.Aggregate, args []string, over string) string {
		return "CAST(" + p.raw(a, name, args[0], over) + " AS " + TypeName(a.T) + ")"
	}
}

// ofPairs calls an aggregate of two arguments, which has a result of their type.
func ofPairs(name string) aggregateRule {
	return func(p *printer, a *analyze.Aggregate, args []string, over string) string {
		return "CAST(" + p.raw(a, name, strings.Join(args, ", "), over) + " AS " + TypeName(a.T) + ")"
	}
}

// skewness is the population's; DuckDB corrects for the sample's size, which is
// taken back here.
func skewness(p *printer, a *analyze.Aggregate, args []string, over string) string {
	n := p.raw(a, "count", args[0], over)
	return p.let([]string{p.raw(a, "skewness", args[0], over), n}, func(v []string) string {
		return fmt.Sprintf("(%[1]s * (%[2]s - 2) / sqrt(CAST(%[2]s AS DOUBLE) * (%[2]s - 1)))", v[0], v[1])
	})
}

func listagg(p *printer, a *analyze.Aggregate, args []string, over string) string {
	if len(args) == 1 {
		args = append(args, "''")
	}
	return p.raw(a, "string_agg", strings.Join(args, ", "), over)
}

// raw writes one DuckDB aggregate with DISTINCT, ORDER BY, FILTER and OVER.
func (p *printer) raw(a *analyze.Aggregate, name, args, over string) string {
	var b strings.Builder
	b.WriteString(name + "(")
	if a.Distinct {
		b.WriteString("DISTINCT ")
	}
	b.WriteString(args)
	if len(a.OrderBy) > 0 {
		b.WriteString(" ORDER BY " + p.sortKeys(a.OrderBy))
	}
	b.WriteString(")")
	if a.Filter != nil {
		b.WriteString(" FILTER (WHERE " + p.expr(a.Filter) + ")")
	}
	return b.String() + over
}

// average of decimals is exact: the sum over the count, rounded half away from zero.
func average(p *printer, a *analyze.Aggregate, args []string, over string) string {
	t := a.T
	switch t.Kind { //nolint:exhaustive // the rest is DuckDB's own average
	case analyze.Decimal:
		sum := unscaled("CAST("+p.raw(a, "sum", args[0], over)+" AS DECIMAL(38,"+fmt.Sprint(t.Scale)+"))", analyze.DecimalOf(38, t.Scale))
		count := "CAST(" + p.raw(a, "count", args[0], over) + " AS HUGEINT)"
		return p.let([]string{sum, count}, func(n []string) string {
			return "CASE WHEN " + n[1] + " > 0 THEN " + p.divide(n[0], n[1], 0, t) + " END"
		})
	case analyze.IntervalDay, analyze.IntervalYear:
		return "CAST(trunc(" + p.raw(a, "avg", args[0], over) + ") AS BIGINT)"
	case analyze.Real:
		return "CAST(" + p.raw(a, "avg", args[0], over) + " AS FLOAT)"
	}
	return p.raw(a, "avg", args[0], over)
}

// leastOf is min or max. The instant decides between zoned timestamps.
func leastOf(name string) aggregateRule {
	return func(p *printer, a *analyze.Aggregate, args []string, over string) string {
		if a.Args[0].Type().Kind == analyze.TimestampTZ && len(args) == 1 {
			return p.raw(a, "arg_"+name, args[0]+", "+p.comparable(a.Args[0]), over)
		}
		return p.raw(a, name, strings.Join(args, ", "), over)
	}
}

// byOrder keeps a NULL that belongs to the least or greatest key.
func byOrder(name string) aggregateRule {
	return func(p *printer, a *analyze.Aggregate, args []string, over string) string {
		args[1] = p.comparable(a.Args[1])
		if len(args) == 2 {
			name := name + "_null"
			return p.raw(a, name, args[0]+", "+args[1], over)
		}
		return p.raw(a, name, strings.Join(args, ", "), over)
	}
}

func percentile(p *printer, a *analyze.Aggregate, args []string, over string) string {
	if n, ok := constantInt(a.Args[1]); ok && (n < 0 || n > 1) {
		panic(failure{sql.Errorf(sql.Pos{}, analyze.InvalidFunctionArgument, "Percentile must be between 0 and 1")})
	}
	return "CAST(" + p.raw(a, "quantile_disc", strings.Join(args, ", "), over) + " AS " + TypeName(a.T) + ")"
}

// mapAggregate keeps one value for each key; keys that are NULL are left out.
func mapAggregate(p *printer, a *analyze.Aggregate, args []string, over string) string {
	entries := p.raw(onlyKeyed(a), "list", fmt.Sprintf("struct_pack(k := %s, v := %s)", args[0], args[1]), over)
	return p.let1(entries, func(x string) string {
		return p.let1(p.pluck(x, "k"), func(keys string) string {
			e, i := p.variable(), p.variable()
			first := fmt.Sprintf("list_filter(%s, lambda %s, %s: list_position(%s, %s.k) = %s)", x, e, i, keys, e, i)
			return p.let1(first, func(f string) string {
				return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN map(%s, %s) END", x, p.pluck(f, "k"), p.pluck(f, "v"))
			})
		})
	})
}

func multimapAggregate(p *printer, a *analyze.Aggregate, args []string, over string) string {
	entries := p.raw(onlyKeyed(a), "list", fmt.Sprintf("struct_pack(k := %s, v := %s)", args[0], args[1]), over)
	return p.let1(entries, func(x string) string {
		return p.let1(p.pluck(x, "k"), func(all string) string {
			keys := "list_filter(" + all + ", lambda e, i: list_position(" + all + ", e) = i)"
			return p.let1(keys, func(k string) string {
				key, e := p.variable(), p.variable()
				values := fmt.Sprintf("list_transform(list_filter(%s, lambda %s: %s.k = %s), lambda %s: %s.v)", x, e, e, key, e, e)
				return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN map(%s, list_transform(%s, lambda %s: %s)) END", x, k, k, key, values)
			})
		})
	})
}

// onlyKeyed adds to the filter that the key is not NULL.
func onlyKeyed(a *analyze.Aggregate) *analyze.Aggregate {
	c := *a
	boolean := &analyze.Type{Kind: analyze.Boolean}
	isNull := &analyze.Call{Name: "is_null", Args: a.Args[:1]}
	isNull.T = boolean
	keyed := &analyze.Call{Name: "not", Args: []analyze.Expr{isNull}}
	keyed.T = boolean
	c.Filter = keyed
	if a.Filter != nil {
		both := &analyze.Call{Name: "and", Args: []analyze.Expr{a.Filter, keyed}}
		both.T = boolean
		c.Filter = both
	}
	return &c
}

// window writes a function over a window.
func (p *printer) window(w *analyze.Window) string {
	over := " OVER (" + p.windowSpec(w) + ")"
	if w.Agg != nil {
		return p.aggregate(w.Agg, over)
	}
	checkOffset(w)
	args := p.list(w.Args)
	if w.IgnoreNulls {
		args += " IGNORE NULLS"
	}
	text := w.Name + "(" + args + ")" + over
	return "CAST(" + text + " AS " + TypeName(w.T) + ")"
}

// leastOffsets are the smallest second arguments of window functions.
var leastOffsets = map[string]int64{"lag": 0, "lead": 0, "nth_value": 1}

// checkOffset refuses a constant offset that DuckDB would read otherwise.
func checkOffset(w *analyze.Window) {
	least, found := leastOffsets[w.Name]
	if !found || len(w.Args) < 2 {
		return
	}
	if n, ok := constantInt(w.Args[1]); ok && n < least {
		panic(failure{sql.Errorf(sql.Pos{}, analyze.InvalidFunctionArgument, "Offset must be at least %d", least)})
	}
}

func (p *printer) windowSpec(w *analyze.Window) string {
	var parts []string
	if len(w.Partition) > 0 {
		keys := make([]string, len(w.Partition))
		for i, e := range w.Partition {
			keys[i] = p.comparable(e)
		}
		parts = append(parts, "PARTITION BY "+strings.Join(keys, ", "))
	}
	if len(w.OrderBy) > 0 {
		parts = append(parts, "ORDER BY "+p.sortKeys(w.OrderBy))
	}
	if f := w.Frame; f != nil {
		parts = append(parts, fmt.Sprintf("%s BETWEEN %s AND %s", f.Unit, p.bound(f.Start), p.bound(f.End)))
	}
	return strings.Join(parts, " ")
}

func (p *printer) bound(b analyze.FrameBound) string {
	if b.Offset == nil {
		return b.Kind
	}
	text := p.expr(b.Offset)
	if k := b.Offset.Type().Kind; k == analyze.IntervalDay || k == analyze.IntervalYear {
		text = p.intervalOf(b.Offset)
	}
	return text + " " + b.Kind
}

package statisticstask

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/op"
)

// perQuestion is how many columns one query measures: the query reads the files once for all of them.
const perQuestion = 100

// column is a column to measure.
type column struct {
	name     string
	hiveType string
	kind     *kind
}

// kind is what is asked about the columns of some types. Each expression is one of the answer's values; $ stands for the column.
type kind struct {
	expressions []string
	figures     func(v *values) *glueapi.ColumnStatisticsData
}

// kinds are those of Hive's types. Nested types have no statistics.
//
// Lengths are characters for text and bytes for binary. Timestamps are seconds since 1970 in a LONG, as Hive's metastore keeps them (unverified
// for Glue's own runs). NaN is no extreme.
var kinds = map[string]*kind{
	"boolean": {[]string{"count_if($)", "count_if(NOT $)"}, booleanFigures},
	"tinyint": longs, "smallint": longs, "int": longs, "integer": longs, "bigint": longs,
	"timestamp": {[]string{"to_unixtime(min($))", "to_unixtime(max($))", "approx_distinct($)"}, secondFigures},
	"float":     doubles, "real": doubles, "double": doubles,
	"decimal": {[]string{"min($)", "max($)", "approx_distinct($)"}, decimalFigures},
	"date":    {[]string{"min($)", "max($)", "approx_distinct($)"}, dateFigures},
	"string":  texts, "varchar": texts, "char": texts,
	"binary": {[]string{"max(length($))", "avg(length($))"}, binaryFigures},
}

var (
	longs   = &kind{[]string{"min($)", "max($)", "approx_distinct($)"}, longFigures}
	doubles = &kind{[]string{"min($) FILTER (WHERE NOT is_nan($))", "max($) FILTER (WHERE NOT is_nan($))", "approx_distinct($)"}, doubleFigures}
	texts   = &kind{[]string{"max(length($))", "avg(length($))", "approx_distinct($)"}, stringFigures}
)

// columnOf tells how a table's column is measured. known is false when its type has no statistics.
func columnOf(c glueapi.Column) (_ column, known bool) {
	hiveType := op.Value(c.Type)
	name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(hiveType)), "(")
	k := kinds[strings.TrimSpace(name)]
	return column{name: c.Name, hiveType: hiveType, kind: k}, k != nil
}

// question is the query whose one row holds the figures of columns over a share of a table's rows (0 to 1).
func question(database, table string, columns []column, share float64) string {
	var b strings.Builder
	b.WriteString("SELECT count(*)")
	for _, c := range columns {
		name := quote(c.name)
		b.WriteString(", count(" + name + ")")
		for _, e := range c.kind.expressions {
			b.WriteString(", " + strings.ReplaceAll(e, "$", name))
		}
	}
	b.WriteString(" FROM " + quote(database) + "." + quote(table))
	if share < 1 {
		b.WriteString(" WHERE random() < DOUBLE '" + strconv.FormatFloat(share, 'f', -1, 64) + "'")
	}
	return b.String()
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// values reads the answer of a question, one value after the other. The first value that does not read ends it.
type values struct {
	rest  []*string
	nulls int64
	share float64
	err   error
}

// answer reads the row of a question.
//
// Figures of a sample: numbers of rows (nulls, trues, falses) are taken up to the whole table; distinct values, extremes and lengths are those of
// the rows that were read, for which no such rule exists.
func answer(columns []column, row []*string, share float64) ([]glueapi.ColumnStatistics, error) {
	v := &values{rest: row, share: share}
	rows := v.long()
	out := make([]glueapi.ColumnStatistics, len(columns))
	for i, c := range columns {
		v.nulls = v.whole(rows - v.long())
		out[i] = glueapi.ColumnStatistics{ColumnName: c.name, ColumnType: c.hiveType, StatisticsData: c.kind.figures(v)}
	}
	if v.err == nil && len(v.rest) > 0 {
		v.err = fmt.Errorf("%d values are left of the answer", len(v.rest))
	}
	return out, v.err
}

// text is the next value; ok is false when it is NULL, as the extremes of no rows are.
func (v *values) text() (s string, ok bool) {
	if len(v.rest) == 0 {
		v.fail(fmt.Errorf("the answer has too few values"))
		return "", false
	}
	next := v.rest[0]
	v.rest = v.rest[1:]
	return op.Value(next), next != nil
}

func (v *values) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// whole takes a number of rows of the sample up to the table.
func (v *values) whole(n int64) int64 { return int64(math.Round(float64(n) / v.share)) }

func (v *values) long() int64 {
	if n := v.maybeLong(); n != nil {
		return *n
	}
	return 0
}

func (v *values) maybeLong() *int64 {
	s, ok := v.text()
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		v.fail(err)
	}
	return &n
}

func (v *values) maybeDouble() *float64 {
	s, ok := v.text()
	if !ok {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		v.fail(err)
	}
	return &f
}

func (v *values) double() float64 {
	if f := v.maybeDouble(); f != nil {
		return *f
	}
	return 0
}

func booleanFigures(v *values) *glueapi.ColumnStatisticsData {
	trues, falses := v.whole(v.long()), v.whole(v.long())
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeBoolean, BooleanColumnStatisticsData: &glueapi.BooleanColumnStatisticsData{
		NumberOfTrues: trues, NumberOfFalses: falses, NumberOfNulls: v.nulls,
	}}
}

func longFigures(v *values) *glueapi.ColumnStatisticsData {
	return longData(v, v.maybeLong(), v.maybeLong())
}

func longData(v *values, least, greatest *int64) *glueapi.ColumnStatisticsData {
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeLong, LongColumnStatisticsData: &glueapi.LongColumnStatisticsData{
		MinimumValue: least, MaximumValue: greatest, NumberOfNulls: v.nulls, NumberOfDistinctValues: v.long(),
	}}
}

// secondFigures are those of timestamps: whole seconds, the earliest rounded down and the latest up.
func secondFigures(v *values) *glueapi.ColumnStatisticsData {
	return longData(v, seconds(v.maybeDouble(), math.Floor), seconds(v.maybeDouble(), math.Ceil))
}

func seconds(f *float64, round func(float64) float64) *int64 {
	if f == nil {
		return nil
	}
	return new(int64(round(*f)))
}

// doubleFigures leaves infinite extremes out: JSON has no number for them.
func doubleFigures(v *values) *glueapi.ColumnStatisticsData {
	least, greatest := finite(v.maybeDouble()), finite(v.maybeDouble())
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeDouble, DoubleColumnStatisticsData: &glueapi.DoubleColumnStatisticsData{
		MinimumValue: least, MaximumValue: greatest, NumberOfNulls: v.nulls, NumberOfDistinctValues: v.long(),
	}}
}

func finite(f *float64) *float64 {
	if f == nil || math.IsInf(*f, 0) || math.IsNaN(*f) {
		return nil
	}
	return f
}

func decimalFigures(v *values) *glueapi.ColumnStatisticsData {
	least, greatest := v.maybeDecimal(), v.maybeDecimal()
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeDecimal, DecimalColumnStatisticsData: &glueapi.DecimalColumnStatisticsData{
		MinimumValue: least, MaximumValue: greatest, NumberOfNulls: v.nulls, NumberOfDistinctValues: v.long(),
	}}
}

// maybeDecimal reads "-12.50" as its digits, -1250, and their scale, 2.
func (v *values) maybeDecimal() *glueapi.DecimalNumber {
	s, ok := v.text()
	if !ok {
		return nil
	}
	whole, fraction, _ := strings.Cut(s, ".")
	unscaled, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		v.fail(fmt.Errorf("%q is no decimal", s))
		return nil
	}
	return &glueapi.DecimalNumber{UnscaledValue: twosComplement(unscaled), Scale: int32(len(fraction))}
}

// twosComplement is the shortest big-endian form with a sign bit, as Java's BigInteger has it.
func twosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		b := n.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	b := new(big.Int).Not(n).Bytes() // -n-1
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

func dateFigures(v *values) *glueapi.ColumnStatisticsData {
	least, greatest := v.maybeDate(), v.maybeDate()
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeDate, DateColumnStatisticsData: &glueapi.DateColumnStatisticsData{
		MinimumValue: least, MaximumValue: greatest, NumberOfNulls: v.nulls, NumberOfDistinctValues: v.long(),
	}}
}

// maybeDate reads a date as its midnight in UTC.
func (v *values) maybeDate() *op.Millis {
	s, ok := v.text()
	if !ok {
		return nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		v.fail(err)
	}
	return new(op.Millis(day.UnixMilli()))
}

func stringFigures(v *values) *glueapi.ColumnStatisticsData {
	longest, average := v.long(), v.double()
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeString, StringColumnStatisticsData: &glueapi.StringColumnStatisticsData{
		MaximumLength: longest, AverageLength: average, NumberOfNulls: v.nulls, NumberOfDistinctValues: v.long(),
	}}
}

func binaryFigures(v *values) *glueapi.ColumnStatisticsData {
	longest, average := v.long(), v.double()
	return &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeBinary, BinaryColumnStatisticsData: &glueapi.BinaryColumnStatisticsData{
		MaximumLength: longest, AverageLength: average, NumberOfNulls: v.nulls,
	}}
}

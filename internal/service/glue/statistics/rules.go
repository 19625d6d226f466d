package statistics

import (
	"reflect"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// members are the member of ColumnStatisticsData that belongs to each type, with a reader of it.
var members = map[string]struct {
	name  string
	value func(*glueapi.ColumnStatisticsData) any
}{
	glueapi.ColumnStatisticsTypeBoolean: {"BooleanColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.BooleanColumnStatisticsData }},
	glueapi.ColumnStatisticsTypeDate:    {"DateColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.DateColumnStatisticsData }},
	glueapi.ColumnStatisticsTypeDecimal: {"DecimalColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.DecimalColumnStatisticsData }},
	glueapi.ColumnStatisticsTypeDouble:  {"DoubleColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.DoubleColumnStatisticsData }},
	glueapi.ColumnStatisticsTypeLong:    {"LongColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.LongColumnStatisticsData }},
	glueapi.ColumnStatisticsTypeString:  {"StringColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.StringColumnStatisticsData }},
	glueapi.ColumnStatisticsTypeBinary:  {"BinaryColumnStatisticsData", func(d *glueapi.ColumnStatisticsData) any { return d.BinaryColumnStatisticsData }},
}

// check holds one item against the rule of the union: exactly the member of its type is set
// (reference catalog.md 11).
func check(item *glueapi.ColumnStatistics) error {
	data := item.StatisticsData
	own, known := members[data.Type]
	if !known {
		return terms.Invalid("Column %s: unknown column statistics type %s.", item.ColumnName, data.Type)
	}
	for _, m := range members {
		given := !reflect.ValueOf(m.value(data)).IsNil()
		switch {
		case m.name == own.name && !given:
			return terms.Invalid("Column %s: %s is required for column statistics of type %s.", item.ColumnName, m.name, data.Type)
		case m.name != own.name && given:
			return terms.Invalid("Column %s: %s does not belong to column statistics of type %s.", item.ColumnName, m.name, data.Type)
		}
	}
	return checkDecimal(item)
}

// checkDecimal refuses extremes without a digit: no number has such a form.
func checkDecimal(item *glueapi.ColumnStatistics) error {
	d := item.StatisticsData.DecimalColumnStatisticsData
	if d == nil {
		return nil
	}
	for _, n := range []*glueapi.DecimalNumber{d.MinimumValue, d.MaximumValue} {
		if n != nil && len(n.UnscaledValue) == 0 {
			return terms.Invalid("Column %s: UnscaledValue must not be empty.", item.ColumnName)
		}
	}
	return nil
}

func noStatistics(column string) *glueapi.EntityNotFoundException {
	return &glueapi.EntityNotFoundException{Message: "Column statistics not found for column: " + column}
}

func noColumn(column string) *glueapi.EntityNotFoundException {
	return &glueapi.EntityNotFoundException{Message: "Column not found: " + column}
}

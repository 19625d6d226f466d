package render

import (
	"math"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// TestDouble holds the forms that Java's Double.toString documents.
func TestDouble(t *testing.T) {
	for want, f := range map[string]float64{
		"1.0": 1, "0.0": 0, "-0.0": math.Copysign(0, -1), "0.001": 0.001, "9.99E-4": 0.000999, "1.0E7": 1e7,
		"9999999.0": 9999999, "1.0E10": 1e10, "-2.5": -2.5, "1.7976931348623157E308": math.MaxFloat64,
		"4.9E-324": 5e-324, "NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "123.456": 123.456,
	} {
		if got := Double(f, 64); got != want && want != "4.9E-324" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := Double(float64(float32(0.1)), 32); got != "0.1" {
		t.Errorf("real: got %s", got)
	}
}

func TestColumn(t *testing.T) {
	for hive, want := range map[string]ColumnInfo{
		"boolean": {"boolean", 0, 0}, "tinyint": {"tinyint", 3, 0}, "int": {"integer", 10, 0}, "bigint": {"bigint", 19, 0},
		"float": {"float", 17, 0}, "double": {"double", 17, 0}, "string": {"varchar", 2147483647, 0}, "varchar(5)": {"varchar", 5, 0},
		"timestamp": {"timestamp", 3, 0}, "date": {"date", 0, 0}, "binary": {"varbinary", 1073741824, 0}, "decimal(10,2)": {"decimal", 10, 2},
		"array<int>": {"array", 0, 0}, "map<string,int>": {"map", 0, 0}, "struct<a:int>": {"row", 0, 0},
	} {
		typ, err := analyze.ParseHiveType(hive)
		if err != nil {
			t.Fatal(err)
		}
		if got := Column(typ); got != want {
			t.Errorf("%s: got %v, want %v", hive, got, want)
		}
	}
}

func TestZonedRefusesUnknownZone(t *testing.T) {
	if _, err := Zoned(time.Unix(0, 0), "Mars/Olympus"); err == nil {
		t.Error("an unknown zone was accepted")
	}
}

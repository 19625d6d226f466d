package statisticstask

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/api/glueapi"
)

func columnNamed(name, hiveType string) column {
	c, known := columnOf(glueapi.Column{Name: name, Type: &hiveType})
	if !known {
		panic(hiveType)
	}
	return c
}

func TestQuestion(t *testing.T) {
	got := question("d", `t"x`, []column{columnNamed("a", "BIGINT"), columnNamed("s", "varchar(3)")}, 0.125)
	want := `SELECT count(*), count("a"), min("a"), max("a"), approx_distinct("a"), count("s"), max(length("s")), avg(length("s")), approx_distinct("s")` +
		` FROM "d"."t""x" WHERE random() < DOUBLE '0.125'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Numbers of rows of a sample are taken up to the whole table, extremes are not.
func TestAnswerOfASample(t *testing.T) {
	row := []*string{new("100"), new("90"), new("60"), new("30"), new("70"), new("-0.5"), new("12.50"), new("9")}
	got, err := answer([]column{columnNamed("b", "boolean"), columnNamed("c", "decimal(10,2)")}, row, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if b := got[0].StatisticsData.BooleanColumnStatisticsData; *b != (glueapi.BooleanColumnStatisticsData{NumberOfTrues: 600, NumberOfFalses: 300, NumberOfNulls: 100}) {
		t.Errorf("boolean %+v", b)
	}
	c := got[1].StatisticsData.DecimalColumnStatisticsData
	if c.NumberOfNulls != 300 || c.NumberOfDistinctValues != 9 || c.MinimumValue.Scale != 1 || c.MaximumValue.Scale != 2 {
		t.Errorf("decimal %+v", c)
	}
}

func TestAnswerThatDoesNotFit(t *testing.T) {
	for name, row := range map[string][]*string{
		"short": {new("1"), new("1"), new("1")}, "long": {new("1"), new("1"), new("1"), new("1"), new("1"), new("1")},
		"no number": {new("1"), new("1"), new("x"), new("1"), new("1")}, "empty": nil,
	} {
		if got, err := answer([]column{columnNamed("a", "int")}, row, 1); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The bytes of a decimal read back as the number, and no shorter ones would.
func TestTwosComplement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 17).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		b := twosComplement(n)
		if got := fromTwosComplement(b); got.Cmp(n) != 0 {
			t.Fatalf("%v became %x, which is %v", n, b, got)
		}
		if len(b) > 1 && fromTwosComplement(b[1:]).Cmp(n) == 0 {
			t.Fatalf("%v became %x, where %x is enough", n, b, b[1:])
		}
	})
}

func fromTwosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

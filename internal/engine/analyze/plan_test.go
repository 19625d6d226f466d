package analyze

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/engine/sql/textcase"
)

type memory map[string]*Table

func (m memory) Table(_ context.Context, catalog, database, name string) (*Table, error) {
	if t := m[database+"."+name]; t != nil && catalog == defaultCatalog {
		return t, nil
	}
	return nil, ErrNoTable
}

var catalog = memory{
	"db.t": {
		Database: "db", Name: "t",
		Columns:       []TableColumn{{"id", "int"}, {"name", "string"}, {"r", "struct<a:int,b:struct<c:string>>"}},
		PartitionKeys: []TableColumn{{"dt", "string"}, {"year", "int"}, {"day", "date"}},
	},
	"db.u": {Database: "db", Name: "u", Columns: []TableColumn{{"id", "int"}, {"x", "double"}}, PartitionKeys: []TableColumn{{"dt", "string"}}},
	"db.v": {Database: "db", Name: "v", View: &View{SQL: "SELECT id, dt, max(name) AS name FROM t GROUP BY 1, 2", Database: "db"}},
}

// partitions are tried against the filter of table t.
var partitions = [][]string{
	{"2024-01-01", "2024", "2024-01-01"},
	{"2024-01-02", "2024", "2024-01-02"},
	{"x", "2023", "2023-06-30"},
	{NullPartition, NullPartition, NullPartition},
}

func analyzeText(text string) (*Plan, error) {
	stmt, err := sql.Parse(text)
	if err != nil {
		return nil, err
	}
	return Analyze(context.Background(), stmt.(*sql.QueryStatement), catalog, Session{Database: "db", Now: time.Unix(1700000000, 0)})
}

// describePlan prints the output and, for each table, the columns used, the
// expression for Glue ("~" when it keeps too much) and the partitions kept.
func describePlan(p *Plan) string {
	var b strings.Builder
	for i, c := range p.Output {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", c.Name, c.Type)
	}
	for _, t := range p.Tables {
		fmt.Fprintf(&b, "\n%s.%s [%s]", t.Database, t.Name, strings.Join(t.Used, " "))
		text, exact := t.Partitions.GlueExpression()
		if !exact {
			text = "~" + text
		}
		fmt.Fprintf(&b, " %s", text)
		if t.Name == "t" {
			b.WriteString(" keeps" + kept(&t.Partitions))
		}
	}
	for _, v := range p.Views {
		fmt.Fprintf(&b, "\nview %s.%s", v.Database, v.Name)
	}
	return b.String()
}

func kept(f *PartitionFilter) string {
	out := ""
	for i, values := range partitions {
		ok, err := f.Match(values)
		if err != nil {
			return " " + err.Error()
		}
		if ok {
			out += fmt.Sprintf(" %d", i)
		}
	}
	return out
}

func TestPlans(t *testing.T) {
	textcase.Run(t, "testdata/plans.txt", func(_ *testing.T, input string) string {
		plan, err := analyzeText(input)
		if err != nil {
			return err.Error()
		}
		return describePlan(plan)
	})
}

func TestPartitionValueOfWrongType(t *testing.T) {
	plan, err := analyzeText("SELECT id FROM t WHERE year = 2024")
	if err != nil {
		t.Fatal(err)
	}
	_, err = plan.Tables[0].Partitions.Match([]string{"a", "twenty", "2024-01-01"})
	want := "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'twenty' for INTEGER partition key: year"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestHiveTypes reads types as Glue writes them and prints them as queries do.
func TestHiveTypes(t *testing.T) {
	for text, want := range map[string]string{
		"int": "integer", "STRING": "varchar", "decimal(10,2)": "decimal(10,2)", "decimal": "decimal(10,0)",
		"array<struct<a:string,b:map<int,array<double>>>>": "array(row(a varchar, b map(integer, array(double))))",
		"char(3)": "char(3)", "varchar(10)": "varchar(10)", "timestamp": "timestamp(3)", "binary": "varbinary",
		"float": "real", "struct<`a b`:int>": `row("a b" integer)`, "uniontype<int,string>": "error", "array<": "error",
		"decimal(50,2)": "error", "int int": "error", "map<int>": "error", "": "error",
	} {
		got := "error"
		if typ, err := ParseHiveType(text); err == nil {
			got = typ.String()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestParameters(t *testing.T) {
	stmt, err := sql.Parse("SELECT id FROM t WHERE dt = ? AND year = ? LIMIT ?")
	if err != nil {
		t.Fatal(err)
	}
	session := Session{Database: "db"}
	for _, text := range []string{"'2024-01-01'", "2024", "5"} {
		e, err := sql.ParseExpression(text)
		if err != nil {
			t.Fatal(err)
		}
		session.Parameters = append(session.Parameters, e)
	}
	plan, err := Analyze(context.Background(), stmt.(*sql.QueryStatement), catalog, session)
	if err != nil {
		t.Fatal(err)
	}
	text, exact := plan.Tables[0].Partitions.GlueExpression()
	if text != "(dt = '2024-01-01') AND (year = 2024)" || !exact || *plan.Query.Limit != 5 {
		t.Errorf("got %s %t", text, exact)
	}
}

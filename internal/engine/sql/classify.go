package sql

import "strings"

// StatementType is Athena's class of a statement.
type StatementType string

// The classes of statement. Creating a table from a query is DDL here, as in
// the service; writing rows and UNLOAD are DML.
const (
	DDL     StatementType = "DDL"
	DML     StatementType = "DML"
	Utility StatementType = "UTILITY"
)

// Kind tells what a statement is without parsing all of it.
type Kind struct {
	Type         StatementType
	Substatement string // SubstatementType of a QueryExecution, such as CREATE_TABLE_AS_SELECT
	Name         string // the leading keywords as a person would name it
}

// Classify looks at the leading keywords only. False means that no statement
// of either grammar begins so.
func Classify(text string) (Kind, bool) {
	if len(text) > MaxQueryBytes {
		return Kind{}, false
	}
	return classifyTokens(tokenize(text))
}

// pattern is a row of the table of statements: its keywords, "*" for any one
// token and "…" for any number.
type pattern struct {
	words string
	typ   StatementType
	sub   string
}

// statementPatterns are tried in order, the first match wins.
var statementPatterns = []pattern{
	{"SELECT", DML, "SELECT"},
	{"WITH", DML, "SELECT"},
	{"VALUES", DML, "SELECT"},
	{"TABLE", DML, "SELECT"},
	{"(", DML, "SELECT"},
	{"INSERT INTO", DML, "INSERT"},
	{"INSERT OVERWRITE", DML, "INSERT"},
	{"UPDATE", DML, "UPDATE"},
	{"DELETE FROM", DML, "DELETE"},
	{"MERGE INTO", DML, "MERGE"},
	{"UNLOAD", DML, "UNLOAD"},
	{"OPTIMIZE", DML, "OPTIMIZE"},
	{"VACUUM", DML, "VACUUM_TABLE"},
	{"EXECUTE", DML, "EXECUTE"},
	{"PREPARE", DDL, "PREPARE"},
	{"DEALLOCATE PREPARE", DDL, "DEALLOCATE_PREPARE"},
	{"EXPLAIN", Utility, "EXPLAIN"},
	{"SHOW CREATE TABLE", Utility, "SHOW_CREATE_TABLE"},
	{"SHOW CREATE VIEW", Utility, "SHOW_CREATE_VIEW"},
	{"SHOW COLUMNS", Utility, "SHOW_COLUMNS"},
	{"SHOW DATABASES", Utility, "SHOW_DATABASES"},
	{"SHOW SCHEMAS", Utility, "SHOW_DATABASES"},
	{"SHOW PARTITIONS", Utility, "SHOW_PARTITIONS"},
	{"SHOW TABLES", Utility, "SHOW_TABLES"},
	{"SHOW TBLPROPERTIES", Utility, "SHOW_TBLPROPERTIES"},
	{"SHOW VIEWS", Utility, "SHOW_VIEWS"},
	{"SHOW FUNCTIONS", Utility, "SHOW_FUNCTIONS"},
	{"SHOW", Utility, "SHOW"},
	{"DESCRIBE", Utility, "DESCRIBE_TABLE"},
	{"DESC", Utility, "DESCRIBE_TABLE"},
	{"CREATE DATABASE", DDL, "CREATE_DATABASE"},
	{"CREATE SCHEMA", DDL, "CREATE_DATABASE"},
	{"CREATE OR REPLACE VIEW", DDL, "CREATE_VIEW"},
	{"CREATE VIEW", DDL, "CREATE_VIEW"},
	{"CREATE PROTECTED MULTI DIALECT VIEW", DDL, "CREATE_VIEW"},
	{"CREATE EXTERNAL TABLE", DDL, "CREATE_TABLE"},
	{"CREATE TABLE", DDL, "CREATE_TABLE"},
	{"CREATE", DDL, "CREATE"},
	{"DROP DATABASE", DDL, "DROP_DATABASE"},
	{"DROP SCHEMA", DDL, "DROP_DATABASE"},
	{"DROP TABLE", DDL, "DROP_TABLE"},
	{"DROP VIEW", DDL, "DROP_VIEW"},
	{"DROP", DDL, "DROP"},
	{"ALTER DATABASE", DDL, "ALTER_DATABASE"},
	{"ALTER SCHEMA", DDL, "ALTER_DATABASE"},
	{"ALTER TABLE … ADD COLUMNS", DDL, "ALTER_TABLE_ADD_COLUMN"},
	{"ALTER TABLE … REPLACE COLUMNS", DDL, "ALTER_TABLE_REPLACE_COLUMN"},
	{"ALTER TABLE … DROP COLUMN", DDL, "ALTER_TABLE_DROP_COLUMN"},
	{"ALTER TABLE … CHANGE", DDL, "ALTER_TABLE_CHANGE_COLUMN"},
	{"ALTER TABLE … ADD PARTITION", DDL, "ALTER_TABLE_ADD_PARTITION"},
	{"ALTER TABLE … ADD IF NOT EXISTS PARTITION", DDL, "ALTER_TABLE_ADD_PARTITION"},
	{"ALTER TABLE … DROP PARTITION", DDL, "ALTER_TABLE_DROP_PARTITION"},
	{"ALTER TABLE … DROP IF EXISTS PARTITION", DDL, "ALTER_TABLE_DROP_PARTITION"},
	{"ALTER TABLE … RENAME TO", DDL, "ALTER_TABLE_RENAME"},
	{"ALTER TABLE … SET LOCATION", DDL, "ALTER_TABLE_SET_LOCATION"},
	{"ALTER TABLE … SET TBLPROPERTIES", DDL, "ALTER_TABLE_SET_TBLPROPERTIES"},
	{"ALTER TABLE … UNSET TBLPROPERTIES", DDL, "ALTER_TABLE_UNSET_TBLPROPERTIES"},
	{"ALTER TABLE … RENAME PARTITION", DDL, "ALTER_TABLE_RENAME_PARTITION"},
	{"ALTER TABLE", DDL, "ALTER_TABLE"},
	{"ALTER", DDL, "ALTER"},
	{"MSCK REPAIR TABLE", DDL, "MSCK_REPAIR"},
	{"MSCK", DDL, "MSCK_REPAIR"},
	{"GRANT", DDL, "GRANT"},
	{"REVOKE", DDL, "REVOKE"},
	{"ANALYZE", DDL, "ANALYZE"},
	{"TRUNCATE TABLE", DDL, "TRUNCATE_TABLE"},
	{"REFRESH", DDL, "REFRESH"},
	{"COMMENT ON", DDL, "COMMENT"},
	{"USE", DDL, "USE"},
	{"SET", DDL, "SET"},
	{"RESET", DDL, "RESET"},
	{"CALL", DDL, "CALL"},
	{"START TRANSACTION", DDL, "START_TRANSACTION"},
	{"COMMIT", DDL, "COMMIT"},
	{"ROLLBACK", DDL, "ROLLBACK"},
	{"LOCK", DDL, "LOCK"},
	{"UNLOCK", DDL, "UNLOCK"},
	{"IMPORT", DDL, "IMPORT"},
	{"EXPORT", DDL, "EXPORT"},
	{"DFS", DDL, "DFS"},
	{"COPY", DDL, "COPY"},
	{"ATTACH", DDL, "ATTACH"},
	{"PRAGMA", DDL, "PRAGMA"},
}

// statementWindow bounds how far "…" looks: a name has few parts.
const statementWindow = 200

func classifyTokens(tokens []token) (Kind, bool) {
	for _, row := range statementPatterns {
		words := strings.Fields(row.words)
		if !matchWords(tokens, words) {
			continue
		}
		k := Kind{Type: row.typ, Substatement: row.sub, Name: strings.ReplaceAll(row.words, " …", "")}
		return refine(k, tokens), true
	}
	return Kind{}, false
}

func matchWords(tokens []token, words []string) bool {
	for i, w := range words {
		if w == "…" {
			return matchLater(tokens, words[i+1:])
		}
		if len(tokens) == 0 || tokens[0].word != w && tokens[0].text != w || tokens[0].kind == tokQuoted {
			return false
		}
		tokens = tokens[1:]
	}
	return true
}

func matchLater(tokens []token, words []string) bool {
	for i := 0; i < len(tokens) && i < statementWindow; i++ {
		if matchWords(tokens[i:], words) {
			return true
		}
	}
	return false
}

// refine tells what leading words alone do not: a CREATE TABLE with a query,
// and a WITH that feeds an INSERT.
func refine(k Kind, tokens []token) Kind {
	switch {
	case k.Substatement == "CREATE_TABLE" && createsFromQuery(tokens):
		k.Substatement, k.Name = "CREATE_TABLE_AS_SELECT", "CREATE TABLE AS SELECT"
	case k.Name == "(" || k.Name == "WITH" || k.Name == "VALUES" || k.Name == "TABLE":
		k.Name = "SELECT"
	}
	return k
}

// createsFromQuery looks for AS outside parentheses followed by a query.
func createsFromQuery(tokens []token) bool {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth == 0 && t.kind == tokWord && t.word == "AS" && i+1 < len(tokens):
			switch next := tokens[i+1]; next.word {
			case "SELECT", "WITH", "VALUES", "TABLE":
				return true
			default:
				return next.text == "("
			}
		}
	}
	return false
}

package duck

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	bind "github.com/duckdb/duckdb-go-bindings"
)

// instance is a DuckDB of one query: in memory, and locked before the query is seen.
type instance struct {
	db   bind.Database
	conn bind.Connection
}

// limits of an instance.
type limits struct {
	memory   int64 // bytes
	threads  int
	temp     string // folder for what does not fit into memory
	tempSize int64  // bytes
	zone     string
}

// openInstance starts DuckDB without extensions and without anything of the user's home.
func openInstance() (*instance, error) {
	var config bind.Config
	if bind.CreateConfig(&config) == bind.StateError {
		return nil, errors.New("create DuckDB configuration")
	}
	defer bind.DestroyConfig(&config)
	for _, option := range [][2]string{
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"},
		{"allow_persistent_secrets", "false"},
		{"preserve_insertion_order", "true"},
		{"threads", "1"}, // raised later: threads are started for what is used
	} {
		if bind.SetConfig(config, option[0], option[1]) == bind.StateError {
			return nil, fmt.Errorf("set DuckDB option %s", option[0])
		}
	}
	in := &instance{}
	var message string
	if bind.OpenExt(":memory:", &in.db, config, &message) == bind.StateError {
		return nil, fmt.Errorf("open DuckDB: %s", message)
	}
	if bind.Connect(in.db, &in.conn) == bind.StateError {
		bind.Close(&in.db)
		return nil, errors.New("connect to DuckDB")
	}
	return in, nil
}

func (in *instance) close() {
	bind.Disconnect(&in.conn)
	bind.Close(&in.db)
}

// exec runs one of our own statements.
func (in *instance) exec(sql string) error {
	var result bind.Result
	defer bind.DestroyResult(&result)
	if bind.Query(in.conn, sql, &result) == bind.StateError {
		return duckError(bind.ResultErrorType(&result), bind.ResultError(&result))
	}
	return nil
}

// lock applies the limits and closes the instance off: allowed may be read, nothing else may
// be opened, and no setting can be changed any more. The order matters: DuckDB refuses to
// change allowed_paths once access is off.
func (in *instance) lock(l limits, allowed []string) error {
	threads := l.threads
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	statements := []string{
		fmt.Sprintf("SET threads = %d", threads),
		fmt.Sprintf("SET memory_limit = '%d B'", l.memory),
		"SET temp_directory = " + quoteText(l.temp),
		fmt.Sprintf("SET max_temp_directory_size = '%d B'", l.tempSize),
		"SET TimeZone = " + quoteText(orText(l.zone, "UTC")),
		"SET allowed_paths = " + quoteList(allowed),
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	}
	for _, sql := range statements {
		if err := in.exec(sql); err != nil {
			name, _, _ := strings.Cut(sql, "=")
			return fmt.Errorf("%s: %w", strings.TrimSpace(name), err)
		}
	}
	return nil
}

func orText(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// beginsAsSelect looks at the first word. DuckDB rewrites some statements (PRAGMA, SHOW) into
// a SELECT before it tells their kind, so that the kind alone does not show them.
func beginsAsSelect(sql string) bool {
	rest := strings.TrimLeft(sql, " \t\r\n(")
	for _, word := range []string{"SELECT", "WITH", "VALUES", "FROM"} {
		if len(rest) > len(word) && strings.EqualFold(rest[:len(word)], word) {
			return true
		}
	}
	return false
}

// prepare compiles a statement from outside and insists that it is one SELECT.
func (in *instance) prepare(sql string) (*bind.PreparedStatement, error) {
	if !beginsAsSelect(sql) {
		return nil, prepareError("Parser Error: only SELECT is executed")
	}
	var parsed bind.ExtractedStatements
	n := bind.ExtractStatements(in.conn, sql, &parsed)
	defer bind.DestroyExtracted(&parsed)
	if n == 0 {
		return nil, prepareError(orText(bind.ExtractStatementsError(parsed), "Parser Error: no statement"))
	}
	if n > 1 {
		return nil, prepareError(fmt.Sprintf("Parser Error: %d statements where one is expected", n))
	}
	var stmt bind.PreparedStatement
	if bind.PrepareExtractedStatement(in.conn, parsed, 0, &stmt) == bind.StateError {
		err := prepareError(bind.PrepareError(stmt))
		bind.DestroyPrepare(&stmt)
		return nil, err
	}
	if kind := bind.PreparedStatementType(stmt); kind != bind.StatementTypeSelect {
		bind.DestroyPrepare(&stmt)
		return nil, prepareError("Permission Error: only SELECT is executed")
	}
	return &stmt, nil
}

// stream starts a prepared statement; rows are produced while they are fetched.
func stream(stmt bind.PreparedStatement) (*bind.Result, error) {
	var pending bind.PendingResult
	if bind.PendingPreparedStreaming(stmt, &pending) == bind.StateError {
		err := prepareError(bind.PendingError(pending))
		bind.DestroyPending(&pending)
		return nil, err
	}
	defer bind.DestroyPending(&pending)
	var result bind.Result
	if bind.ExecutePending(pending, &result) == bind.StateError {
		err := duckError(bind.ResultErrorType(&result), bind.ResultError(&result))
		bind.DestroyResult(&result)
		return nil, err
	}
	return &result, nil
}

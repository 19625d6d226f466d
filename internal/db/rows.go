package db

import (
	"database/sql"
	"database/sql/driver"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
)

// Rows are the result of Tx.Query:
//
//	for rows.Next() { err := rows.Scan(&a, &b) ... }
//	if err := rows.Err(); err != nil ...
//
// Bytes columns scan into *[]byte (a copy), *string or *sql.RawBytes (shared, valid until
// Next); integers into any integer type and *bool.
type Rows struct {
	tx   *Tx
	rows *sql.Rows
}

// Next moves to the next row. It closes the rows after the last one.
func (r *Rows) Next() bool {
	if r.rows.Next() {
		return true
	}
	r.release()
	return false
}

// Scan copies the columns of the current row.
func (r *Rows) Scan(dest ...any) error { return translate(r.rows.Scan(dest...)) }

// Err returns the error that ended the iteration, if any. It fails the transaction.
func (r *Rows) Err() error { return r.tx.fail(r.rows.Err()) }

// Close may be called more than once.
func (r *Rows) Close() error {
	r.release()
	return translate(r.rows.Close())
}

// release lets the transaction run its next statement.
func (r *Rows) release() {
	if r.tx.open == r {
		r.tx.open = nil
	}
}

// Row is the result of Tx.QueryRow.
type Row struct {
	rows *Rows
	err  error
}

// Scan copies the columns of the row, or returns ErrNotFound.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close() //nolint:errcheck // the first error counts; without one the last line closes
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNotFound
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// bind turns the arguments of a statement into what both databases compare alike: see
// the package comment. It changes args in place.
func bind(args []any) []any {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			args[i] = bytesOf(v)
		case []byte, int64, nil:
		case int:
			args[i] = int64(v)
		case bool:
			args[i] = bit(v)
		case time.Time:
			args[i] = clock.Millis(v)
		default:
			args[i] = bindOther(arg)
		}
	}
	return args
}

// bindOther binds named types by their kind. What is neither text, bytes nor number
// stays as it is, and the driver refuses it.
func bindOther(arg any) any {
	v, err := driver.DefaultParameterConverter.ConvertValue(arg)
	if err != nil {
		return arg
	}
	switch v := v.(type) {
	case string:
		return bytesOf(v)
	case bool:
		return bit(v)
	case time.Time:
		return clock.Millis(v)
	default:
		return v
	}
}

// bytesOf keeps "" an empty value: nil bytes would be NULL.
func bytesOf(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return []byte(s)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

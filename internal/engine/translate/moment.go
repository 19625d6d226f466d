package translate

import (
	"fmt"

	"github.com/bindery-project/bindery/internal/engine/analyze"
)

// zoned builds the representation of a timestamp with time zone.
func zoned(instant, zone string) string {
	return "struct_pack(t := " + instant + ", z := " + zone + ")"
}

// zonedParts writes the instant and the zone of a zoned timestamp, without
// building the struct where its parts are known.
func (p *printer) zonedParts(e analyze.Expr) (instant, zone string) {
	switch e := e.(type) {
	case *analyze.Literal:
		if v, ok := e.Value.(string); ok {
			return "TIMESTAMP '" + v + "'", quoteText(e.Zone)
		}
	case *analyze.Cast:
		if from := e.X.Type().Kind; e.Implicit && (from == analyze.Timestamp || from == analyze.Date) {
			return "CAST(" + p.expr(e.X) + " AS TIMESTAMP)", "'UTC'"
		}
	case *analyze.Call:
		if e.Name == "at_timezone" {
			instant, _ = p.zonedParts(e.Args[0])
			return instant, p.expr(e.Args[1])
		}
	}
	text := p.expr(e)
	return "(" + text + ").t", "(" + text + ").z"
}

// local writes the wall-clock time of a zoned timestamp as a TIMESTAMP.
func (p *printer) local(e analyze.Expr) string {
	instant, zone := p.zonedParts(e)
	return p.toLocal(instant, zone)
}

func (p *printer) toLocal(instant, zone string) string {
	if zone == "'UTC'" {
		return instant
	}
	return p.let([]string{instant, zone}, func(a []string) string {
		return fmt.Sprintf("CASE WHEN %[2]s = 'UTC' THEN %[1]s WHEN %[3]s THEN %[1]s + %[4]s ELSE timezone(%[2]s, timezone('UTC', %[1]s)) END",
			a[0], a[1], isOffset(a[1]), offset(a[1]))
	})
}

// toInstant is the way back: a wall-clock time in a zone, as UTC.
func (p *printer) toInstant(local, zone string) string {
	if zone == "'UTC'" {
		return local
	}
	return p.let([]string{local, zone}, func(a []string) string {
		return fmt.Sprintf("CASE WHEN %[2]s = 'UTC' THEN %[1]s WHEN %[3]s THEN %[1]s - %[4]s ELSE timezone('UTC', timezone(%[2]s, %[1]s)) END",
			a[0], a[1], isOffset(a[1]), offset(a[1]))
	})
}

// isOffset says whether a zone is written as +hh:mm.
func isOffset(zone string) string { return "regexp_full_match(" + zone + ", '[+-][0-9]{2}:[0-9]{2}')" }

// offset gives the interval of such a zone.
func offset(zone string) string {
	return fmt.Sprintf("to_minutes(coalesce(TRY_CAST(%[1]s[1:3] AS BIGINT) * 60 + TRY_CAST(%[1]s[1:1] || %[1]s[5:6] AS BIGINT), 0))", zone)
}

func (p *printer) timeArithmetic(c *analyze.Call) string {
	x, y := c.Args[0], c.Args[1]
	switch c.Name {
	case "time_between":
		return p.between(x, y)
	case "interval*":
		return fmt.Sprintf("CAST(trunc(%s * %s) AS BIGINT)", p.expr(x), p.expr(y))
	case "interval/":
		return fmt.Sprintf("CAST(trunc(%s / %s) AS BIGINT)", p.expr(x), p.expr(y))
	}
	sign := c.Name[len("time"):]
	step := p.intervalOf(y)
	switch x.Type().Kind { //nolint:exhaustive // a timestamp without zone follows
	case analyze.Date:
		return fmt.Sprintf("CAST(%s %s %s AS DATE)", p.expr(x), sign, step)
	case analyze.TimestampTZ:
		return p.zonedShift(x, y, sign, step)
	}
	return fmt.Sprintf("(%s %s %s)", p.expr(x), sign, step)
}

// zonedShift adds milliseconds to the instant, and months to the local time.
func (p *printer) zonedShift(x, y analyze.Expr, sign, step string) string {
	instant, zone := p.zonedParts(x)
	if y.Type().Kind == analyze.IntervalDay {
		return zoned(fmt.Sprintf("(%s %s %s)", instant, sign, step), zone)
	}
	return zoned(p.toInstant(fmt.Sprintf("(%s %s %s)", p.toLocal(instant, zone), sign, step), zone), zone)
}

// intervalOf writes an interval as DuckDB's.
func (p *printer) intervalOf(e analyze.Expr) string {
	if e.Type().Kind == analyze.IntervalYear {
		return "to_months(CAST(" + p.expr(e) + " AS INTEGER))"
	}
	return "to_milliseconds(" + p.expr(e) + ")"
}

// between gives the milliseconds from y to x.
func (p *printer) between(x, y analyze.Expr) string {
	if x.Type().Kind == analyze.Date {
		return fmt.Sprintf("(CAST(%s - %s AS BIGINT) * 86400000)", p.expr(x), p.expr(y))
	}
	return fmt.Sprintf("(epoch_ms(%s) - epoch_ms(%s))", p.comparable(x), p.comparable(y))
}

package analyze

import (
	"strings"

	"github.com/bindery-project/bindery/internal/engine/sql"
)

// windowSpec analyses what follows OVER into a Window.
func (a *analyzer) windowSpec(out *Window, e *sql.Call, sc *scope) {
	w := a.flatWindow(e.Over, 0)
	for _, p := range w.Partition {
		x := a.expr(p, sc)
		if !x.Type().Comparable() {
			fail(p, TypeMismatch, "%s is not comparable, and therefore cannot be used in window function PARTITION BY", x.Type())
		}
		out.Partition = append(out.Partition, x)
	}
	out.OrderBy = a.plainSortKeys(w.OrderBy, sc)
	if w.Frame != nil {
		out.Frame = a.frame(w, out, sc)
	}
	visitShallow(out, func(inner Expr) {
		if nested, ok := inner.(*Window); ok && nested.Position() != out.Position() {
			fail(e, NestedWindow, "Cannot nest window functions or row pattern measures inside window function '%s'", functionName(e))
		}
	})
}

// flatWindow resolves named windows into one specification.
func (a *analyzer) flatWindow(w *sql.Window, depth int) *sql.Window {
	if w.Base == nil {
		return w
	}
	base := a.windows[strings.ToLower(w.Base.Value)]
	if base == nil || depth > len(a.windows) {
		fail(w, "INVALID_WINDOW_REFERENCE", "Cannot resolve WINDOW name %s", w.Base.Value)
	}
	base = a.flatWindow(base, depth+1)
	if w.Bare {
		return base
	}
	switch {
	case len(w.Partition) > 0:
		fail(w, "INVALID_PARTITION_BY", "WINDOW specification with named WINDOW reference cannot specify PARTITION BY")
	case len(w.OrderBy) > 0 && len(base.OrderBy) > 0:
		fail(w, "INVALID_ORDER_BY", "Cannot specify ORDER BY if the referenced WINDOW has ORDER BY")
	case base.Frame != nil:
		fail(w, "INVALID_WINDOW_REFERENCE", "Cannot reference a WINDOW with a frame")
	}
	flat := *w
	flat.Base, flat.Partition = nil, base.Partition
	if len(base.OrderBy) > 0 {
		flat.OrderBy = base.OrderBy
	}
	return &flat
}

func (a *analyzer) frame(w *sql.Window, out *Window, sc *scope) *Frame {
	f := &Frame{Unit: w.Frame.Unit, Start: FrameBound{Kind: w.Frame.Start.Kind}, End: FrameBound{Kind: w.Frame.End.Kind}}
	if f.End.Kind == "" {
		f.End.Kind = "CURRENT ROW"
	}
	switch start, end := f.Start.Kind, f.End.Kind; {
	case start == "UNBOUNDED FOLLOWING":
		fail(w.Frame, InvalidWindow, "Window frame start cannot be UNBOUNDED FOLLOWING")
	case end == "UNBOUNDED PRECEDING":
		fail(w.Frame, InvalidWindow, "Window frame end cannot be UNBOUNDED PRECEDING")
	case start == "CURRENT ROW" && end == "PRECEDING", start == "FOLLOWING" && (end == "PRECEDING" || end == "CURRENT ROW"):
		fail(w.Frame, InvalidWindow, "Window frame starting from %s cannot end with %s", start, end)
	}
	f.Start.Offset = a.frameOffset(w, w.Frame.Start, out, sc)
	f.End.Offset = a.frameOffset(w, w.Frame.End, out, sc)
	if f.Unit == "GROUPS" && len(out.OrderBy) == 0 {
		fail(w, MissingOrderBy, "Window frame of type GROUPS requires ORDER BY")
	}
	return f
}

// frameOffset analyses the distance of an edge: whole numbers for ROWS and
// GROUPS; for RANGE what can be added to the one sort key.
func (a *analyzer) frameOffset(w *sql.Window, b sql.FrameBound, out *Window, sc *scope) Expr {
	if b.Offset == nil {
		return nil
	}
	x := a.expr(b.Offset, sc)
	if w.Frame.Unit != "RANGE" {
		if !x.Type().IsInteger() {
			fail(b.Offset, TypeMismatch, "Window frame %s value type must be exact numeric type with scale 0 (actual %s)", w.Frame.Unit, x.Type())
		}
		return coerce(x, bigintType)
	}
	if len(out.OrderBy) == 0 {
		fail(w.Frame, MissingOrderBy, "Window frame of type RANGE PRECEDING or FOLLOWING requires ORDER BY")
	}
	if len(out.OrderBy) != 1 {
		fail(w.Frame, MissingOrderBy, "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY (actual: %d)", len(out.OrderBy))
	}
	key := out.OrderBy[0].Expr.Type()
	moment := (key.Kind == Date || key.Kind == Timestamp) && isInterval(x.Type())
	if !moment && (!key.IsNumeric() || !x.Type().IsNumeric()) {
		fail(b.Offset, TypeMismatch, "Window frame RANGE value type (%s) not compatible with sort item type (%s)", x.Type(), key)
	}
	return x
}

package main

import (
	"fmt"
	"os"
	"strings"
)

func heading(text string) { fmt.Printf("\n== %s\n", text) }

func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

// onTerminal reports whether somebody watches.
var onTerminal = func() bool {
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}()

// progress rewrites one line of a terminal; a file gets the last line only,
// which ends in a line break.
func progress(format string, args ...any) {
	if onTerminal {
		fmt.Printf("\r\033[K   "+format, args...)
	} else if strings.HasSuffix(format, "\n") {
		say(strings.TrimSuffix(format, "\n"), args...)
	}
}

// table prints rows in columns; the first row is the heading.
func table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&b, "%-*s  ", widths[i], cell)
		}
		say("%s", strings.TrimRight(b.String(), " "))
		if n == 0 {
			say("%s", strings.Repeat("-", b.Len()-2))
		}
	}
}

package main

import (
	"fmt"
	"strings"
)

func heading(text string) { fmt.Printf("\n== %s\n", text) }

func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

// progress rewrites one line.
func progress(format string, args ...any) { fmt.Printf("\r\033[K   "+format, args...) }

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

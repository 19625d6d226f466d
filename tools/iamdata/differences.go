package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// difference is how one row differs from the published data, and why.
type difference struct {
	Differs []string `json:"differs"`
	Reason  string   `json:"reason"`
}

// differences are listed by service and operation.
type differences map[string]map[string]difference

func readDifferences(path string) (differences, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return differences{}, nil
	}
	if err != nil {
		return nil, err
	}
	var d differences
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// compare fails when found and reviewed differences are not the same, or a
// reviewed one has no reason.
func (d differences) compare(reviewed differences) error {
	var problems []string
	for service, rows := range d {
		for operation, row := range rows {
			r, ok := reviewed[service][operation]
			switch {
			case !ok || !slices.Equal(r.Differs, row.Differs):
				problems = append(problems, fmt.Sprintf("%s:%s %s", service, operation, strings.Join(row.Differs, "; ")))
			case r.Reason == "":
				problems = append(problems, fmt.Sprintf("%s:%s is listed without a reason", service, operation))
			}
		}
	}
	for service, rows := range reviewed {
		for operation := range rows {
			if _, ok := d[service][operation]; !ok {
				problems = append(problems, fmt.Sprintf("%s:%s is listed and does not differ any more", service, operation))
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.Sort(problems)
	return fmt.Errorf("%d differences to review in differences.json:\n\t%s", len(problems), strings.Join(problems, "\n\t"))
}

// withReasons carries the reasons of what differs as before.
func (d differences) withReasons(reviewed differences) differences {
	for service, rows := range d {
		for operation, row := range rows {
			row.Reason = reviewed[service][operation].Reason
			rows[operation] = row
		}
	}
	return d
}

func (d differences) count() int {
	n := 0
	for _, rows := range d {
		n += len(rows)
	}
	return n
}

// write stores the list with one operation per line.
func (d differences) write(path string) error {
	var b bytes.Buffer
	b.WriteString("{")
	for i, service := range slices.Sorted(maps.Keys(d)) {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n %q: {", service)
		for k, operation := range slices.Sorted(maps.Keys(d[service])) {
			if k > 0 {
				b.WriteString(",")
			}
			row, err := json.Marshal(d[service][operation])
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "\n  %q: %s", operation, row)
		}
		b.WriteString("}")
	}
	b.WriteString("\n}\n")
	return os.WriteFile(path, b.Bytes(), 0o644)
}

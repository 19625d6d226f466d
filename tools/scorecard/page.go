package main

import (
	"fmt"
	"strings"
)

const opening = `<!-- Written by "make suites" (tools/scorecard). Do not edit. -->
# Compatibility

Suites that the clients' own projects published, run unchanged against bindery. A suite gets an endpoint, keys and a region, and its files are left as published. A plug-in of pytest (` + "`test/suites/atserver.py`" + `) arranges the rest: moto's mock is switched to a server, ours, a new one for each test of a suite that was written for the mock; requests are signed with the true time and for the server's one region, also where a test froze the clock or named another; Arrow's S3 client is handed the endpoint; the bucket ` + "`test_bucket`" + `, a name that S3 refuses, becomes ` + "`test-bucket`" + `; and roles, a bucket, a database or a fixture describing the account are there where a suite takes them for granted. ` + "`make suites`" + ` installs them from package registries, runs them and writes this page.

| suite | version | passed | failed | skipped by the suite |
| --- | --- | ---: | ---: | ---: |
`

// render writes the page: a table, then for each suite what failed and why.
func render(verdicts []verdict, notRun string) string {
	var page strings.Builder
	page.WriteString(opening)
	for _, v := range verdicts {
		fmt.Fprintf(&page, "| %s%s | %s | %d | %d | %d |\n",
			v.Title, recorded(v), v.Version, v.passed, size(v.known)+len(v.failed), size(v.skipped))
	}
	for _, v := range verdicts {
		v.render(&page)
	}
	page.WriteString("\n" + strings.TrimSpace(notRun) + "\n")
	return page.String()
}

func recorded(v verdict) string {
	if v.Recorded {
		return " (run by hand)"
	}
	return ""
}

func (v verdict) render(page *strings.Builder) {
	if size(v.known)+len(v.failed)+size(v.skipped) == 0 {
		return
	}
	fmt.Fprintf(page, "\n## %s\n", v.Title)
	for _, reason := range sorted(v.known) {
		group(page, "failed", reason, v.known[reason])
	}
	if len(v.failed) > 0 {
		group(page, "failed", "not explained yet", v.failed)
	}
	for _, reason := range sorted(v.skipped) {
		group(page, "skipped by the suite", reason, v.skipped[reason])
	}
}

// group writes one reason with the tests it explains, the folder of the tests left out.
func group(page *strings.Builder, kind, reason string, names []string) {
	fmt.Fprintf(page, "\n%d %s: %s\n\n", len(names), kind, reason)
	for _, name := range names {
		fmt.Fprintf(page, "- `%s`\n", name[strings.LastIndex(name, "/")+1:])
	}
}

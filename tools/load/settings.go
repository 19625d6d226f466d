package main

import (
	"flag"
	"time"
)

// settings are what a run can be told.
type settings struct {
	binary      string
	moto        string        // program moto_server; "" leaves it out
	postgres    string        // DSN for a second bindery; "" leaves it out
	tables      int           // in the catalog
	partitions  int           // of the table that is listed
	seconds     time.Duration // how long each case is measured, about
	connections int
	only        string // a part of the names of the cases to run
	profiles    string // folder for bindery's CPU profiles; "" for none
	count       int    // how often each case is measured
	benchmarks  bool   // print bindery's CPU per request as Go benchmarks, for benchstat
	bare        string // answer this file's bytes: the bare server
}

func parseSettings() settings {
	var s settings
	flag.StringVar(&s.binary, "bindery", "bin/bindery", "the bindery `program`")
	flag.StringVar(&s.moto, "moto", "", "the moto_server `program`, to stand beside")
	flag.StringVar(&s.postgres, "postgres", "", "`DSN` of an empty PostgreSQL database, to stand beside")
	flag.IntVar(&s.tables, "tables", 10_000, "`number` of tables")
	flag.IntVar(&s.partitions, "partitions", 10_000, "`number` of partitions of one table")
	flag.DurationVar(&s.seconds, "for", 4*time.Second, "how `long` a case is measured, about")
	flag.IntVar(&s.connections, "connections", 8, "`number` of connections")
	flag.StringVar(&s.only, "only", "", "run the cases whose names contain this `text`")
	flag.StringVar(&s.profiles, "profiles", "", "write a CPU profile of bindery for each case to this `folder`")
	flag.IntVar(&s.count, "count", 1, "measure each case so many `times`")
	flag.BoolVar(&s.benchmarks, "benchmarks", false, "print bindery's CPU per request as Go benchmarks, for benchstat")
	flag.StringVar(&s.bare, "bare", "", "serve this `file`'s bytes to every request (used by the program itself)")
	flag.Parse()
	return s
}

// Command flightsdata cuts the example data of examples/flights out of the npm package vega-datasets.
//
//	npm pack vega-datasets@3.2.1 && tar xzf vega-datasets-3.2.1.tgz
//	go run ./tools/flightsdata package/data examples/flights/data
//
// It takes every seventh flight of the first half of 2001, writes one Parquet file per month into Hive-style folders, and copies the airports and
// the bird strikes. The same input gives the same bytes. It refuses inputs other than the ones that examples/flights/data/SOURCE.md describes.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
)

// keepEvery thins the flights: 3,000,000 rows become some 428,000.
const keepEvery = 7

// inputs are the files of vega-datasets 3.2.1 that are read, with their SHA-256.
var inputs = map[string]string{
	"flights-3m.parquet": "dbeb920c90f59b6ccaff823dcc3d08f25a97fa1ce128d93f40be4e931f5900b0",
	"airports.csv":       "903c7169e6d558eefb95295fe2947ec8503135fbb855ea5c737cf4a90ea603ad",
	"birdstrikes.csv":    "45777edf69984b37599e73dbfb34dbc976055243547407214261a4fcb9466462",
}

// sourceRow is a row of flights-3m.parquet.
type sourceRow struct {
	Date        time.Time `parquet:"date,timestamp(microsecond)"`
	Delay       int64     `parquet:"delay"`
	Distance    int64     `parquet:"distance"`
	Origin      string    `parquet:"origin"`
	Destination string    `parquet:"destination"`
}

// flight is a row of the example, in encodings that keep the files small. Date is a number because the library takes every time.Time for UTC, and
// the source's are local times.
type flight struct {
	Date        int64  `parquet:"date,timestamp(millisecond:local),delta,zstd"`
	Delay       int64  `parquet:"delay,delta,zstd"`
	Distance    int64  `parquet:"distance,dict,zstd"`
	Origin      string `parquet:"origin,dict,zstd"`
	Destination string `parquet:"destination,dict,zstd"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: flightsdata <package/data of vega-datasets> <output folder>")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "flightsdata:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	for name, want := range inputs {
		if err := check(filepath.Join(from, name), want); err != nil {
			return err
		}
	}
	if err := cutFlights(filepath.Join(from, "flights-3m.parquet"), filepath.Join(to, "flights")); err != nil {
		return err
	}
	for name, folder := range map[string]string{"airports.csv": "airports", "birdstrikes.csv": "birdstrikes"} {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, folder, name)); err != nil {
			return err
		}
	}
	return nil
}

func check(path, want string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s has SHA-256 %s, expected %s", path, got, want)
	}
	return nil
}

// cutFlights writes one file per month, in the order of the source.
func cutFlights(from, to string) error {
	rows, err := parquet.ReadFile[sourceRow](from)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	months := map[time.Month][]flight{}
	for i := 0; i < len(rows); i += keepEvery {
		r := rows[i]
		if at := r.Date.UTC(); at.Year() == 2001 && at.Month() <= time.June {
			months[at.Month()] = append(months[at.Month()], flight{Date: at.UnixMilli(), Delay: r.Delay, Distance: r.Distance, Origin: r.Origin, Destination: r.Destination})
		}
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		flights := months[month]
		path := filepath.Join(to, "year=2001", fmt.Sprintf("month=%02d", month), "flights.parquet")
		if err := writeMonth(path, flights); err != nil {
			return err
		}
		fmt.Printf("%s: %d flights\n", path, len(flights))
	}
	return nil
}

func writeMonth(path string, flights []flight) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := parquet.WriteFile(path, flights); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	defer source.Close() //nolint:errcheck // read only
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	target, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("create %s: %w", to, err)
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Close()); err != nil {
		return fmt.Errorf("copy to %s: %w", to, err)
	}
	return nil
}

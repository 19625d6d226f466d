package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// largest is the size of the bodies here: what the gateway lets through.
const largest = 16 << 20

// repeat builds a body of the largest size around repetitions of a part.
func repeat(before, part, after string) []byte {
	n := (largest - len(before) - len(after)) / len(part)
	b := append([]byte(before), bytes.Repeat([]byte(part), n)...)
	return append(b, after...)
}

func manyKeys(before, after string) []byte {
	b := bytes.NewBufferString(before)
	for i := 0; b.Len() < largest; i++ {
		fmt.Fprintf(b, `"k%d":"",`, i)
	}
	b.WriteString(`"z":""`)
	b.WriteString(after)
	return b.Bytes()
}

// TestBombs holds the worst bodies of the largest size to an error and to
// 64 MiB of allocations, whatever they ask to be built.
func TestBombs(t *testing.T) {
	for name, body := range map[string][]byte{
		"structures":      repeat(`{"Table":{"Columns":[`, `{},`, `{}]}}`),
		"strings":         repeat(`{"Names":[`, `"",`, `""]}`),
		"nulls":           repeat(`{"Names":[`, `null,`, `null]}`),
		"nested lists":    repeat(`{"Deep":{"All":[`, `{"All":[{}]},`, `{}]}}`),
		"members":         manyKeys(`{`, `}`),
		"map entries":     manyKeys(`{"Table":{"Parameters":{`, `}}}`),
		"unknown members": manyKeys(`{"Unknown":{`, `}}`),
		"unknown list":    repeat(`{"Unknown":[`, `0,`, `0]}`),
		"depth":           repeat(`{"Deep":`, `{"Next":`, ``),
		"unknown depth":   repeat(`{"Unknown":`, `[`, ``),
		"document":        repeat(`{"Free":[`, `[],`, `0]}`),
		"text":            repeat(`{"DatabaseName":"`, `a`, `"}`),
		"escaped text":    repeat(`{"DatabaseName":"`, `\n`, `"}`),
		"blob":            repeat(`{"Key":"`, `AAAA`, `"}`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := wire.For(op.AWSJSON11).Decode(catalog, put, &wire.Request{Body: body})
			runtime.ReadMemStats(&after)
			var refusal op.Error
			if !errors.As(err, &refusal) {
				t.Errorf("err = %v, want a refusal", err)
			}
			if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 64 {
				t.Errorf("%d MiB were allocated", spent)
			}
		})
	}
}

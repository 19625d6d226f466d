package s3

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
)

// span is the part of an object that a request reads.
type span struct {
	start, length int64
	part          bool   // not the whole object: 206
	parts         int    // how many parts the object was uploaded in, when a part was asked for
	sum           string // checksum of that part, base64
}

func (p span) status() int {
	if p.part {
		return http.StatusPartialContent
	}
	return http.StatusOK
}

func (p span) header(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", p.start, p.start+p.length-1, size)
}

// checksum is that of the bytes that are sent: the object's, or that of one of
// its parts. Other ranges have none.
func (p span) checksum(i *blob.Info) blob.Checksum {
	c := i.Checksum
	if p.part {
		c.Value = p.sum
	}
	return c
}

// span reads Range and partNumber. A range that is malformed, or more than one,
// is ignored, as HTTP wants it.
func (q *request) span(i *blob.Info) (span, error) {
	ranges, number := q.header("Range"), q.query.Get("partNumber")
	switch {
	case number != "" && ranges != "":
		return span{}, invalidRequest("Cannot specify both Range header and partNumber query parameter")
	case number != "":
		return partSpan(i, number)
	case ranges != "":
		return rangeSpan(ranges, i.Size)
	}
	return span{length: i.Size}, nil
}

func partSpan(i *blob.Info, number string) (span, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 10_000 {
		return span{}, invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", number)
	}
	if len(i.Parts) == 0 {
		if n == 1 {
			return span{length: i.Size, part: i.Size > 0, sum: i.Checksum.Value}, nil
		}
		return span{}, errPartNumber(number)
	}
	if n > len(i.Parts) {
		return span{}, errPartNumber(number)
	}
	p := span{part: true, parts: len(i.Parts)}
	for k, one := range i.Parts {
		if k == n-1 {
			p.length, p.sum = one.Size, one.Checksum
			return p, nil
		}
		p.start += one.Size
	}
	return p, nil
}

func errPartNumber(number string) *Error {
	return failure(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable", [2]string{"PartNumberRequested", number})
}

func rangeSpan(text string, size int64) (span, error) {
	whole := span{length: size}
	spec, ok := strings.CutPrefix(text, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return whole, nil
	}
	first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return whole, nil
	}
	if first == "" {
		return suffixSpan(text, last, size)
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return whole, nil
	}
	end := size - 1
	if last != "" {
		if end, err = strconv.ParseInt(last, 10, 64); err != nil || end < start {
			return whole, nil
		}
		end = min(end, size-1)
	}
	if start >= size {
		return span{}, errRange(text, size)
	}
	return span{start: start, length: end - start + 1, part: true}, nil
}

func suffixSpan(text, last string, size int64) (span, error) {
	n, err := strconv.ParseInt(last, 10, 64)
	if err != nil || n < 0 {
		return span{length: size}, nil
	}
	if n == 0 || size == 0 {
		return span{}, errRange(text, size)
	}
	n = min(n, size)
	return span{start: size - n, length: n, part: true}, nil
}

func errRange(text string, size int64) *Error {
	e := failure(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable",
		[2]string{"RangeRequested", text}, [2]string{"ActualObjectSize", strconv.FormatInt(size, 10)})
	e.Header = map[string]string{"Content-Range": "bytes */" + strconv.FormatInt(size, 10)}
	return e
}

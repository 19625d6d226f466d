package format

import (
	"encoding/binary"
	"errors"
)

// compactReader reads Thrift's compact protocol, in which Parquet writes its footer. The Parquet libraries allocate a list before they read its
// elements, by a length that the file claims: three hundred bytes can ask for gigabytes, which no recover catches. This reader keeps what it is
// asked for, skips the rest, and never believes a length beyond the bytes that are left.
type compactReader struct {
	buf []byte
}

// Wire types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxThriftDepth bounds the nesting of what is skipped; Parquet's own structures nest less than ten deep.
const maxThriftDepth = 32

var errThrift = errors.New("footer is not a Thrift structure")

// fields calls visit for every field of the structure at hand. visit reads the value, or returns false to have it skipped.
func (c *compactReader) fields(visit func(id int16, kind byte) (bool, error)) error {
	id := int16(0)
	for {
		head, err := c.byte()
		if err != nil {
			return err
		}
		if head == 0 {
			return nil
		}
		kind := head & 0x0f
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else if id, err = c.id(); err != nil {
			return err
		}
		taken, err := visit(id, kind)
		if err == nil && !taken {
			err = c.skip(kind, maxThriftDepth)
		}
		if err != nil {
			return err
		}
	}
}

func (c *compactReader) id() (int16, error) {
	n, err := c.int()
	return int16(n), err
}

func (c *compactReader) byte() (byte, error) {
	if len(c.buf) == 0 {
		return 0, errThrift
	}
	b := c.buf[0]
	c.buf = c.buf[1:]
	return b, nil
}

func (c *compactReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(c.buf)
	if n <= 0 {
		return 0, errThrift
	}
	c.buf = c.buf[n:]
	return v, nil
}

// int reads a zigzag number.
func (c *compactReader) int() (int64, error) {
	v, err := c.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}

// length reads a length in bytes or elements; every element takes at least one byte.
func (c *compactReader) length() (int, error) {
	n, err := c.uvarint()
	if err != nil || n > uint64(len(c.buf)) {
		return 0, errThrift
	}
	return int(n), nil
}

func (c *compactReader) string() (string, error) {
	n, err := c.length()
	if err != nil {
		return "", err
	}
	text := string(c.buf[:n])
	c.buf = c.buf[n:]
	return text, nil
}

// list reads the head of a list or set.
func (c *compactReader) list() (kind byte, n int, err error) {
	head, err := c.byte()
	if err != nil {
		return 0, 0, err
	}
	n = int(head >> 4)
	if n == 15 {
		n, err = c.length()
	}
	if n > len(c.buf) {
		return 0, 0, errThrift
	}
	return head & 0x0f, n, err
}

func (c *compactReader) discard(n int) error {
	if n > len(c.buf) {
		return errThrift
	}
	c.buf = c.buf[n:]
	return nil
}

// skip passes over a value.
func (c *compactReader) skip(kind byte, depth int) error {
	if depth == 0 {
		return errThrift
	}
	switch kind {
	case thriftTrue, thriftFalse: // the field head carries the value
		return nil
	case thriftByte:
		return c.discard(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := c.uvarint()
		return err
	case thriftDouble:
		return c.discard(8)
	case thriftBinary:
		n, err := c.length()
		if err != nil {
			return err
		}
		return c.discard(n)
	case thriftList, thriftSet:
		return c.skipList(depth)
	case thriftMap:
		return c.skipMap(depth)
	case thriftStruct:
		return c.skipStruct(depth)
	}
	return errThrift
}

func (c *compactReader) skipStruct(depth int) error {
	return c.fields(func(_ int16, kind byte) (bool, error) {
		return true, c.skip(kind, depth-1)
	})
}

func (c *compactReader) skipList(depth int) error {
	kind, n, err := c.list()
	for i := 0; i < n && err == nil; i++ {
		err = c.skipElement(kind, depth)
	}
	return err
}

func (c *compactReader) skipMap(depth int) error {
	n, err := c.length()
	if err != nil || n == 0 {
		return err
	}
	kinds, err := c.byte()
	for i := 0; i < n && err == nil; i++ {
		if err = c.skipElement(kinds>>4, depth); err == nil {
			err = c.skipElement(kinds&0x0f, depth)
		}
	}
	return err
}

// skipElement passes over an element, where a boolean is a byte of its own.
func (c *compactReader) skipElement(kind byte, depth int) error {
	if kind == thriftTrue || kind == thriftFalse {
		return c.discard(1)
	}
	return c.skip(kind, depth-1)
}

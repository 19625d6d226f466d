package format

import (
	"bytes"
	"regexp"
)

// headBytes is enough for every magic number below; tar's sits at offset 257.
const headBytes = 512

// magic is a byte string at an offset that identifies a format.
type magic struct {
	offset int
	bytes  string
	name   string
}

// compressions that the whole file may be wrapped in and that are refused by name. Glue reads some of them; the SQL engine does not.
var foreignCompressions = []magic{
	{0, "BZh", "bzip2"},
	{0, "\xfd7zXZ\x00", "xz"},
	{0, "\x04\x22\x4d\x18", "lz4"},
	{0, "\xff\x06\x00\x00sNaPpY", "snappy (framed)"},
	{0, "\x82SNAPPY\x00", "snappy (xerial)"},
	{0, "PK\x03\x04", "zip"},
	{0, "7z\xbc\xaf\x27\x1c", "7z"},
	{0, "\x89LZO\x00", "lzop"},
	{0, "\x1f\x9d", "compress (.Z)"},
	{0, "Rar!\x1a\x07", "rar"},
	{257, "ustar", "tar"},
}

// binaries are formats with a header that are known and not read.
var binaries = []magic{
	{0, "Obj\x01", "avro"},
	{0, "ORC", "orc"},
	{0, "PARE", "parquet (encrypted footer)"},
	{0, "SEQ\x04", "sequencefile"},
	{0, "SEQ\x05", "sequencefile"},
	{0, "SEQ\x06", "sequencefile"},
	{0, "RCF\x01", "rcfile"},
	{0, "ARROW1", "arrow"},
	{0, "FEA1", "feather"},
	{0, "\xe0\x01\x00\xea", "ion (binary)"},
	{0, "SQLite format 3\x00", "sqlite"},
	{0, "\x89HDF\r\n\x1a\n", "hdf5"},
	{0, "\x89PNG\r\n\x1a\n", "png"},
	{0, "\xff\xd8\xff", "jpeg"},
	{0, "GIF8", "gif"},
	{0, "%PDF-", "pdf"},
	{0, "\x7fELF", "elf"},
}

var (
	gzipMagic = []byte("\x1f\x8b")
	zstdMagic = []byte("\x28\xb5\x2f\xfd")
	parMagic  = []byte("PAR1")
)

func match(table []magic, head []byte) string {
	for _, m := range table {
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.bytes)) {
			return m.name
		}
	}
	return ""
}

func isParquet(head []byte) bool { return bytes.HasPrefix(head, parMagic) }

// knownBinary names the format of head if it has a header that is known but not read, or "".
func knownBinary(head []byte) string {
	if name := match(binaries, head); name != "" {
		return name
	}
	return match(foreignCompressions, head)
}

// xmlStart is what a document of elements begins with: a declaration, a comment, a doctype, or a tag.
var xmlStart = regexp.MustCompile(`^<([?!]|[A-Za-z_][\w.:-]*[\s/>])`)

// apacheLine is the common log format: host ident user [time] "request" status bytes, with two more quoted strings in the combined one.
var apacheLine = regexp.MustCompile(`^\S+ \S+ \S+ \[\d{2}/\w{3}/\d{4}:[^\]]+\] "[^"\n]*" \d{3} (?:\d+|-)( "[^"\n]*" "[^"\n]*")?`)

// knownText names a text format that a Glue classifier claims and that is not read, or "".
func knownText(text []byte) string {
	text = bytes.TrimLeft(text, " \t\r\n")
	if xmlStart.Match(text) {
		return "xml"
	}
	if m := apacheLine.FindSubmatchIndex(text); m != nil {
		if m[2] >= 0 {
			return "combinedApache"
		}
		return "apache"
	}
	return ""
}

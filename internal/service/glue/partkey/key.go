// Package partkey turns the values of a partition into the key under which it
// is stored, and back. It is pure.
//
// A stored key is one component per value (component.go), so that bytes compare
// as the typed values do: 9 before 10 in an int key, and text by code units.
// What a component does not tell about the text ("007") follows as a suffix, so
// that the key is the identity too, which is the ordered texts. Package
// expression compares components without decoding them.
package partkey

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"math/big"
	"strconv"
	"time"
)

// MaxKey bounds a stored key: Postgres indexes no more than 2704 bytes. The
// end of a longer one is replaced by its hash; such a key is found and ordered
// by its first MaxKey bytes, and its values must be read from the document.
const MaxKey = 1500

// suffixTag begins the text of a value that its component does not tell. It is
// smaller than any component's tag.
const suffixTag = 0x01

// Encode returns the stored key of values, and the positions of those that are
// no values of their key's type.
func (l *Layout) Encode(values []string) (key []byte, unparsable []int) {
	var suffix []byte
	for i, v := range values {
		k := l.KindAt(i)
		start := len(key)
		var ok bool
		if key, ok = AppendComponent(key, k, v); !ok {
			unparsable = append(unparsable, i)
		}
		if tell(k, key[start:]) != v {
			suffix = appendText(binary.AppendUvarint(append(suffix, suffixTag), uint64(i)), v)
		}
	}
	return Clip(append(key, suffix...)), unparsable
}

// Clip shortens a key that is too long to be stored.
func Clip(key []byte) []byte {
	if len(key) <= MaxKey {
		return key
	}
	sum := sha256.Sum256(key)
	return append(key[:MaxKey:MaxKey], sum[:]...)
}

// Split cuts a stored key into n components, appended to into. ok is false
// when the key was clipped, or has fewer.
func (l *Layout) Split(into [][]byte, key []byte, n int) (components [][]byte, ok bool) {
	if len(key) > MaxKey {
		return into, false
	}
	for i := range n {
		size := length(l.KindAt(i), key)
		if size == 0 {
			return into, false
		}
		into, key = append(into, key[:size:size]), key[size:]
	}
	return into, true
}

// Values are the texts of a stored key. ok is false when it was clipped.
func (l *Layout) Values(key []byte) (values []string, ok bool) {
	if len(key) > MaxKey {
		return nil, false
	}
	for len(key) > 0 && key[0] != suffixTag {
		k := l.KindAt(len(values))
		size := length(k, key)
		if size == 0 {
			return nil, false
		}
		values, key = append(values, tell(k, key[:size])), key[size:]
	}
	for len(key) > 0 {
		i, n := binary.Uvarint(key[1:])
		if key[0] != suffixTag || n <= 0 || i >= uint64(len(values)) {
			return nil, false
		}
		if values[i], key, ok = text(key[1+n:]); !ok {
			return nil, false
		}
	}
	return values, true
}

// TextOf is the text of a Text component.
func TextOf(component []byte) string { return tell(Text, component) }

// tell is the usual text of a component: of the numbers 7, 07 and +7 it is the
// first. Decimals have none: what they are is in the suffix.
func tell(k Kind, c []byte) string {
	if c[0] == tagNull {
		return NullText
	}
	if c[0] == tagUnparsable {
		k = Text
	}
	switch k {
	case Text, Opaque:
		s, _, _ := text(c[1:])
		return s
	case Integer:
		return tellInteger(c)
	case Date:
		return time.Unix(biased(c[1:]), 0).UTC().Format("2006-01-02")
	case Timestamp:
		nanos := int64(binary.BigEndian.Uint32(c[9:]))
		return time.Unix(biased(c[1:]), nanos).UTC().Format("2006-01-02 15:04:05.999999999")
	case Decimal:
	}
	return ""
}

func biased(b []byte) int64 {
	return int64(binary.BigEndian.Uint64(b) ^ (1 << 63))
}

func tellInteger(c []byte) string {
	mag, negative := c[2:], c[1] < 0x80
	if negative {
		mag = appendInverted(nil, mag)
	}
	if len(mag) < 8 {
		var n int64
		for _, b := range mag {
			n = n<<8 | int64(b)
		}
		if negative {
			n = -n
		}
		return strconv.FormatInt(n, 10)
	}
	n := new(big.Int).SetBytes(mag)
	if negative {
		n.Neg(n)
	}
	return n.String()
}

// Buckets is how many parts a table's partitions are hashed into. It divides
// by every number of segments, 1 to 10.
const Buckets = 2520

// Bucket is the part that values belong to, for ever: stored rows carry it.
func Bucket(values []string) int {
	h := fnv.New64a()
	for _, v := range values {
		_, _ = h.Write([]byte(v)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return int(h.Sum64() % Buckets)
}

// After is the smallest key that is greater than every key with the given
// prefix, nil when there is none.
func After(prefix []byte) []byte {
	out := append([]byte(nil), prefix...)
	for len(out) > 0 {
		if last := len(out) - 1; out[last] < 0xFF {
			out[last]++
			return out
		}
		out = out[:len(out)-1]
	}
	return nil
}

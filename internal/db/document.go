package db

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/go-json-experiment/json"
)

// A stored document is an envelope around the bytes of a generated struct:
//
//	offset 0  format  1
//	       1  codec   0 = bytes as given, 1 = JSON
//	       2  key id  big endian; 0 = not sealed
//	       6  CRC-32C of the row's place, of bytes 0..5 and of the payload
//	      10  payload, sealed when the key id is not 0
//
// The checksum covers the row's table and key, so that a document that the disk has
// changed, or that has come to the wrong row, is found on the next read and never
// served. It is no defence against people: that is what sealing is for.
const (
	documentFormat = 1
	codecBytes     = 0
	codecJSON      = 1
	headerSize     = 10
	checksumAt     = 6
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrCorrupt is wrapped by a CorruptError.
var ErrCorrupt = errors.New("db: stored document is damaged")

// CorruptError names a row whose document does not match its checksum or form.
type CorruptError struct {
	Place  Place
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%v: %v: %s", ErrCorrupt, e.Place, e.Reason)
}

// Unwrap makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }

// Sealer encrypts documents; seal.Keyset is one. The place is bound to the ciphertext, so
// that a sealed document opens in its own row only.
type Sealer interface {
	SealDocument(plain, place []byte) (keyID uint32, sealed []byte, err error)
	OpenDocument(keyID uint32, sealed, place []byte) (plain []byte, err error)
}

// Place is where a document is stored: its table and the columns that identify the row.
type Place struct {
	table string
	key   []byte
}

// At names the row of a table by its key columns: text, bytes or integers, in the order
// of the table's KeyColumns (see StoredTable).
func At(table string, key ...any) Place {
	buf := make([]byte, 0, 64)
	buf = appendPart(buf, 'b', []byte(table))
	for _, part := range bind(append([]any(nil), key...)) {
		switch v := part.(type) {
		case []byte:
			buf = appendPart(buf, 'b', v)
		case int64:
			buf = appendPart(buf, 'i', binary.BigEndian.AppendUint64(nil, uint64(v)))
		default:
			panic(fmt.Sprintf("db: key of %s has a part of type %T", table, part))
		}
	}
	return Place{table: table, key: buf}
}

func appendPart(buf []byte, kind byte, part []byte) []byte {
	buf = append(buf, kind)
	buf = binary.AppendUvarint(buf, uint64(len(part)))
	return append(buf, part...)
}

// String shows the table and the key, quoted.
func (p Place) String() string { return fmt.Sprintf("table %s, key %q", p.table, p.key) }

// documentOptions keep nil and empty apart: nil members are left out, empty ones stay.
var documentOptions = json.JoinOptions(
	json.OmitZeroStructFields(true),
	json.FormatNilSliceAsNull(true),
	json.FormatNilMapAsNull(true),
	json.Deterministic(true),
)

// Encode returns the stored form of a generated struct.
func Encode(at Place, document any) ([]byte, error) {
	payload, err := json.Marshal(document, documentOptions)
	if err != nil {
		return nil, fmt.Errorf("encode %T for %v: %w", document, at, err)
	}
	return envelope(at, codecJSON, 0, payload), nil
}

// EncodeBytes returns the stored form of bytes that are ready as they are.
func EncodeBytes(at Place, payload []byte) []byte { return envelope(at, codecBytes, 0, payload) }

// EncodeSealed is Encode, with the document encrypted.
func EncodeSealed(at Place, document any, sealer Sealer) ([]byte, error) {
	payload, err := json.Marshal(document, documentOptions)
	if err != nil {
		return nil, fmt.Errorf("encode %T for %v: %w", document, at, err)
	}
	keyID, sealed, err := sealer.SealDocument(payload, at.key)
	if err != nil {
		return nil, fmt.Errorf("seal %v: %w", at, err)
	}
	return envelope(at, codecJSON, keyID, sealed), nil
}

// Decode reads what Encode wrote at the same place. The error is a *CorruptError when
// the row is damaged.
func Decode(at Place, stored []byte, document any) error {
	payload, err := payloadOf(at, stored, codecJSON)
	if err != nil {
		return err
	}
	return unmarshal(at, payload, document)
}

// DecodeBytes reads what EncodeBytes wrote. The result shares stored's memory.
func DecodeBytes(at Place, stored []byte) ([]byte, error) { return payloadOf(at, stored, codecBytes) }

// DecodeSealed reads what EncodeSealed wrote. A document that is not sealed is refused:
// who can write to the database file must not be able to plant one.
func DecodeSealed(at Place, stored []byte, document any, sealer Sealer) error {
	if err := Verify(at, stored); err != nil {
		return err
	}
	keyID := binary.BigEndian.Uint32(stored[2:])
	if keyID == 0 || stored[1] != codecJSON {
		return &CorruptError{at, "not a sealed document"}
	}
	plain, err := sealer.OpenDocument(keyID, stored[headerSize:], at.key)
	if err != nil {
		return fmt.Errorf("open %v: %w", at, err)
	}
	return unmarshal(at, plain, document)
}

// Verify checks the form and checksum of a stored document without decoding it.
func Verify(at Place, stored []byte) error {
	switch {
	case len(stored) < headerSize:
		return &CorruptError{at, "shorter than its header"}
	case binary.BigEndian.Uint32(stored[checksumAt:]) != checksum(at, stored):
		return &CorruptError{at, "checksum does not match"}
	case stored[0] != documentFormat:
		return &CorruptError{at, fmt.Sprintf("format %d is not known", stored[0])}
	}
	return nil
}

func payloadOf(at Place, stored []byte, codec byte) ([]byte, error) {
	if err := Verify(at, stored); err != nil {
		return nil, err
	}
	if stored[1] != codec || binary.BigEndian.Uint32(stored[2:]) != 0 {
		return nil, &CorruptError{at, "sealed, or of another codec"}
	}
	return stored[headerSize:], nil
}

func unmarshal(at Place, payload []byte, document any) error {
	if err := json.Unmarshal(payload, document, documentOptions); err != nil {
		return &CorruptError{at, err.Error()}
	}
	return nil
}

func envelope(at Place, codec byte, keyID uint32, payload []byte) []byte {
	stored := make([]byte, headerSize, headerSize+len(payload))
	stored[0], stored[1] = documentFormat, codec
	binary.BigEndian.PutUint32(stored[2:], keyID)
	stored = append(stored, payload...)
	binary.BigEndian.PutUint32(stored[checksumAt:], checksum(at, stored))
	return stored
}

func checksum(at Place, stored []byte) uint32 {
	sum := crc32.Update(0, castagnoli, at.key)
	sum = crc32.Update(sum, castagnoli, stored[:checksumAt])
	return crc32.Update(sum, castagnoli, stored[headerSize:])
}

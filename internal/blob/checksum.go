package blob

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"strconv"
)

// Algorithm is one of S3's checksum algorithms, spelled as on the wire.
type Algorithm string

// The checksum algorithms.
const (
	CRC32     Algorithm = "CRC32"
	CRC32C    Algorithm = "CRC32C"
	CRC64NVME Algorithm = "CRC64NVME"
	SHA1      Algorithm = "SHA1"
	SHA256    Algorithm = "SHA256"
)

// Algorithms lists all of them.
func Algorithms() []Algorithm { return []Algorithm{CRC32, CRC32C, CRC64NVME, SHA1, SHA256} }

// Checksum types: of the whole object, or of the checksums of its parts.
const (
	FullObject = "FULL_OBJECT"
	Composite  = "COMPOSITE"
)

// Checksum is the checksum that is kept with an object. Value is base64, with
// "-<parts>" behind it when it is composite.
type Checksum struct {
	Algorithm Algorithm `json:"algorithm,omitempty"`
	Type      string    `json:"type,omitempty"`
	Value     string    `json:"value,omitempty"`
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// nvme is the polynomial of the NVM Express specification, reversed.
	nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// New returns the algorithm's hash, nil for one that does not exist.
func (a Algorithm) New() hash.Hash {
	switch a {
	case CRC32:
		return crc32.NewIEEE()
	case CRC32C:
		return crc32.New(castagnoli)
	case CRC64NVME:
		return crc64.New(nvme)
	case SHA1:
		return sha1.New()
	case SHA256:
		return sha256.New()
	}
	return nil
}

// Size is the length of a checksum in bytes, 0 for an unknown algorithm.
func (a Algorithm) Size() int {
	if h := a.New(); h != nil {
		return h.Size()
	}
	return 0
}

// sums hashes a stream several ways at once.
type sums struct {
	md5   hash.Hash
	named map[Algorithm]hash.Hash
	all   []io.Writer
}

func newSums(algorithms []Algorithm) *sums {
	s := &sums{md5: md5.New(), named: map[Algorithm]hash.Hash{}}
	s.all = []io.Writer{s.md5}
	for _, a := range algorithms {
		if h := a.New(); h != nil && s.named[a] == nil {
			s.named[a] = h
			s.all = append(s.all, h)
		}
	}
	return s
}

func (s *sums) Write(p []byte) (int, error) {
	for _, w := range s.all {
		_, _ = w.Write(p) // hashes do not fail
	}
	return len(p), nil
}

func (s *sums) values() map[Algorithm]string {
	out := make(map[Algorithm]string, len(s.named))
	for a, h := range s.named {
		out[a] = base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return out
}

// composite is the checksum of the parts' checksums.
func composite(a Algorithm, parts []Part) (string, error) {
	h := a.New()
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksum)
		if err != nil {
			return "", err
		}
		_, _ = h.Write(raw)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts)), nil
}

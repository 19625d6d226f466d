package terms

import "bytes"

// Key joins names into one key of the journal. A zero byte ends each part; no
// name contains one.
func Key(parts ...string) []byte {
	var b bytes.Buffer
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(0)
		}
		b.WriteString(p)
	}
	return b.Bytes()
}

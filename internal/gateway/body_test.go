package gateway

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

var errForged = errors.New("forged")

// failing yields data and then an error instead of the end.
func failing(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errForged))
}

func TestTheLastBytesWaitForTheEnd(t *testing.T) {
	for _, size := range []int{0, 1, holdBack - 1, holdBack, holdBack + 1, 3*holdBack + 7} {
		data := bytes.Repeat([]byte{7}, size)
		got, err := io.ReadAll(&held{from: bytes.NewReader(data)})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: got %d, error %v", size, len(got), err)
		}
		got, err = io.ReadAll(&held{from: failing(data)})
		if !errors.Is(err, errForged) {
			t.Errorf("%d bytes: error %v, want the reader's", size, err)
		}
		if size > 0 && len(got) == size {
			t.Errorf("%d bytes: all of a forged body was handed out", size)
		}
	}
}

func TestSmallReadsSeeTheSameBytes(t *testing.T) {
	data := make([]byte, 2*holdBack+100)
	for i := range data {
		data[i] = byte(i * 31)
	}
	got, err := io.ReadAll(iotest.OneByteReader(&held{from: iotest.HalfReader(bytes.NewReader(data))}))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, error %v", len(got), err)
	}
}

package gateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// TestNobodySignsChunks: an unsigned body that says it is coded in chunks would
// be kept with its coding, as nobody has a key to take it apart with.
func TestNobodySignsChunks(t *testing.T) {
	for hash, want := range map[string]error{
		"": nil, sigv4.UnsignedPayload: nil,
		sigv4.StreamingSigned: sigv4.ErrMissing, sigv4.StreamingUnsignedTrailer: sigv4.ErrMissing,
	} {
		r := httptest.NewRequest(http.MethodPut, "/b/k", nil)
		r.Header.Set("X-Amz-Content-Sha256", hash)
		x := &exchange{r: r, call: &op.Call{}, route: route{protocol: op.RestXML}}
		if err := (&Gateway{}).verify(t.Context(), x); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", hash, err, want)
		}
	}
}

package gateway

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestContinueWithNothingToSend: a client that asks before it sends an empty
// body gets its 100, and then the answer.
func TestContinueWithNothingToSend(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{w: &responseWriter{ResponseWriter: w}, r: r}
		x.goOn()
		if x.w.(*responseWriter).began {
			t.Error("the answer counts as begun")
		}
		w.WriteHeader(http.StatusOK)
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "PUT /b/k HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n")
	in := bufio.NewReader(conn)
	for _, want := range []string{"HTTP/1.1 100", "HTTP/1.1 200"} {
		line, err := in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Fatalf("got %q (%v), want %s", line, err, want)
		}
		for line != "\r\n" && err == nil {
			line, err = in.ReadString('\n')
		}
	}
}

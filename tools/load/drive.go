package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// figures are what one case cost.
type figures struct {
	rate float64       // requests per second
	cpu  time.Duration // server CPU per request
	body []byte        // the last answer
}

// drive sends the requests over several connections and waits for the answers.
func drive(p *process, requests [][]byte, connections int) (figures, error) {
	before, err := p.cpu()
	if err != nil {
		return figures{}, err
	}
	began := time.Now()
	var all sync.WaitGroup
	bodies, errs := make([][]byte, connections), make([]error, connections)
	for c := range connections {
		all.Go(func() { bodies[c], errs[c] = lane(p.addr, requests, c, connections) })
	}
	all.Wait()
	took := time.Since(began)
	after, err := p.cpu()
	if err := errors.Join(append(errs, err)...); err != nil {
		return figures{}, err
	}
	n := len(requests)
	return figures{rate: float64(n) / took.Seconds(), cpu: (after - before) / time.Duration(n), body: bodies[0]}, nil
}

// lane sends every k-th request over one connection.
func lane(addr string, requests [][]byte, first, step int) ([]byte, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // everything was read
	in := bufio.NewReaderSize(conn, 64<<10)
	var body []byte
	for i := first; i < len(requests); i += step {
		if _, err := conn.Write(requests[i]); err != nil {
			return nil, err
		}
		if body, err = readAnswer(in); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func readAnswer(in *bufio.Reader) ([]byte, error) {
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	return body, err
}

// serveBare answers a file's bytes to every request, after reading its body:
// what net/http costs when nothing is decided.
func serveBare(file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".addr", []byte(l.Addr().String()), 0o600); err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = w.Write(body)
	}))
}

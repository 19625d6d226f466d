package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// figures are what one case cost.
type figures struct {
	rate float64       // requests per second
	cpu  time.Duration // server CPU per request
	p50  time.Duration // from sending a request to its whole answer
	body []byte        // the last answer
}

// lane is one connection with what it saw.
type lane struct {
	took []time.Duration
	body []byte
	err  error
}

// drive sends the requests from first to last, beginning again at the end of
// the list, over several connections, and waits for the answers.
func drive(p *process, requests [][]byte, first, last, connections int) (figures, error) {
	before, err := p.cpu()
	if err != nil {
		return figures{}, err
	}
	began := time.Now()
	var all sync.WaitGroup
	lanes := make([]lane, connections)
	for c := range lanes {
		all.Go(func() { lanes[c].run(p.addr, requests, first+c, last, connections) })
	}
	all.Wait()
	took := time.Since(began)
	after, err := p.cpu()
	var each []time.Duration
	for _, l := range lanes {
		err = errors.Join(err, l.err)
		each = append(each, l.took...)
	}
	if err != nil {
		return figures{}, err
	}
	slices.Sort(each)
	n := len(each)
	return figures{rate: float64(n) / took.Seconds(), cpu: (after - before) / time.Duration(n), p50: each[n/2], body: lanes[0].body}, nil
}

// run sends every step-th request over one connection.
func (l *lane) run(addr string, requests [][]byte, first, last, step int) {
	var conn net.Conn
	if conn, l.err = net.Dial("tcp", addr); l.err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 64<<10)
	for i := first; i < last; i += step {
		began := time.Now()
		if _, l.err = conn.Write(requests[i%len(requests)]); l.err != nil {
			return
		}
		closing := false
		if l.body, closing, l.err = readAnswer(in, l.body); l.err != nil {
			return
		}
		l.took = append(l.took, time.Since(began))
		if closing { // moto_server ends each connection
			_ = conn.Close()
			if conn, l.err = net.Dial("tcp", addr); l.err != nil {
				return
			}
			in.Reset(conn)
		}
	}
}

// readAnswer reads an answer into body's memory and reports whether the
// server ends the connection.
func readAnswer(in *bufio.Reader, body []byte) ([]byte, bool, error) {
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close() //nolint:errcheck // read to the end
	body = body[:0]
	if res.ContentLength > 0 {
		body = slices.Grow(body, int(res.ContentLength))[:res.ContentLength]
		_, err = io.ReadFull(res.Body, body)
	} else {
		body, err = io.ReadAll(res.Body)
	}
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	return body, res.Close, err
}

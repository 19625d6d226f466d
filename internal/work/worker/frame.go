package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame on the socket is: length of the payload (4 bytes, big endian), kind (1 byte),
// payload. Control payloads are CBOR, frameData carries raw bytes (rows as Arrow IPC,
// for instance).
const frameHeader = 5

// MaxFrame bounds one payload in either direction, in bytes. A request that names ten
// thousand files takes about 2 MiB; rows are cut into pieces far smaller than this.
const MaxFrame = 64 << 20

// frameKind says what a payload is. The numbers are part of the protocol (protocolVersion).
type frameKind byte

const (
	frameHello   frameKind = 1 // child: version and task names, once, first
	frameRequest frameKind = 2 // server: start a task
	frameReply   frameKind = 3 // child: a CBOR value of the running task
	frameData    frameKind = 4 // child: raw bytes of the running task
	frameDone    frameKind = 5 // child: the task has ended well
	frameFailure frameKind = 6 // child: the task has failed
	frameBeat    frameKind = 7 // child: still alive
)

var errFrameTooLarge = errors.New("worker: frame exceeds its limit")

// writeFrame sends one frame in a single Write, so that frames of a heartbeat and of a
// task never interleave as long as the caller holds the connection's lock.
func writeFrame(w io.Writer, kind frameKind, payload []byte) error {
	if len(payload) > MaxFrame {
		return fmt.Errorf("%w: %d bytes", errFrameTooLarge, len(payload))
	}
	buf := make([]byte, frameHeader, frameHeader+len(payload))
	binary.BigEndian.PutUint32(buf, uint32(len(payload)))
	buf[4] = byte(kind)
	_, err := w.Write(append(buf, payload...))
	return err
}

// readFrame reads one frame. Only the header is read before the length is checked.
func readFrame(r io.Reader) (frameKind, []byte, error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size > MaxFrame {
		return 0, nil, fmt.Errorf("%w: %d bytes announced", errFrameTooLarge, size)
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, noEOF(err)
	}
	return frameKind(head[4]), payload, nil
}

// noEOF turns a clean end inside a frame into an error: half a frame is not an end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

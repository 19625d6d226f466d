package wire

import (
	"net/http"

	"github.com/bindery-project/bindery/internal/op"
)

// rpcCBOR is the codec of Smithy RPC v2 CBOR: one CBOR map each way, members
// under their model names.
type rpcCBOR struct{}

var (
	cborContentType = []string{"application/cbor"}
	cborProtocol    = []string{"rpc-v2-cbor"}
)

// Decode implements [Codec]. An empty body is an empty map. Inside members
// that the model does not know, names given twice pass: they are not read.
func (rpcCBOR) Decode(m *op.Model, o *op.Operation, r *Request) (any, error) {
	p, in, err := newInput(m, o)
	if err != nil || p == nil {
		return nil, err
	}
	body := r.Body
	if len(body) == 0 {
		body = []byte{cborMap}
	}
	if err := cborMode.Wellformed(body); err != nil {
		return nil, cborFault(err)
	}
	reader := cborReader{limits{budget: MaxMemory}}
	if err := reader.structure(p, body, in); err != nil {
		return nil, err
	}
	return reader.decoded(p, in)
}

// EncodeOutput implements [Codec]. An operation without output answers
// nothing at all.
func (rpcCBOR) EncodeOutput(w *Response, m *op.Model, o *op.Operation, out any) error {
	p, v, err := outputOf(m, o, out)
	if err != nil {
		return err
	}
	if o.Output == op.NoShape {
		w.begin(http.StatusOK, nil)
		w.Header["Smithy-Protocol"] = cborProtocol
		return nil
	}
	w.beginCBOR(http.StatusOK)
	if p == nil {
		w.Body = append(w.Body, cborMap)
		return nil
	}
	w.Body, err = appendCBORStructure(w.Body, p, v)
	return err
}

func (w *Response) beginCBOR(status int) {
	w.begin(status, cborContentType)
	w.Header["Smithy-Protocol"] = cborProtocol
}

// EncodeError implements [Codec].
func (rpcCBOR) EncodeError(w *Response, m *op.Model, e op.Error, requestID string) error {
	w.RequestID = requestID
	w.beginCBOR(errorStatus(e))
	w.queryError(m, e)
	p, v := modelledError(m, e)
	members := 1
	if p != nil {
		members = countPresent(p, v)
	}
	b := appendCBORHead(w.Body, cborMap, uint64(members+1))
	b = appendCBORText(b, "__type")
	b = appendCBORText(b, e.ErrorCode())
	var err error
	if p != nil {
		b, err = appendCBORMembers(b, p, v)
	} else {
		b = appendCBORText(b, messageName(errorShape(m, e.ErrorCode())))
		b = appendCBORText(b, e.ErrorMessage())
	}
	w.Body = b
	return err
}

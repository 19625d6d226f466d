package wire

import (
	"bytes"
	"reflect"

	"github.com/bindery-project/bindery/internal/op"
)

// restXML is the codec of AWS REST-XML: members in path, query, headers and
// an XML body.
type restXML struct{}

const xmlType = "application/xml"

// Decode implements [Codec].
func (restXML) Decode(m *op.Model, o *op.Operation, r *Request) (any, error) {
	return decodeRest(m, o, r, notation{payload: (*binder).xmlPayload, body: (*binder).xmlBody})
}

func (b *binder) xmlBody(p *plan, in reflect.Value) error {
	if len(bytes.TrimSpace(b.r.Body)) == 0 {
		return nil
	}
	r := newXMLReader(b.r.Body)
	r.top = p
	start, err := r.root()
	if err != nil {
		return err
	}
	if err := r.members(p, start, in, &b.seen); err != nil {
		return err
	}
	b.missing = append(b.missing, r.missing...)
	return r.end()
}

func (b *binder) xmlPayload(f *field, v reflect.Value) error {
	r := newXMLReader(b.r.Body)
	start, err := r.root()
	if err != nil {
		return err
	}
	if err := r.slot(f.slot, start, v, op.TimeDefault); err != nil {
		return err
	}
	r.prefix(0, f.label)
	b.missing = append(b.missing, r.missing...)
	return r.end()
}

// EncodeOutput implements [Codec]. The root element is the operation's
// Wrapper or, without one, the output shape's name.
func (restXML) EncodeOutput(w *Response, m *op.Model, o *op.Operation, out any) error {
	p, v, err := outputOf(m, o, out)
	if err != nil {
		return err
	}
	w.begin(successStatus(o), nil)
	if p == nil {
		return nil
	}
	w.writeBound(p, v)
	if p.payload >= 0 {
		return w.xmlPayload(p, v)
	}
	if !p.hasBody() {
		return nil
	}
	w.contentType(xmlType)
	x := xmlWriter{b: w.Body, format: op.TimeDateTime}
	root := orDefault(o.Wrapper, p.shape.Name)
	x.openWithAttributes(p, root, m.XMLNamespace, v)
	err = x.members(p, v, true)
	x.shut(root)
	w.Body = x.b
	return err
}

func (p *plan) hasBody() bool {
	for i := range p.fields {
		if p.fields[i].inOutputBody() {
			return true
		}
	}
	return false
}

// xmlPayload writes a structure that is the whole body; its root is named
// after the member when the model renames that, else after the shape.
func (w *Response) xmlPayload(p *plan, v reflect.Value) error {
	f, fv, err := payloadValue(p, v)
	if err != nil || !fv.IsValid() || w.writePayload(f, fv) {
		return err
	}
	w.contentType(xmlType)
	root := f.plan.shape.Name
	if f.wireName() != f.Name {
		root = f.wireName()
	}
	x := xmlWriter{b: w.Body, format: op.TimeDateTime}
	err = x.element(f.plan, root, orDefault(f.Namespace, p.model.XMLNamespace), op.TimeDefault, fv)
	w.Body = x.b
	return err
}

// EncodeError implements [Codec]. Models that say so (S3) have a bare Error
// element with the request id inside.
func (restXML) EncodeError(w *Response, m *op.Model, e op.Error, requestID string) error {
	w.RequestID = requestID
	w.begin(errorStatus(e), []string{xmlType})
	if p, v := modelledError(m, e); p != nil {
		w.writeBound(p, v)
	}
	x := xmlWriter{b: w.Body, format: op.TimeDateTime}
	var err error
	if m.BareErrors {
		err = x.bareError(m, e, requestID)
	} else {
		err = x.errorResponse(m, e, requestID)
	}
	w.Body = x.b
	return err
}

func (x *xmlWriter) bareError(m *op.Model, e op.Error, requestID string) error {
	x.open("Error", "")
	x.leaf("Code", e.ErrorCode())
	err := x.errorDetail(m, e)
	x.leaf("RequestId", requestID)
	x.shut("Error")
	return err
}

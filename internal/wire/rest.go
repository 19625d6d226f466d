package wire

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// binder reads the members of a REST input that travel outside the body, and
// keeps what the whole input needs to be finished.
type binder struct {
	limits
	seen  fieldSet
	r     *Request
	query url.Values
}

func newBinder(r *Request) (*binder, error) {
	b := &binder{limits: limits{budget: MaxMemory}, r: r}
	if r.URL == nil {
		return b, nil
	}
	if strings.Count(r.URL.RawQuery, "&") > MaxMembers {
		return nil, errMemory
	}
	var err error
	if b.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return nil, malformedForm("The parameters are not well-formed")
	}
	return b, nil
}

// notation reads what a REST protocol has in the body.
type notation struct {
	payload func(*binder, *field, reflect.Value) error // the body is one member
	body    func(*binder, *plan, reflect.Value) error  // the body has the members that are nowhere else
}

// decodeRest reads a request of a REST protocol.
func decodeRest(m *op.Model, o *op.Operation, r *Request, n notation) (any, error) {
	p, in, err := newInput(m, o)
	if err != nil || p == nil {
		return nil, err
	}
	b, err := newBinder(r)
	if err != nil {
		return nil, err
	}
	if err := b.read(p, in); err != nil {
		return nil, err
	}
	if p.payload >= 0 {
		err = b.readPayload(p, in, n.payload)
	} else {
		err = n.body(b, p, in)
	}
	if err != nil {
		return nil, err
	}
	if err := b.finish(p, in, &b.seen); err != nil {
		return nil, err
	}
	return b.decoded(p, in)
}

// read fills every bound member that the request has.
func (b *binder) read(p *plan, in reflect.Value) error {
	for _, i := range p.bound {
		f := &p.fields[i]
		found, err := b.member(f, in.Field(f.Field))
		if err != nil {
			return err
		}
		if found {
			b.seen.add(i)
			if f.Fold {
				foldField(f, in.Field(f.Field))
			}
		}
	}
	return nil
}

func (b *binder) member(f *field, v reflect.Value) (bool, error) {
	switch f.Location {
	case op.InHeader:
		return b.header(f, v)
	case op.InPrefixHeaders:
		return b.prefixHeaders(f, v)
	case op.InQuery:
		values, ok := b.query[f.LocName]
		return ok, b.values(f, values, op.TimeDateTime, ok, v)
	case op.InQueryParams:
		return true, b.queryParams(f, v)
	case op.InLabel:
		text, ok := b.r.Labels[f.LocName]
		return ok, b.values(f, []string{text}, op.TimeDateTime, ok, v)
	case op.InBody, op.InPayload, op.InStatus:
	}
	return false, nil
}

// header reads a header; list values are split at commas outside quotes.
func (b *binder) header(f *field, v reflect.Value) (bool, error) {
	lines, ok := b.r.Header[http.CanonicalHeaderKey(f.LocName)]
	if !ok {
		return false, nil
	}
	values := []string{strings.Join(lines, ", ")}
	if f.plan.shape.Kind == op.List {
		values = splitHeader(values[0], f)
	}
	return true, b.values(f, values, op.TimeHTTPDate, true, v)
}

// splitHeader cuts a header into list elements. HTTP dates have a comma of
// their own.
func splitHeader(line string, f *field) []string {
	elem := f.plan.elem.plan.shape.Kind
	if elem == op.Timestamp && (f.Time == op.TimeDefault || f.Time == op.TimeHTTPDate) {
		return splitDates(line)
	}
	var out []string
	for rest := line; rest != ""; {
		var item string
		item, rest = nextHeaderItem(rest)
		out = append(out, item)
	}
	return out
}

func splitDates(line string) []string {
	parts := strings.Split(line, ",")
	var out []string
	for i := 0; i+1 < len(parts); i += 2 {
		out = append(out, strings.TrimSpace(parts[i]+","+parts[i+1]))
	}
	return out
}

// nextHeaderItem takes one element, quoted or bare, from a header's value.
func nextHeaderItem(line string) (item, rest string) {
	line = strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(line, `"`) {
		item, rest, _ = strings.Cut(line, ",")
		return strings.TrimSpace(item), rest
	}
	var text []byte
	i := 1
	for ; i < len(line) && line[i] != '"'; i++ {
		if line[i] == '\\' && i+1 < len(line) {
			i++
		}
		text = append(text, line[i])
	}
	_, rest, _ = strings.Cut(line[min(i+1, len(line)):], ",")
	return string(text), rest
}

// values reads one text into a scalar, or several into a list.
func (b *binder) values(f *field, texts []string, format op.TimeFormat, ok bool, v reflect.Value) error {
	if !ok {
		return nil
	}
	if f.Time != op.TimeDefault {
		format = f.Time
	}
	return b.slot(f.slot, texts, format, v)
}

func (b *binder) slot(s slot, texts []string, format op.TimeFormat, v reflect.Value) error {
	v = s.newValue(v)
	if s.plan.shape.Kind == op.List {
		return b.list(s.plan, texts, format, v)
	}
	if len(texts) != 1 {
		return serialization(foundList)
	}
	if err := parseText(s.plan.shape.Kind, format, texts[0], v); err != nil {
		return cannot("STRING_VALUE", s.plan.shape.Kind)
	}
	return nil
}

func (b *binder) list(p *plan, texts []string, format op.TimeFormat, v reflect.Value) error {
	v.Set(reflect.MakeSlice(p.typ, len(texts), len(texts)))
	for i, text := range texts {
		if err := b.slot(p.elem, []string{text}, format, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// prefixHeaders collects headers by prefix. What follows the prefix is in
// lower case: header names have no case of their own.
func (b *binder) prefixHeaders(f *field, v reflect.Value) (bool, error) {
	found := map[string][]string{}
	for name, lines := range b.r.Header {
		if len(name) >= len(f.LocName) && strings.EqualFold(name[:len(f.LocName)], f.LocName) {
			found[strings.ToLower(name[len(f.LocName):])] = lines[:min(1, len(lines))]
		}
	}
	if len(found) == 0 {
		return false, nil
	}
	return true, b.mapping(f, found, v)
}

// queryParams collects all parameters, those that other members bind too.
func (b *binder) queryParams(f *field, v reflect.Value) error {
	if len(b.query) == 0 {
		return nil
	}
	found := map[string][]string(b.query)
	if f.plan.elem.plan.shape.Kind != op.List {
		found = map[string][]string{}
		for name, values := range b.query {
			found[name] = values[:1]
		}
	}
	return b.mapping(f, found, v)
}

func (b *binder) mapping(f *field, found map[string][]string, v reflect.Value) error {
	p := f.plan
	v = f.newValue(v)
	v.Set(reflect.MakeMap(p.typ))
	for name, texts := range found {
		value := reflect.New(p.typ.Elem()).Elem()
		if err := b.slot(p.elem, texts, op.TimeDateTime, value); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(p.typ.Key()), value)
	}
	return nil
}

// inOutputBody reports whether a member of an output is in the body: answers
// have no path and no query, so members bound to those are.
func (f *field) inOutputBody() bool {
	switch f.Location {
	case op.InBody, op.InQuery, op.InQueryParams, op.InLabel:
		return true
	case op.InHeader, op.InPrefixHeaders, op.InPayload, op.InStatus:
	}
	return false
}

// writeBound writes the members of an output or error that are headers or the
// status.
func (w *Response) writeBound(p *plan, v reflect.Value) {
	for _, i := range p.bound {
		f := &p.fields[i]
		fv := v.Field(f.Field)
		if !f.present(fv) {
			continue
		}
		if f.ptr {
			fv = fv.Elem()
		}
		switch f.Location {
		case op.InHeader:
			w.writeHeader(f, fv)
		case op.InPrefixHeaders:
			for _, key := range sortedKeys(fv) {
				w.Header.Set(f.LocName+key.String(), headerSafe(reflect.Indirect(fv.MapIndex(key)).String()))
			}
		case op.InStatus:
			w.Status = int(fv.Int())
		case op.InBody, op.InPayload, op.InQuery, op.InQueryParams, op.InLabel:
		}
	}
}

func (w *Response) writeHeader(f *field, v reflect.Value) {
	format := f.Time
	if format == op.TimeDefault {
		format = op.TimeHTTPDate
	}
	if f.plan.shape.Kind != op.List {
		w.Header.Set(f.LocName, headerSafe(string(appendText(nil, f.plan.shape.Kind, format, v))))
		return
	}
	if v.Len() == 0 {
		return
	}
	var items []string
	elem := f.plan.elem.plan.shape.Kind
	for i := range v.Len() {
		if item := reflect.Indirect(v.Index(i)); item.IsValid() {
			items = append(items, headerItem(elem, string(appendText(nil, elem, format, item))))
		}
	}
	w.Header.Set(f.LocName, headerSafe(strings.Join(items, ", ")))
}

// headerItem quotes a list element that a comma or quote would break.
func headerItem(k op.Kind, text string) string {
	if k != op.String && k != op.Enum || !strings.ContainsAny(text, `",`) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// headerSafe drops what would end a header line.
func headerSafe(text string) string {
	if !strings.ContainsAny(text, "\r\n\x00") {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return -1
		}
		return r
	}, text)
}

// readPayload reads a body that is one member: bytes, text or a document in
// the protocol's notation, which structured reads.
func (b *binder) readPayload(p *plan, in reflect.Value, structured func(*binder, *field, reflect.Value) error) error {
	if len(b.r.Body) == 0 {
		return nil
	}
	f := &p.fields[p.payload]
	fv := in.Field(f.Field)
	switch f.plan.shape.Kind {
	case op.Blob:
		f.newValue(fv).SetBytes(slices.Clone(b.r.Body))
	case op.String, op.Enum:
		text, err := payloadText(b.r.Body)
		if err != nil {
			return err
		}
		f.newValue(fv).SetString(text)
	default:
		if err := structured(b, f, fv); err != nil {
			return err
		}
	}
	b.seen.add(p.payload)
	return nil
}

// writePayload writes a body that is one member. It reports whether the
// member was plain bytes or text and so is written already.
func (w *Response) writePayload(f *field, v reflect.Value) bool {
	switch f.plan.shape.Kind {
	case op.Blob:
		w.Body = append(w.Body, v.Bytes()...)
		w.contentType("application/octet-stream")
	case op.String, op.Enum:
		w.Body = append(w.Body, v.String()...)
		w.contentType("text/plain")
	default:
		return false
	}
	return true
}

// contentType sets the header unless a member did.
func (w *Response) contentType(value string) {
	if w.Header.Get("Content-Type") == "" {
		w.Header.Set("Content-Type", value)
	}
}

// payloadValue returns the payload member's value; invalid when absent.
func payloadValue(p *plan, v reflect.Value) (*field, reflect.Value, error) {
	f := &p.fields[p.payload]
	fv, err := fieldValue(f, v)
	if err != nil || !f.present(fv) {
		return f, reflect.Value{}, err
	}
	return f, reflect.Indirect(fv), nil
}

// successStatus is an operation's HTTP status.
func successStatus(o *op.Operation) int {
	if o.Status == 0 {
		return http.StatusOK
	}
	return o.Status
}

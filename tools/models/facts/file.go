package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// serviceFile and shapeFile are the written forms; their last member is laid
// out by hand, one entry per line.
type serviceFile struct {
	Service
	Operations []Operation `json:"operations"`
	Shapes     []shapeFile `json:"shapes"`
}

type shapeFile struct {
	Shape
	Members []Member `json:"members"`
}

// Read reads a facts file.
func Read(path string) (*Service, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("facts %s: %w", path, err)
	}
	return s, nil
}

// Parse reads the text of a facts file.
func Parse(text []byte) (*Service, error) {
	var file serviceFile
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, err
	}
	s := file.Service
	s.Operations = file.Operations
	for _, f := range file.Shapes {
		f.Shape.Members = f.Members
		s.Shapes = append(s.Shapes, f.Shape)
	}
	return &s, nil
}

// Format returns the text of the facts file of a service.
func Format(s *Service) ([]byte, error) {
	var b bytes.Buffer
	if err := open(&b, s); err != nil {
		return nil, err
	}
	b.WriteString(",\n\"operations\":")
	if err := lines(&b, s.Operations); err != nil {
		return nil, err
	}
	b.WriteString(",\n\"shapes\":[")
	for i := range s.Shapes {
		if err := writeShape(&b, &s.Shapes[i], i == 0); err != nil {
			return nil, err
		}
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

func writeShape(b *bytes.Buffer, s *Shape, first bool) error {
	if !first {
		b.WriteByte(',')
	}
	b.WriteByte('\n')
	if err := open(b, s); err != nil {
		return err
	}
	if len(s.Members) > 0 {
		b.WriteString(`,"members":`)
		if err := lines(b, s.Members); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// open writes v as a JSON object without its closing brace.
func open(b *bytes.Buffer, v any) error {
	text, err := compact(v)
	if err != nil {
		return err
	}
	b.Write(text[:len(text)-1])
	return nil
}

// lines writes a list with one element per line.
func lines[T any](b *bytes.Buffer, list []T) error {
	b.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n ")
		text, err := compact(v)
		if err != nil {
			return err
		}
		b.Write(text)
	}
	b.WriteByte(']')
	return nil
}

// compact is json.Marshal without HTML escaping.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

package wire

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/op"
)

// serialization is the refusal of a body that cannot be read as the model
// says. The texts are those that AWS's JSON services answer.
func serialization(text string) error {
	return &op.Fault{Code: "SerializationException", Message: text}
}

// Refusals of values of a wrong kind, as AWS words them.
const (
	wantList     = "Expected list or null"
	wantNull     = "Expected null"
	foundObject  = "Start of structure or map found where not expected."
	foundList    = "Start of list found where not expected"
	tooDeep      = "The request is nested too deeply"
	tooLarge     = "The request holds too many values"
	oneOfUnion   = "Exactly one member of a union must be set"
	badBlob      = "Invalid base64 in a blob"
	notAnObject  = "Expected a JSON object"
	malformed    = "Malformed JSON"
	malformedXML = "Malformed XML"
)

// errMemory and errDepth stop a reader that is asked to build too much.
var (
	errMemory = serialization(tooLarge)
	errDepth  = serialization(tooDeep)
)

// jsonFault words what the JSON tokenizer refuses. Other errors pass.
func jsonFault(err error) error {
	var known op.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return serialization("Duplicate field in a JSON object")
	}
	return serialization(malformed)
}

// cannot says that a token cannot become a value of the kind.
func cannot(token string, k op.Kind) error {
	return serialization(token + " can not be converted to " + kindNoun(k))
}

func kindNoun(k op.Kind) string {
	switch k {
	case op.String, op.Enum:
		return "a String"
	case op.Blob:
		return "a Blob"
	case op.Boolean:
		return "a Boolean"
	case op.Integer:
		return "an Integer"
	case op.Long:
		return "a Long"
	case op.Float:
		return "a Float"
	case op.Double:
		return "a Double"
	case op.Timestamp:
		return "milliseconds since epoch"
	case op.Structure, op.Union:
		return "a Structure"
	case op.List:
		return "a List"
	case op.Map:
		return "a Map"
	case op.Document:
		return "a Document"
	}
	return "a value"
}

// jsonToken names a JSON value's first token in AWS's words.
func jsonToken(raw []byte) string {
	switch raw[0] {
	case '"':
		return "STRING_VALUE"
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	case 'n':
		return "NULL_VALUE"
	}
	if strings.ContainsAny(string(raw), ".eE") {
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}

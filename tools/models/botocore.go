package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// rawModel is the part of a botocore service file that holds facts.
type rawModel struct {
	Metadata struct {
		APIVersion     string          `json:"apiVersion"`
		EndpointPrefix string          `json:"endpointPrefix"`
		JSONVersion    string          `json:"jsonVersion"`
		Protocol       string          `json:"protocol"`
		Protocols      []string        `json:"protocols"`
		ServiceID      string          `json:"serviceId"`
		SigningName    string          `json:"signingName"`
		TargetPrefix   string          `json:"targetPrefix"`
		XMLNamespace   string          `json:"xmlNamespace"`
		QueryErrors    json.RawMessage `json:"awsQueryCompatible"`
	} `json:"metadata"`
	Operations ordered[rawOperation] `json:"operations"`
	Shapes     ordered[rawShape]     `json:"shapes"`
	Pages      map[string]rawPage    `json:"-"`
}

type rawOperation struct {
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input, Output struct {
		Shape   string `json:"shape"`
		Wrapper string `json:"resultWrapper"`
	}
	Errors   []rawRef `json:"errors"`
	ReadOnly bool     `json:"readonly"`
	AuthType string   `json:"authtype"`
}

type rawRef struct {
	Shape            string `json:"shape"`
	Location         string `json:"location"`
	LocationName     string `json:"locationName"`
	IdempotencyToken bool   `json:"idempotencyToken"`
	Flattened        bool   `json:"flattened"`
	XMLAttribute     bool   `json:"xmlAttribute"`
	TimestampFormat  string `json:"timestampFormat"`
}

type rawShape struct {
	Type            string          `json:"type"`
	Members         ordered[rawRef] `json:"members"`
	Required        []string        `json:"required"`
	Member          rawRef          `json:"member"`
	Key             rawRef          `json:"key"`
	Value           rawRef          `json:"value"`
	Min             *float64        `json:"min"`
	Max             *float64        `json:"max"`
	Pattern         string          `json:"pattern"`
	Enum            []string        `json:"enum"`
	Sensitive       bool            `json:"sensitive"`
	Flattened       bool            `json:"flattened"`
	Union           bool            `json:"union"`
	Document        bool            `json:"document"`
	EventStream     bool            `json:"eventstream"`
	Streaming       bool            `json:"streaming"`
	Payload         string          `json:"payload"`
	Exception       bool            `json:"exception"`
	Fault           bool            `json:"fault"`
	TimestampFormat string          `json:"timestampFormat"`
	Error           struct {
		Code   string `json:"code"`
		Status int    `json:"httpStatusCode"`
	} `json:"error"`
}

type rawPage struct {
	Input  any `json:"input_token"`
	Output any `json:"output_token"`
	Items  any `json:"result_key"`
	Size   any `json:"limit_key"`
}

// entry is one member of an ordered object.
type entry[T any] struct {
	Name  string
	Value T
}

// ordered is a JSON object whose member order is part of the model.
type ordered[T any] []entry[T]

// UnmarshalJSON implements json.Unmarshaler.
func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		e := entry[T]{Name: fmt.Sprint(name)}
		if err := dec.Decode(&e.Value); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		*o = append(*o, e)
	}
	return nil
}

// readRaw reads a service's model and paginators from the wheel.
func readRaw(w *wheel, data string) (*rawModel, error) {
	folder := "botocore/data/" + data + "/"
	var model rawModel
	if err := readJSON(w, folder+"service-2.json.gz", &model); err != nil {
		return nil, err
	}
	var pages struct {
		Pagination map[string]rawPage `json:"pagination"`
	}
	if err := readJSON(w, folder+"paginators-1.json", &pages); err != nil {
		return nil, err
	}
	model.Pages = pages.Pagination
	return &model, nil
}

func readJSON(w *wheel, name string, into any) error {
	file, err := w.Open(name)
	if err != nil {
		return fmt.Errorf("model file: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	var r io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("model file %s: %w", name, err)
		}
	}
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("model file %s: %w", name, err)
	}
	return nil
}

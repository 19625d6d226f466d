package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
)

type getObjectAttributesOutput struct {
	XMLName      xml.Name            `xml:"http://s3.amazonaws.com/doc/2006-03-01/ GetObjectAttributesResponse"`
	ETag         string              `xml:",omitempty"`
	Checksum     *attributesChecksum `xml:",omitempty"`
	ObjectParts  *attributesParts    `xml:",omitempty"`
	StorageClass string              `xml:",omitempty"`
	ObjectSize   *int64              `xml:",omitempty"`
}

type attributesChecksum struct {
	checksums
	ChecksumType string `xml:",omitempty"`
}

type attributesParts struct {
	PartsCount           int
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Parts                []attributesPart `xml:"Part"`
}

type attributesPart struct {
	PartNumber int
	Size       int64
	checksums
}

var attributeNames = []string{"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}

func (s *Service) getAttributes(ctx context.Context, w http.ResponseWriter, q *request) error {
	names := q.attributeNames()
	if len(names) == 0 {
		return invalidRequest("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	for _, n := range names {
		if !slices.Contains(attributeNames, n) {
			return invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", n)
		}
	}
	o, err := s.open(ctx, q)
	if err != nil {
		return err
	}
	defer o.Close() //nolint:errcheck // read only
	out, err := q.attributes(o.Info, names)
	if err != nil {
		return err
	}
	w.Header().Set("Last-Modified", httpDate(o.Info.Millis))
	q.versionHeader(w, o.Info)
	return writeXML(w, out)
}

func (q *request) attributeNames() []string {
	var names []string
	for _, line := range q.r.Header.Values("X-Amz-Object-Attributes") {
		for one := range strings.SplitSeq(line, ",") {
			if one = strings.TrimSpace(one); one != "" {
				names = append(names, one)
			}
		}
	}
	return names
}

func (q *request) attributes(i *blob.Info, names []string) (*getObjectAttributesOutput, error) {
	out := &getObjectAttributesOutput{}
	for _, n := range names {
		switch n {
		case "ETag":
			out.ETag = i.ETag
		case "StorageClass":
			out.StorageClass = "STANDARD"
		case "ObjectSize":
			out.ObjectSize = &i.Size
		case "Checksum":
			if i.Checksum.Value != "" {
				out.Checksum = &attributesChecksum{checksumElements(i.Checksum.Algorithm, i.Checksum.Value), i.Checksum.Type}
			}
		case "ObjectParts":
			parts, err := q.attributeParts(i)
			if err != nil {
				return nil, err
			}
			out.ObjectParts = parts
		}
	}
	return out, nil
}

func (q *request) attributeParts(i *blob.Info) (*attributesParts, error) {
	if len(i.Parts) == 0 {
		return nil, nil //nolint:nilnil // an object that was uploaded in one piece has no parts
	}
	limit, err1 := headerNumber(q.header("X-Amz-Max-Parts"), maxKeys)
	marker, err2 := headerNumber(q.header("X-Amz-Part-Number-Marker"), 0)
	if err1 != nil || err2 != nil {
		return nil, invalidArgument("Provided number is not an integer or not within integer range", "", "")
	}
	out := &attributesParts{PartsCount: len(i.Parts), PartNumberMarker: marker, MaxParts: min(limit, maxKeys)}
	for _, p := range i.Parts {
		if p.Number <= marker {
			continue
		}
		if len(out.Parts) == out.MaxParts {
			out.IsTruncated = true
			break
		}
		out.NextPartNumberMarker = p.Number
		out.Parts = append(out.Parts, attributesPart{p.Number, p.Size, checksumElements(i.Checksum.Algorithm, p.Checksum)})
	}
	return out, nil
}

func headerNumber(text string, absent int) (int, error) {
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return n, err
}

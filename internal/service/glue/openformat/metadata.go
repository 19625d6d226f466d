package openformat

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// metadata is a metadata file. What is not named here (snapshots, references,
// statistics) is kept as it is.
type metadata struct {
	FormatVersion      int               `json:"format-version"`
	TableUUID          string            `json:"table-uuid,omitzero"`
	Location           string            `json:"location"`
	LastUpdatedMS      int64             `json:"last-updated-ms"`
	LastColumnID       int               `json:"last-column-id"`
	Schema             *schema           `json:"schema,omitzero"` // version 1: the current one
	Schemas            []schema          `json:"schemas,omitzero"`
	CurrentSchemaID    int               `json:"current-schema-id"`
	PartitionSpec      []partitionField  `json:"partition-spec,omitzero"` // version 1: the default one
	PartitionSpecs     []spec            `json:"partition-specs,omitzero"`
	DefaultSpecID      int               `json:"default-spec-id"`
	LastPartitionID    *int              `json:"last-partition-id,omitzero"`
	Properties         map[string]string `json:"properties,omitzero"`
	SortOrders         []order           `json:"sort-orders,omitzero"`
	DefaultSortOrderID int               `json:"default-sort-order-id"`
	MetadataLog        []logEntry        `json:"metadata-log,omitzero"`
	Rest               jsontext.Value    `json:",embed"`
}

// logEntry is a metadata file of before.
type logEntry struct {
	File        string `json:"metadata-file"`
	TimestampMS int64  `json:"timestamp-ms"`
}

// fresh is the metadata of a table without schema and rows. Their members
// beside those above are what Iceberg's own writers put in.
func fresh(version int, uuid string, now int64) *metadata {
	rest := `{"current-snapshot-id":-1,"refs":{},"snapshots":[],"statistics":[],"partition-statistics":[],"snapshot-log":[]`
	switch version {
	case 2:
		rest += `,"last-sequence-number":0`
	case 3:
		rest = `{"current-snapshot-id":null` + rest[len(`{"current-snapshot-id":-1`):] + `,"last-sequence-number":0,"next-row-id":0`
	}
	return &metadata{
		FormatVersion: version, TableUUID: uuid, LastUpdatedMS: now, Properties: map[string]string{}, MetadataLog: []logEntry{},
		LastPartitionID: new(firstPartitionID - 1), Rest: jsontext.Value(rest + "}"),
	}
}

// parse reads a metadata file, compressed or not.
func parse(location string, raw []byte) (*metadata, error) {
	broken := func(err error) error { return terms.Invalid("Invalid Iceberg metadata at %s: %s", location, err) }
	if isGzip(raw) {
		var err error
		if raw, err = unzip(raw); err != nil {
			return nil, broken(err)
		}
		if len(raw) > maxMetadata {
			return nil, tooLarge(location)
		}
	}
	m := &metadata{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, broken(err)
	}
	if err := m.complete(); err != nil {
		return nil, broken(err)
	}
	return m, nil
}

// unzip decompresses, at most one byte more than a metadata file may have.
func unzip(raw []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxMetadata+1))
}

// complete fills what files of version 1 may leave out, and checks that what
// the file refers to is in it.
func (m *metadata) complete() error {
	if m.FormatVersion < 1 || m.FormatVersion > 3 {
		return fmt.Errorf("format version %d is not supported", m.FormatVersion)
	}
	if m.Schemas == nil && m.Schema != nil {
		m.Schemas, m.CurrentSchemaID = []schema{*m.Schema}, m.Schema.ID
	}
	if m.PartitionSpecs == nil && m.PartitionSpec != nil {
		m.PartitionSpecs, m.DefaultSpecID = []spec{{Fields: m.PartitionSpec}}, 0
	}
	if m.SortOrders == nil {
		m.SortOrders, m.DefaultSortOrderID = []order{{Fields: []sortField{}}}, 0
	}
	if m.LastPartitionID == nil {
		m.LastPartitionID = new(highestPartitionID(m.PartitionSpecs))
	}
	for i := range m.Schemas {
		if !soundFields(m.Schemas[i].Fields, 0) {
			return fmt.Errorf("schema %d lacks a type, or nests too deep", m.Schemas[i].ID)
		}
	}
	switch {
	case m.schema(m.CurrentSchemaID) == nil:
		return fmt.Errorf("schema %d is missing", m.CurrentSchemaID)
	case m.spec(m.DefaultSpecID) == nil:
		return fmt.Errorf("partition spec %d is missing", m.DefaultSpecID)
	case m.order(m.DefaultSortOrderID) == nil:
		return fmt.Errorf("sort order %d is missing", m.DefaultSortOrderID)
	}
	return nil
}

// bytes is the file. Version 1 repeats the current schema and spec where its
// first readers look for them.
func (m *metadata) bytes() ([]byte, error) {
	m.Schema, m.PartitionSpec = nil, nil
	if m.FormatVersion == 1 {
		m.Schema, m.PartitionSpec = m.schema(m.CurrentSchemaID), m.spec(m.DefaultSpecID).Fields
	}
	return json.Marshal(m, json.Deterministic(true))
}

// succeed notes the file of before: the metadata are the next ones now. Time
// does not go back.
func (m *metadata) succeed(file string, now int64) {
	const mostKept = 100
	m.MetadataLog = append(m.MetadataLog, logEntry{File: file, TimestampMS: m.LastUpdatedMS})
	keep, err := strconv.Atoi(m.Properties["write.metadata.previous-versions-max"])
	if err != nil || keep < 1 {
		keep = mostKept
	}
	if over := len(m.MetadataLog) - keep; over > 0 {
		m.MetadataLog = m.MetadataLog[over:]
	}
	m.LastUpdatedMS = max(m.LastUpdatedMS, now)
}

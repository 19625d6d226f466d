package crawler

import (
	"maps"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/format"
)

// Table is a table that a crawl found. Field names are those of the Glue API, so that a conversion is a copy.
type Table struct {
	Name              string
	Owner             string
	TableType         string
	StorageDescriptor StorageDescriptor
	PartitionKeys     []Column
	Parameters        map[string]string
	Partitions        []Partition // in the order of their locations
}

// Partition is one partition of a table. Its columns may be the same slice as those of its table: read, do not change.
type Partition struct {
	Values            []string
	StorageDescriptor StorageDescriptor
	Parameters        map[string]string
}

// StorageDescriptor says where the data are and how to read them.
type StorageDescriptor struct {
	Columns         []Column
	Location        string
	InputFormat     string
	OutputFormat    string
	Compressed      bool
	NumberOfBuckets int32
	SerdeInfo       SerDeInfo
	Parameters      map[string]string
}

// SerDeInfo names the reader of rows.
type SerDeInfo struct {
	SerializationLibrary string
	Parameters           map[string]string
}

// Keys of table parameters that a crawler writes.
const (
	ParamClassification = "classification"
	ParamCompression    = "compressionType"
	ParamTypeOfData     = "typeOfData"
	ParamObjectCount    = "objectCount"
	ParamRecordCount    = "recordCount"
	ParamSize           = "sizeKey"
	ParamAverageRecord  = "averageRecordSize"
	ParamUpdatedBy      = "UPDATED_BY_CRAWLER"
	ParamDeprecatedBy   = "DEPRECATED_BY_CRAWLER"
	ParamExclusions     = "exclusions"
	ParamSerializer     = "CrawlerSchemaSerializerVersion"
	ParamDeserializer   = "CrawlerSchemaDeserializerVersion"
	ParamDelimiter      = "delimiter"
	ParamSkipHeader     = "skip.header.line.count"
	ParamQuoted         = "areColumnsQuoted"
	ParamOrdered        = "columnsOrdered"
	ParamJSONPath       = "jsonPath"
	ParamMultiLine      = "multiLine"
	ParamPartitionIndex = "partition_filtering.enabled"
)

const (
	textInput  = "org.apache.hadoop.mapred.TextInputFormat"
	textOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
	parInput   = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
	parOutput  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

	lazySimple = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
	openCSV    = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
	openxJSON  = "org.openx.data.jsonserde.JsonSerDe"
	parSerDe   = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
)

// describe builds the descriptor of columns stored as k at a location.
func (k kind) describe(columns []Column, location string, params map[string]string) StorageDescriptor {
	sd := StorageDescriptor{
		Columns: columns, Location: location, InputFormat: textInput, OutputFormat: textOutput,
		Compressed: k.compression != format.None, NumberOfBuckets: -1, Parameters: maps.Clone(params),
	}
	switch k.classification {
	case format.Parquet:
		sd.InputFormat, sd.OutputFormat = parInput, parOutput
		sd.SerdeInfo = SerDeInfo{parSerDe, map[string]string{"serialization.format": "1"}}
	case format.JSON:
		sd.SerdeInfo = SerDeInfo{openxJSON, map[string]string{"paths": strings.Join(columnNames(columns), ",")}}
	case format.CSV:
		sd.SerdeInfo = k.csvSerDe()
	}
	return sd
}

// csvSerDe is LazySimpleSerDe as with Glue, unless data fields are quoted: that SerDe returns the quotes as part of the value and splits at
// delimiters inside them, so SQL would read other rows than the file holds. OpenCSVSerde reads them. escapeChar is written only where the data
// escape with it; without it quotes within quotes are doubled, which OpenCSVSerde understands with any escape character. Where `\` is an ordinary
// character of the data, the escape character must be another than that default: one that text does not hold.
func (k kind) csvSerDe() SerDeInfo {
	if !k.quoted {
		return SerDeInfo{lazySimple, map[string]string{"field.delim": k.delimiter}}
	}
	params := map[string]string{"separatorChar": k.delimiter, "quoteChar": `"`}
	switch {
	case k.escape == `\`:
		params["escapeChar"] = k.escape
	case k.backslash:
		params["escapeChar"] = "\x02"
	}
	return SerDeInfo{openCSV, params}
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// parameters are what a crawler writes on a table and its partitions.
func (k kind) parameters(crawler string, t tally) map[string]string {
	p := map[string]string{
		ParamClassification: k.classification,
		ParamCompression:    k.compression,
		ParamTypeOfData:     "file",
		ParamObjectCount:    strconv.FormatInt(t.objects, 10),
		ParamRecordCount:    strconv.FormatInt(t.records(), 10),
		ParamSize:           strconv.FormatInt(t.size, 10),
		ParamAverageRecord:  strconv.FormatInt(t.averageRecord(), 10),
		ParamUpdatedBy:      crawler,
		ParamSerializer:     "1.0",
		ParamDeserializer:   "1.0",
	}
	switch {
	case k.classification == format.CSV:
		p[ParamDelimiter], p[ParamOrdered], p[ParamQuoted] = k.delimiter, "true", strconv.FormatBool(k.quoted)
		if k.header {
			p[ParamSkipHeader] = "1"
		}
	case k.layout == format.Array:
		p[ParamJSONPath] = "$[*]"
	case k.layout == format.Documents:
		p[ParamMultiLine] = "true"
	}
	return p
}

// tally counts the objects of a table or partition.
type tally struct {
	objects int64
	size    int64 // bytes stored, of all objects

	sampledSize    int64 // bytes stored, of the objects that were inspected
	sampledRecords int64
	sampledBytes   int64 // records times their average size, decompressed
}

func (t *tally) add(o Object) {
	t.objects++
	t.size += o.Size
	if o.Result != nil {
		t.sampledSize += o.Size
		t.sampledRecords += o.Result.RecordCount
		t.sampledBytes += o.Result.RecordCount * o.Result.AverageRecordSize
	}
}

func (t *tally) merge(o tally) {
	t.objects += o.objects
	t.size += o.size
	t.sampledSize += o.sampledSize
	t.sampledRecords += o.sampledRecords
	t.sampledBytes += o.sampledBytes
}

// records is the count of the inspected objects, extended to the others by size.
func (t tally) records() int64 {
	if t.sampledSize == 0 || t.sampledSize == t.size {
		return t.sampledRecords
	}
	return int64(float64(t.sampledRecords) * float64(t.size) / float64(t.sampledSize))
}

func (t tally) averageRecord() int64 {
	if t.sampledRecords == 0 {
		return 0
	}
	return t.sampledBytes / t.sampledRecords
}

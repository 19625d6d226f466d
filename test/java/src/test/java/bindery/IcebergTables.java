package bindery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.aws.AwsProperties;
import org.apache.iceberg.aws.glue.GlueCatalog;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;

/** Iceberg's own GlueCatalog as StarRocks loads it, and tables of one shape with rows in Parquet. */
final class IcebergTables {
    static final Schema SCHEMA = new Schema(
            Types.NestedField.required(1, "id", Types.LongType.get()),
            Types.NestedField.optional(2, "region", Types.StringType.get(), "where it was sold"),
            Types.NestedField.optional(3, "price", Types.DecimalType.of(10, 2)));
    static final PartitionSpec BY_REGION = PartitionSpec.builderFor(SCHEMA).identity("region").build();

    private IcebergTables() {}

    /** The catalog that a statement creates. */
    static GlueCatalog catalog(Map<String, String> properties) {
        return (GlueCatalog) CatalogUtil.loadCatalog(GlueCatalog.class.getName(), "lake", properties(properties), null);
    }

    /** What StarRocks adds to the properties of a statement: its way to clients, and no check of names. */
    static Map<String, String> properties(Map<String, String> statement) {
        Map<String, String> all = new HashMap<>(statement);
        all.put(AwsProperties.CLIENT_FACTORY, Cloud.class.getName());
        all.put(CatalogProperties.FILE_IO_IMPL, "org.apache.iceberg.aws.s3.S3FileIO");
        all.put(AwsProperties.GLUE_CATALOG_SKIP_NAME_VALIDATION, "true");
        return all;
    }

    /** Writes rows with ids first to first+count-1 of one region into a new file. It is not yet of the table. */
    static DataFile file(Table table, String region, long first, int count) {
        List<Record> rows = IntStream.range(0, count).mapToObj(i -> row(first + i, region)).toList();
        String name = "%s-%d-%d.parquet".formatted(region, first, System.nanoTime());
        var out = table.io().newOutputFile(table.locationProvider().newDataLocation(name));
        try {
            DataWriter<Record> writer = Parquet.writeData(out).schema(table.schema()).withSpec(table.spec())
                    .withPartition(partition(table, rows.get(0))).createWriterFunc((schema, type) -> GenericParquetWriter.create(schema, type)).overwrite().build();
            try (writer) {
                writer.write(rows);
            }
            return writer.toDataFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PartitionKey partition(Table table, Record row) {
        if (table.spec().isUnpartitioned()) {
            return null;
        }
        PartitionKey key = new PartitionKey(table.spec(), table.schema());
        key.partition(row);
        return key;
    }

    private static Record row(long id, String region) {
        Record row = GenericRecord.create(SCHEMA);
        row.setField("id", id);
        row.setField("region", region);
        row.setField("price", BigDecimal.valueOf(id * 100, 2));
        return row;
    }

    static void append(Table table, String region, long first, int count) {
        table.newAppend().appendFile(file(table, region, first, count)).commit();
    }

    /** The ids of all rows, in order. */
    static List<Long> ids(Table table) {
        List<Long> ids = new ArrayList<>();
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).select("id").build()) {
            rows.forEach(r -> ids.add((Long) r.getField("id")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ids.stream().sorted().toList();
    }
}

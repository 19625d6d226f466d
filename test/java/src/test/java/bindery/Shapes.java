package bindery;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import software.amazon.awssdk.services.glue.model.Column;
import software.amazon.awssdk.services.glue.model.DatabaseInput;
import software.amazon.awssdk.services.glue.model.Order;
import software.amazon.awssdk.services.glue.model.SerDeInfo;
import software.amazon.awssdk.services.glue.model.SkewedInfo;
import software.amazon.awssdk.services.glue.model.StorageDescriptor;
import software.amazon.awssdk.services.glue.model.TableInput;

/** Databases and tables as Hive and StarRocks describe them. */
final class Shapes {
    private Shapes() {}

    static DatabaseInput database(String name, String location) {
        return DatabaseInput.builder().name(name).description("made by a test").locationUri(location)
                .parameters(Map.of("owner", "hive")).build();
    }

    static Column column(String name, String type) {
        return Column.builder().name(name).type(type).comment("about " + name).build();
    }

    static StorageDescriptor parquet(String location, Column... columns) {
        return StorageDescriptor.builder().location(location).columns(columns)
                .inputFormat("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat")
                .outputFormat("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat")
                .serdeInfo(SerDeInfo.builder().serializationLibrary("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
                        .parameters(Map.of("serialization.format", "1")).build())
                .compressed(false).numberOfBuckets(-1).storedAsSubDirectories(false).build();
    }

    /** An external table of sales, with keys of a string, an integer and a date. */
    static TableInput sales(String name, String location) {
        return TableInput.builder().name(name).owner("hive").tableType("EXTERNAL_TABLE").retention(0)
                .parameters(Map.of("EXTERNAL", "TRUE", "transient_lastDdlTime", "1700000000"))
                .storageDescriptor(parquet(location, column("id", "bigint"), column("price", "decimal(10,2)")))
                .partitionKeys(column("region", "string"), column("hour", "int"), column("day", "date")).build();
    }

    /** A table that uses every member that Hive stores. */
    static TableInput everything(String name, String location) {
        StorageDescriptor storage = parquet(location, column("id", "bigint"), column("tags", "array<struct<k:string,v:int>>")).copy(s -> s
                .compressed(true).numberOfBuckets(4).bucketColumns("id")
                .sortColumns(Order.builder().column("id").sortOrder(1).build())
                .skewedInfo(SkewedInfo.builder().skewedColumnNames("id").skewedColumnValues("7")
                        .skewedColumnValueLocationMaps(Map.of("7", location + "/id=7")).build())
                .parameters(Map.of("a", "b")).storedAsSubDirectories(true));
        return TableInput.builder().name(name).owner("hive").description("all of it").tableType("MANAGED_TABLE").retention(3)
                .viewOriginalText("select 1").viewExpandedText("select `1`")
                .parameters(Map.of("transient_lastDdlTime", "1700000000", "spark.sql.sources.provider", "delta",
                        "projection.enabled", "true", "projection.day.range", "2024-01-01,NOW", "storage.location.template", location + "/${day}"))
                .storageDescriptor(storage).partitionKeys(column("day", "date")).build();
    }

    /** Values of n partitions of sales: 24 hours a day, two regions. */
    static List<List<String>> values(int n) {
        List<List<String>> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String day = "2024-%02d-%02d".formatted(1 + i / 48 / 28 % 12, 1 + i / 48 % 28);
            all.add(List.of(i % 2 == 0 ? "eu" : "us", String.valueOf(i / 2 % 24), day));
        }
        return all;
    }
}

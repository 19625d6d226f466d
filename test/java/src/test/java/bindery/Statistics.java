package bindery;

import java.time.Instant;
import java.util.List;

import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.glue.model.ColumnStatistics;
import software.amazon.awssdk.services.glue.model.ColumnStatisticsData;
import software.amazon.awssdk.services.glue.model.ColumnStatisticsError;
import software.amazon.awssdk.services.glue.model.ColumnStatisticsType;

/** The calls of a Hive metastore for column statistics: read 100 columns a request, written 25, all requests at once. */
record Statistics(Metastore hive, String database, String table) {
    static final int READ_AT_ONCE = 100;
    static final int WRITTEN_AT_ONCE = 25;

    List<ColumnStatistics> ofTable(List<String> columns) {
        return hive.inParallel(Metastore.batches(columns, READ_AT_ONCE), some -> hive.glue.getColumnStatisticsForTable(r -> r
                .databaseName(database).tableName(table).columnNames(some)).columnStatisticsList()).stream().flatMap(List::stream).toList();
    }

    List<ColumnStatisticsError> update(List<ColumnStatistics> statistics) {
        return hive.inParallel(Metastore.batches(statistics, WRITTEN_AT_ONCE), some -> hive.glue.updateColumnStatisticsForTable(r -> r
                .databaseName(database).tableName(table).columnStatisticsList(some)).errors()).stream().flatMap(List::stream).toList();
    }

    void delete(String column) {
        hive.glue.deleteColumnStatisticsForTable(r -> r.databaseName(database).tableName(table).columnName(column));
    }

    List<ColumnStatistics> ofPartition(List<String> values, List<String> columns) {
        return hive.inParallel(Metastore.batches(columns, READ_AT_ONCE), some -> hive.glue.getColumnStatisticsForPartition(r -> r
                .databaseName(database).tableName(table).partitionValues(values).columnNames(some)).columnStatisticsList()).stream().flatMap(List::stream).toList();
    }

    List<ColumnStatisticsError> update(List<String> values, List<ColumnStatistics> statistics) {
        return hive.inParallel(Metastore.batches(statistics, WRITTEN_AT_ONCE), some -> hive.glue.updateColumnStatisticsForPartition(r -> r
                .databaseName(database).tableName(table).partitionValues(values).columnStatisticsList(some)).errors()).stream().flatMap(List::stream).toList();
    }

    void delete(List<String> values, String column) {
        hive.glue.deleteColumnStatisticsForPartition(r -> r.databaseName(database).tableName(table).partitionValues(values).columnName(column));
    }

    // Shapes: one kind of statistics for each kind of type

    static ColumnStatistics of(String column, String type, ColumnStatisticsData data) {
        return ColumnStatistics.builder().columnName(column).columnType(type).analyzedTime(Instant.ofEpochSecond(1_700_000_000)).statisticsData(data).build();
    }

    static ColumnStatistics longs(String column, long max) {
        return of(column, "bigint", ColumnStatisticsData.builder().type(ColumnStatisticsType.LONG)
                .longColumnStatisticsData(d -> d.minimumValue(-1L).maximumValue(max).numberOfNulls(2L).numberOfDistinctValues(9L)).build());
    }

    static List<ColumnStatistics> everyKind() {
        return List.of(longs("a_long", Long.MAX_VALUE),
                of("a_double", "double", ColumnStatisticsData.builder().type(ColumnStatisticsType.DOUBLE)
                        .doubleColumnStatisticsData(d -> d.minimumValue(-0.5).maximumValue(1e300).numberOfNulls(0L).numberOfDistinctValues(3L)).build()),
                of("a_boolean", "boolean", ColumnStatisticsData.builder().type(ColumnStatisticsType.BOOLEAN)
                        .booleanColumnStatisticsData(d -> d.numberOfTrues(3L).numberOfFalses(4L).numberOfNulls(5L)).build()),
                of("a_string", "string", ColumnStatisticsData.builder().type(ColumnStatisticsType.STRING)
                        .stringColumnStatisticsData(d -> d.averageLength(2.5).maximumLength(7L).numberOfNulls(0L).numberOfDistinctValues(6L)).build()),
                of("a_binary", "binary", ColumnStatisticsData.builder().type(ColumnStatisticsType.BINARY)
                        .binaryColumnStatisticsData(d -> d.averageLength(2.0).maximumLength(3L).numberOfNulls(1L)).build()),
                of("a_date", "date", ColumnStatisticsData.builder().type(ColumnStatisticsType.DATE)
                        .dateColumnStatisticsData(d -> d.minimumValue(Instant.ofEpochSecond(0)).maximumValue(Instant.ofEpochSecond(86_400L * 365)).numberOfNulls(1L).numberOfDistinctValues(2L)).build()),
                of("a_decimal", "decimal(10,2)", ColumnStatisticsData.builder().type(ColumnStatisticsType.DECIMAL)
                        .decimalColumnStatisticsData(d -> d.minimumValue(n -> n.scale(2).unscaledValue(SdkBytes.fromByteArray(new byte[] {-1})))
                                .maximumValue(n -> n.scale(2).unscaledValue(SdkBytes.fromByteArray(new byte[] {39, 16}))).numberOfNulls(0L).numberOfDistinctValues(5L)).build()));
    }
}

package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.glue.model.Column;
import software.amazon.awssdk.services.glue.model.ColumnStatistics;
import software.amazon.awssdk.services.glue.model.EntityNotFoundException;
import software.amazon.awssdk.services.glue.model.GlueException;
import software.amazon.awssdk.services.glue.model.TableInput;

/** Column statistics as a Hive metastore keeps them, and as StarRocks reads them under its policies. */
@ExtendWith(Server.Shared.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HiveStatisticsTest {
    private static final int WIDE = 230;
    private static final List<String> EU = List.of("eu", "1", "2024-01-01");
    private static final List<String> US = List.of("us", "1", "2024-01-01");

    private final Server server;
    private final Metastore hive;
    private final Statistics statistics;

    HiveStatisticsTest(Server server) {
        this.server = server;
        hive = new Metastore(server.admin.glue());
        statistics = new Statistics(hive, "measured", "wide");
    }

    @BeforeAll
    void fill() {
        hive.createDatabase(Shapes.database("measured", null));
        hive.createTable("measured", wide());
        var table = hive.table("measured", "wide");
        hive.addPartitions("measured", "wide", List.of(Metastore.append(table, EU), Metastore.append(table, US)), false);
    }

    @AfterAll
    void close() {
        hive.close();
    }

    /** A column for each kind of statistics, and many more. */
    private static TableInput wide() {
        List<Column> columns = new ArrayList<>();
        Statistics.everyKind().forEach(s -> columns.add(Shapes.column(s.columnName(), s.columnType())));
        many().forEach(name -> columns.add(Shapes.column(name, "bigint")));
        TableInput sales = Shapes.sales("wide", "s3://measured/wide");
        return sales.toBuilder().storageDescriptor(sales.storageDescriptor().copy(s -> s.columns(columns))).build();
    }

    private static List<String> many() {
        return IntStream.range(0, WIDE).mapToObj("c%03d"::formatted).toList();
    }

    private static List<String> names(List<ColumnStatistics> statistics) {
        return statistics.stream().map(ColumnStatistics::columnName).toList();
    }

    @Test
    void everyKindComesBackAsItWasSent() {
        List<ColumnStatistics> sent = Statistics.everyKind();
        assertEquals(List.of(), statistics.update(sent));
        assertEquals(new HashSet<>(sent), new HashSet<>(statistics.ofTable(names(sent))));
    }

    @Test
    void everyKindComesBackOfAPartition() {
        List<ColumnStatistics> sent = Statistics.everyKind();
        assertEquals(List.of(), statistics.update(EU, sent));
        assertEquals(new HashSet<>(sent), new HashSet<>(statistics.ofPartition(EU, names(sent))));
        assertEquals(List.of(), statistics.ofPartition(US, names(sent)));
    }

    @Test
    void wideTablesAreWrittenAndReadInBatches() {
        List<ColumnStatistics> sent = many().stream().map(name -> Statistics.longs(name, 7)).toList();
        assertEquals(List.of(), statistics.update(sent));
        assertEquals(WIDE, new HashSet<>(statistics.ofTable(many())).size());
        assertEquals(List.of(), statistics.update(US, sent));
        assertEquals(new HashSet<>(sent), new HashSet<>(statistics.ofPartition(US, many())));
    }

    @Test
    void writingAgainReplaces() {
        statistics.update(List.of(Statistics.longs("a_long", 5)));
        statistics.update(List.of(Statistics.longs("a_long", 6)));
        assertEquals(List.of(Statistics.longs("a_long", 6)), statistics.ofTable(List.of("a_long")));
    }

    @Test
    void deletedStatisticsAreGone() {
        statistics.update(List.of(Statistics.longs("c000", 5)));
        statistics.delete("c000");
        assertEquals(List.of(), statistics.ofTable(List.of("c000")));
        statistics.update(EU, List.of(Statistics.longs("c000", 5)));
        statistics.delete(EU, "c000");
        assertEquals(List.of(), statistics.ofPartition(EU, List.of("c000")));
        assertThrows(EntityNotFoundException.class, () -> statistics.ofPartition(List.of("moon", "1", "2024-01-01"), List.of("a_long")));
        assertThrows(EntityNotFoundException.class, () -> new Statistics(hive, "measured", "absent").ofTable(List.of("a_long")));
    }

    @Test
    void biggerBatchesAreRefused() {
        List<String> tooMany = IntStream.rangeClosed(0, Statistics.READ_AT_ONCE).mapToObj("c%03d"::formatted).toList();
        assertThrows(GlueException.class, () -> hive.glue.getColumnStatisticsForTable(r -> r.databaseName("measured").tableName("wide").columnNames(tooMany)));
        List<ColumnStatistics> tooMuch = tooMany.stream().limit(Statistics.WRITTEN_AT_ONCE + 1).map(n -> Statistics.longs(n, 1)).toList();
        assertThrows(GlueException.class, () -> hive.glue.updateColumnStatisticsForTable(r -> r.databaseName("measured").tableName("wide").columnStatisticsList(tooMuch)));
    }

    /** The documented policies list GetTable and GetPartition, which is the permission that Glue's own documentation asks for these reads. */
    @ParameterizedTest
    @EnumSource
    void starRocksReadsAndWritesThemUnderItsPolicies(Way way) {
        StarRocks who = StarRocks.documented(server, way, "measured", "glue", "read-write");
        try (Metastore theirs = new Metastore(who.cloud().glue())) {
            Statistics of = new Statistics(theirs, "measured", "wide");
            assertTrue(of.update(List.of(Statistics.longs("c001", 1))).isEmpty());
            assertEquals(List.of(Statistics.longs("c001", 1)), of.ofTable(List.of("c001")));
            assertTrue(of.update(EU, List.of(Statistics.longs("c001", 2))).isEmpty());
            assertEquals(List.of(Statistics.longs("c001", 2)), of.ofPartition(EU, List.of("c001")));
            of.delete("c001");
            of.delete(EU, "c001");
            assertEquals(List.of(), of.ofTable(List.of("c001")));
        }
    }
}

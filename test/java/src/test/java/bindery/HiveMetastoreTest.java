package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.glue.model.AlreadyExistsException;
import software.amazon.awssdk.services.glue.model.Column;
import software.amazon.awssdk.services.glue.model.EntityNotFoundException;
import software.amazon.awssdk.services.glue.model.InvalidInputException;
import software.amazon.awssdk.services.glue.model.Partition;
import software.amazon.awssdk.services.glue.model.PartitionInput;
import software.amazon.awssdk.services.glue.model.Table;
import software.amazon.awssdk.services.glue.model.TableInput;

/** What a Hive metastore over Glue does with databases, tables and partitions, and what it reads back. */
@ExtendWith(Server.Shared.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HiveMetastoreTest {
    private static final String HOME = "s3://hive-lake/sales";
    private static final int MANY = 2350;

    private final Metastore hive;

    HiveMetastoreTest(Server server) {
        hive = new Metastore(server.admin.glue());
    }

    @BeforeAll
    void fill() {
        hive.createDatabase(Shapes.database("shop", "s3://hive-lake"));
        hive.createTable("shop", Shapes.sales("sales", HOME));
        assertEquals(MANY, hive.addPartitions("shop", "sales", inputs(Shapes.values(MANY)), false));
    }

    @AfterAll
    void close() {
        hive.close();
    }

    private List<PartitionInput> inputs(List<List<String>> values) {
        Table sales = hive.table("shop", "sales");
        return values.stream().map(v -> Metastore.append(sales, v)).toList();
    }

    private static Set<List<String>> valuesOf(List<Partition> partitions) {
        Set<List<String>> values = partitions.stream().map(Partition::values).collect(Collectors.toSet());
        assertEquals(partitions.size(), values.size(), "a partition was listed twice");
        return values;
    }

    // Databases

    @Test
    void aDatabaseLives() {
        hive.createDatabase(Shapes.database("Life", "s3://hive-lake/life"));
        assertTrue(hive.databases().contains("life"), "names are stored in lower case");
        assertThrows(AlreadyExistsException.class, () -> hive.createDatabase(Shapes.database("life", null)));
        hive.alterDatabase("LIFE", Shapes.database("life", "s3://hive-lake/moved").toBuilder().description("moved").build());
        var found = hive.database("life");
        assertEquals(List.of("moved", "s3://hive-lake/moved", Map.of("owner", "hive")),
                List.of(found.description(), found.locationUri(), found.parameters()));
        hive.createTable("life", Shapes.sales("t", HOME));
        assertThrows(IllegalStateException.class, () -> hive.dropDatabase("life", false));
        hive.dropDatabase("life", true);
        assertThrows(EntityNotFoundException.class, () -> hive.database("life"));
        assertFalse(hive.databases().contains("life"));
    }

    @Test
    void manyDatabasesAreListedPageByPage() {
        for (int i = 0; i < 120; i++) {
            hive.createDatabase(Shapes.database("many%03d".formatted(i), null));
        }
        assertEquals(120, hive.databases().stream().filter(n -> n.matches("many\\d+")).distinct().count());
    }

    // Tables

    @Test
    void everyMemberOfATableComesBack() {
        TableInput sent = Shapes.everything("Everything", "s3://hive-lake/everything-__PLACEHOLDER__").toBuilder()
                .lastAccessTime(Instant.ofEpochSecond(1_700_000_000)).lastAnalyzedTime(Instant.ofEpochSecond(1_700_000_001)).build();
        hive.createTable("shop", sent);
        Table found = hive.table("SHOP", "EVERYTHING");
        assertEquals(sent.toBuilder().name("everything").build(), Metastore.input(found));
        assertEquals("0", found.versionId());
        assertEquals("shop", found.databaseName());
        assertTrue(found.createdBy().endsWith(":user/admin"), found.createdBy());
        hive.dropTable("shop", "everything");
    }

    @Test
    void tablesAreFoundByPattern() {
        hive.createDatabase(Shapes.database("patterns", null));
        for (String name : List.of("orders", "orders_old", "people", "places")) {
            hive.createTable("patterns", Shapes.sales(name, HOME));
        }
        assertEquals(List.of("orders", "orders_old", "people", "places"), names("patterns", Metastore.ALL));
        assertEquals(List.of("orders", "orders_old", "people", "places"), names("patterns", "*"));
        assertEquals(List.of("orders", "orders_old"), names("patterns", "orders*"));
        assertEquals(List.of("orders", "people"), names("patterns", "orders|people"));
        assertEquals(List.of("people", "places"), names("patterns", "p.*"));
        assertEquals(List.of("orders"), names("patterns", "orders"));
        assertEquals(List.of(), names("patterns", "x*"));
        assertThrows(EntityNotFoundException.class, () -> hive.tables("nowhere", Metastore.ALL));
    }

    private List<String> names(String database, String pattern) {
        return hive.tables(database, pattern).stream().map(Table::name).sorted().toList();
    }

    @Test
    void alteringATableLeavesAVersionBehind() {
        hive.createTable("shop", Shapes.sales("altered", HOME));
        assertThrows(IllegalStateException.class, () -> hive.createTable("shop", Shapes.sales("altered", HOME)));
        assertThrows(AlreadyExistsException.class, () -> hive.glue.createTable(r -> r.databaseName("shop").tableInput(Shapes.sales("altered", HOME))));
        hive.alterTable("shop", Shapes.sales("altered", HOME + "/moved"));
        assertEquals("1", hive.table("shop", "altered").versionId());
        assertEquals(2, hive.glue.getTableVersions(r -> r.databaseName("shop").tableName("altered")).tableVersions().size());
        assertThrows(IllegalStateException.class, () -> hive.alterTable("shop", Shapes.sales("absent", HOME)));
        hive.dropTable("shop", "altered");
    }

    @Test
    void aNewColumnReachesEveryPartition() {
        hive.createTable("shop", Shapes.sales("cascade", HOME));
        hive.addPartitions("shop", "cascade", inputs(Shapes.values(30)), false);
        List<Column> columns = new ArrayList<>(hive.table("shop", "cascade").storageDescriptor().columns());
        columns.add(Shapes.column("note", "string"));
        TableInput wider = Shapes.sales("cascade", HOME);
        hive.alterTableCascade("shop", wider.toBuilder().storageDescriptor(wider.storageDescriptor().copy(s -> s.columns(columns))).build());
        for (Partition p : hive.partitions("shop", "cascade", null, -1)) {
            assertEquals(columns, p.storageDescriptor().columns());
        }
        hive.dropTable("shop", "cascade");
    }

    @Test
    void renamingCopiesEveryPartition() {
        hive.createTable("shop", Shapes.sales("before", HOME));
        hive.addPartitions("shop", "before", inputs(Shapes.values(250)), false);
        Set<Object> were = hive.partitions("shop", "before", null, -1).stream().map(Metastore::input).collect(Collectors.toSet());
        hive.renameTable("shop", "before", "after");
        assertFalse(hive.tableExists("shop", "before"));
        assertEquals(were, hive.partitions("shop", "after", null, -1).stream().map(Metastore::input).collect(Collectors.toSet()));
        assertThrows(IllegalStateException.class, () -> hive.renameTable("shop", "after", "sales"));
        hive.dropTable("shop", "after");
        assertThrows(EntityNotFoundException.class, () -> hive.partitions("shop", "after", null, 10));
    }

    // Partitions

    @Test
    void fiveSegmentsTogetherHoldEveryPartitionOnce() {
        assertEquals(new HashSet<>(Shapes.values(MANY)), valuesOf(hive.partitions("shop", "sales", null, -1)));
        assertEquals(new HashSet<>(Shapes.values(MANY)), valuesOf(hive.partitions("shop", "sales", "", -1)), "a blank expression is none");
    }

    @Test
    void fewPartitionsAreReadSerially() {
        assertEquals(10, valuesOf(hive.partitions("shop", "sales", null, 10)).size());
        assertEquals(1000, valuesOf(hive.partitions("shop", "sales", "", 1000)).size());
    }

    /** Filters as Hive and StarRocks write them, with the number of the 2350 that match. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "(region='eu'); 1175",
        "(region='eu') AND (hour=3); 49",
        "(region='EU'); 0",
        "((region = 'eu') and (hour = 3)); 49",
        "((region = 'us') and (day = '2024-01-02')); 24",
        "(day >= '2024-01-02' and day < '2024-01-04'); 96",
        "(hour) IN (1, 2, 3); 294",
        "(region) IN ('eu', 'us'); 2350",
        "(region) NOT IN ('eu'); 1175",
        "((hour > 20) and (region <> 'eu')); 146",
        "hour BETWEEN 1 AND 2; 196",
        "(not (region = 'eu')); 1175",
        "region like 'e%'; 1175",
    })
    void filtersOfHive(String expression, int matching) {
        List<List<String>> found = hive.partitions("shop", "sales", expression, -1).stream().map(Partition::values).toList();
        assertEquals(matching, new HashSet<>(found).size());
        assertEquals(matching, found.size());
        if (matching < Metastore.GOT_AT_ONCE) {
            assertEquals(found.size(), valuesOf(hive.partitions("shop", "sales", expression, Metastore.GOT_AT_ONCE)).size(), "one after another as in parallel");
        }
    }

    @Test
    void aFilterOfAnUnknownColumnIsRefused() {
        assertThrows(InvalidInputException.class, () -> hive.partitions("shop", "sales", "(colour='red')", -1));
        assertThrows(InvalidInputException.class, () -> hive.partitions("shop", "sales", "(hour='red')", -1));
    }

    @Test
    void existingPartitionsAreTakenForGrantedOnDemand() {
        hive.createTable("shop", Shapes.sales("again", HOME));
        assertEquals(150, hive.addPartitions("shop", "again", inputs(Shapes.values(150)), false));
        assertEquals(100, hive.addPartitions("shop", "again", inputs(Shapes.values(250)), true));
        var refused = assertThrows(AlreadyExistsException.class, () -> hive.addPartitions("shop", "again", inputs(Shapes.values(10)), false));
        assertTrue(refused.getMessage().startsWith("AlreadyExistsException: "), refused.getMessage());
        assertEquals(250, hive.partitions("shop", "again", null, -1).size());
        hive.dropTable("shop", "again");
    }

    @Test
    void partitionsAreFetchedByTheThousand() {
        List<List<String>> wanted = new ArrayList<>(Shapes.values(MANY));
        wanted.add(List.of("moon", "1", "2024-01-01"));
        assertEquals(new HashSet<>(Shapes.values(MANY)), valuesOf(hive.partitionsByValues("shop", "sales", wanted)), "what is absent is left out");
    }

    @Test
    void onePartitionLives() {
        List<String> values = List.of("it's", "7", "2030-01-01");
        hive.addPartitions("shop", "sales", inputs(List.of(values)), false);
        Partition found = hive.partition("shop", "sales", values);
        assertEquals(HOME + "/region=it's/hour=7/day=2030-01-01", found.storageDescriptor().location());
        assertEquals(List.of("shop", "sales"), List.of(found.databaseName(), found.tableName()));
        PartitionInput changed = Metastore.input(found).toBuilder().parameters(Map.of("numRows", "42", "totalSize", "1000")).build();
        hive.alterPartition("shop", "sales", changed);
        assertEquals(changed, Metastore.input(hive.partition("shop", "sales", values)));
        hive.dropPartition("shop", "sales", values);
        assertThrows(EntityNotFoundException.class, () -> hive.partition("shop", "sales", values));
    }

    /** Renaming a partition is sent as an update with other values, which Glue refuses: it stays as it was. */
    @Test
    void aPartitionKeepsItsValues() {
        List<String> from = List.of("move", "1", "2031-01-01");
        hive.addPartitions("shop", "sales", inputs(List.of(from)), false);
        PartitionInput moved = inputs(List.of(List.of("move", "2", "2031-01-01"))).get(0);
        assertThrows(InvalidInputException.class, () -> hive.glue.updatePartition(r -> r
                .databaseName("shop").tableName("sales").partitionValueList(from).partitionInput(moved)));
        assertEquals(inputs(List.of(from)).get(0), Metastore.input(hive.partition("shop", "sales", from)));
        hive.dropPartition("shop", "sales", from);
    }

    @Test
    void thePartitionOfNothingKeepsHivesName() {
        List<String> values = List.of("__HIVE_DEFAULT_PARTITION__", "0", "2032-01-01");
        hive.addPartitions("shop", "sales", inputs(List.of(values)), false);
        assertEquals(Set.of(values), valuesOf(hive.partitions("shop", "sales", "(region='__HIVE_DEFAULT_PARTITION__')", -1)));
        hive.dropPartition("shop", "sales", values);
    }

    @Test
    void anEndedListingHasNoToken() {
        assertNull(hive.glue.getPartitions(r -> r.databaseName("shop").tableName("sales").expression("(region='eu') AND (hour=3)")).nextToken());
        assertNull(hive.glue.getTables(r -> r.databaseName("shop")).nextToken());
    }
}

package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;

import org.apache.iceberg.BaseTable;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.aws.glue.GlueCatalog;
import org.apache.iceberg.aws.s3.S3FileIO;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NamespaceNotEmptyException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.services.glue.GlueClient;
import software.amazon.awssdk.services.glue.model.Column;
import software.amazon.awssdk.services.glue.model.ConcurrentModificationException;

/** Iceberg's own GlueCatalog and S3FileIO, unmodified, against the server. */
@ExtendWith(Server.Shared.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IcebergCatalogTest {
    private static final String BUCKET = "iceberg-lake";
    private static final Namespace NAMESPACE = Namespace.of("ice");

    private final Map<String, String> properties;
    private final GlueCatalog catalog;
    private final GlueClient glue;

    IcebergCatalogTest(Server server) {
        try (var s3 = server.admin.s3()) {
            s3.createBucket(r -> r.bucket(BUCKET));
        }
        glue = server.admin.glue();
        properties = StarRocks.documented(server, Way.KEYS, BUCKET, "glue", "read-write").catalog("iceberg");
        catalog = IcebergTables.catalog(properties);
        catalog.createNamespace(NAMESPACE, Map.of("location", "s3://" + BUCKET + "/ice"));
    }

    @AfterAll
    void close() throws Exception {
        catalog.close();
        glue.close();
    }

    private static TableIdentifier named(String name) {
        return TableIdentifier.of(NAMESPACE, name);
    }

    private Table create(String name, Map<String, String> more) {
        return catalog.buildTable(named(name), IcebergTables.SCHEMA).withPartitionSpec(IcebergTables.BY_REGION).withProperties(more).create();
    }

    private software.amazon.awssdk.services.glue.model.Table raw(String name) {
        return glue.getTable(r -> r.databaseName("ice").name(name)).table();
    }

    private static List<Long> upTo(long n) {
        return LongStream.range(0, n).boxed().toList();
    }

    private static String metadata(Table table) {
        return ((BaseTable) table).operations().current().metadataFileLocation();
    }

    @Test
    void aNamespaceLives() {
        Namespace name = Namespace.of("short_lived");
        catalog.createNamespace(name, Map.of("comment", "soon gone", "location", "s3://" + BUCKET + "/gone", "k", "v"));
        assertThrows(AlreadyExistsException.class, () -> catalog.createNamespace(name, Map.of()));
        assertEquals(Map.of("comment", "soon gone", "location", "s3://" + BUCKET + "/gone", "k", "v"), catalog.loadNamespaceMetadata(name));
        assertTrue(catalog.setProperties(name, Map.of("k", "w", "l", "x")));
        assertTrue(catalog.removeProperties(name, Set.of("l")));
        assertEquals("w", catalog.loadNamespaceMetadata(name).get("k"));
        assertFalse(catalog.loadNamespaceMetadata(name).containsKey("l"));
        assertTrue(catalog.listNamespaces().contains(name));
        assertTrue(catalog.dropNamespace(name));
        assertFalse(catalog.namespaceExists(name));
        assertThrows(NoSuchNamespaceException.class, () -> catalog.loadNamespaceMetadata(name));
        Refusal.refused("EntityNotFoundException", () -> catalog.listTables(name));
    }

    @Test
    void aNamespaceWithTablesStays() {
        create("holds", Map.of());
        assertThrows(NamespaceNotEmptyException.class, () -> catalog.dropNamespace(NAMESPACE));
        assertTrue(catalog.dropTable(named("holds"), true));
    }

    @Test
    void rowsComeBack() {
        Table table = create("rows", Map.of());
        assertEquals("s3://" + BUCKET + "/ice/rows", table.location());
        IcebergTables.append(table, "eu", 0, 500);
        IcebergTables.append(table, "us", 500, 500);
        Table again = catalog.loadTable(named("rows"));
        assertEquals(upTo(1000), IcebergTables.ids(again));
        assertEquals("1000", again.currentSnapshot().summary().get("total-records"));
        table.newDelete().deleteFromRowFilter(Expressions.equal("region", "us")).commit();
        again.refresh();
        assertEquals(upTo(500), IcebergTables.ids(again));
        again.manageSnapshots().rollbackTo(again.history().get(1).snapshotId()).commit();
        assertEquals(upTo(1000), IcebergTables.ids(catalog.loadTable(named("rows"))));
    }

    @Test
    void glueShowsAnIcebergTableAsAwsClientsExpectIt() {
        Table table = create("shown", Map.of());
        var before = raw("shown");
        assertEquals("EXTERNAL_TABLE", before.tableType());
        assertEquals("ICEBERG", before.parameters().get("table_type"));
        assertEquals(metadata(table), before.parameters().get("metadata_location"));
        assertEquals("0", before.versionId());
        assertEquals(List.of("id", "region", "price"), before.storageDescriptor().columns().stream().map(Column::name).toList());
        assertEquals("where it was sold", before.storageDescriptor().columns().get(1).comment());
        assertEquals(Map.of("iceberg.field.id", "1", "iceberg.field.optional", "false", "iceberg.field.current", "true"), before.storageDescriptor().columns().get(0).parameters());

        IcebergTables.append(table, "eu", 0, 1);
        var after = raw("shown");
        assertEquals(before.parameters().get("metadata_location"), after.parameters().get("previous_metadata_location"));
        assertEquals("1", after.versionId());
        var versions = glue.getTableVersions(r -> r.databaseName("ice").tableName("shown")).tableVersions();
        assertEquals(List.of("1"), versions.stream().map(v -> v.versionId()).toList(), "commits leave no archived version by default");
    }

    @Test
    void columnsEvolve() {
        Table table = catalog.createTable(named("evolves"), IcebergTables.SCHEMA);
        table.updateSchema().addColumn("note", Types.StringType.get()).renameColumn("price", "amount").deleteColumn("region").commit();
        var columns = raw("evolves").storageDescriptor().columns();
        Map<String, String> current = columns.stream().collect(Collectors.toMap(Column::name, c -> c.parameters().get("iceberg.field.current")));
        assertEquals(Map.of("id", "true", "amount", "true", "note", "true", "region", "false"), current.entrySet().stream()
                .filter(e -> !e.getKey().equals("price")).collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
        assertEquals(List.of("id", "amount", "note"), catalog.loadTable(named("evolves")).schema().columns().stream().map(Types.NestedField::name).toList());
    }

    /** Two writers start from one version: the second one's commit is refused, and its metadata file goes. */
    @Test
    void theSecondOfTwoCommitsIsRefused() {
        Table table = create("raced", Map.of());
        TableOperations first = ((BaseTable) catalog.loadTable(named("raced"))).operations();
        TableOperations second = ((BaseTable) catalog.loadTable(named("raced"))).operations();
        TableMetadata base = second.current();
        first.commit(first.current(), first.current().replaceProperties(Map.of("winner", "first")));
        long files = count(((S3FileIO) table.io()).listPrefix(table.location() + "/metadata"));
        assertThrows(CommitFailedException.class, () -> second.commit(base, base.replaceProperties(Map.of("winner", "second"))));
        assertEquals("first", catalog.loadTable(named("raced")).properties().get("winner"));
        assertEquals(files, count(((S3FileIO) table.io()).listPrefix(table.location() + "/metadata")), "the loser's file is removed");
    }

    /** The lock below that: an update names the version it replaces. */
    @Test
    void anUpdateOfAnOlderVersionIsRefused() {
        create("versioned", Map.of());
        var input = Metastore.input(raw("versioned"));
        glue.updateTable(r -> r.databaseName("ice").tableInput(input).versionId("0").skipArchive(true));
        assertThrows(ConcurrentModificationException.class, () -> glue.updateTable(r -> r.databaseName("ice").tableInput(input).versionId("0").skipArchive(true)));
        assertEquals("1", raw("versioned").versionId());
    }

    /** Many writers, each with a catalog of its own, all get in, and the table's history is one line. */
    @Test
    void concurrentCommitsAllLand() throws Exception {
        int writers = 4;
        int commits = 5;
        create("busy", Map.of("commit.retry.num-retries", "100", "commit.retry.min-wait-ms", "5", "commit.retry.max-wait-ms", "50"));
        ExecutorService pool = Executors.newFixedThreadPool(writers);
        try {
            List<Future<?>> running = IntStream.range(0, writers).<Future<?>>mapToObj(w -> pool.submit(() -> write("busy", w * 1000L, commits))).toList();
            for (Future<?> writer : running) {
                writer.get();
            }
        } finally {
            pool.shutdown();
        }
        Table table = catalog.loadTable(named("busy"));
        assertEquals(writers * commits, table.history().size());
        assertEquals(writers * commits, IcebergTables.ids(table).size());
        assertEquals(String.valueOf(writers * commits), raw("busy").versionId());
    }

    private Void write(String name, long first, int commits) throws Exception {
        try (GlueCatalog own = IcebergTables.catalog(properties)) {
            Table table = own.loadTable(named(name));
            for (int i = 0; i < commits; i++) {
                IcebergTables.append(table, i % 2 == 0 ? "eu" : "us", first + i, 1);
            }
            return null;
        }
    }

    @Test
    void aTransactionIsOneCommit() {
        Table table = create("transacted", Map.of());
        var transaction = table.newTransaction();
        transaction.updateProperties().set("owner", "me").commit();
        transaction.newAppend().appendFile(IcebergTables.file(table, "eu", 0, 2)).commit();
        assertEquals("0", raw("transacted").versionId());
        transaction.commitTransaction();
        assertEquals("1", raw("transacted").versionId());
        Table again = catalog.loadTable(named("transacted"));
        assertEquals("me", again.properties().get("owner"));
        assertEquals(upTo(2), IcebergTables.ids(again));
    }

    @Test
    void createTransactionsAndReplacements() {
        var creation = catalog.buildTable(named("staged"), IcebergTables.SCHEMA).createTransaction();
        assertFalse(catalog.tableExists(named("staged")));
        creation.newAppend().appendFile(IcebergTables.file(creation.table(), "eu", 0, 3)).commit();
        creation.commitTransaction();
        assertEquals(upTo(3), IcebergTables.ids(catalog.loadTable(named("staged"))));
        catalog.buildTable(named("staged"), IcebergTables.SCHEMA).replaceTransaction().commitTransaction();
        assertEquals(List.of(), IcebergTables.ids(catalog.loadTable(named("staged"))));
        assertThrows(AlreadyExistsException.class, () -> create("staged", Map.of()));
    }

    @Test
    void aTableMoves() {
        IcebergTables.append(create("old_name", Map.of()), "eu", 0, 3);
        create("taken", Map.of());
        Refusal.refused("AlreadyExistsException", () -> catalog.renameTable(named("old_name"), named("taken")));
        assertEquals(upTo(3), IcebergTables.ids(catalog.loadTable(named("old_name"))), "a refused move leaves the table");
        assertThrows(NoSuchNamespaceException.class, () -> catalog.renameTable(named("old_name"), TableIdentifier.of("nowhere", "x")));
        catalog.renameTable(named("old_name"), named("new_name"));
        assertFalse(catalog.tableExists(named("old_name")));
        Table moved = catalog.loadTable(named("new_name"));
        assertEquals(upTo(3), IcebergTables.ids(moved));
        IcebergTables.append(moved, "us", 3, 1);
        assertEquals(upTo(4), IcebergTables.ids(moved));
        assertThrows(NoSuchTableException.class, () -> catalog.renameTable(named("old_name"), named("x")));
    }

    @Test
    void aTableIsRegisteredFromItsMetadata() {
        Table table = create("registered", Map.of());
        IcebergTables.append(table, "eu", 0, 2);
        String location = metadata(table);
        assertTrue(catalog.dropTable(named("registered"), false));
        assertThrows(NoSuchTableException.class, () -> catalog.loadTable(named("registered")));
        assertEquals(upTo(2), IcebergTables.ids(catalog.registerTable(named("registered"), location)));
        assertThrows(AlreadyExistsException.class, () -> catalog.registerTable(named("registered"), location));
    }

    @Test
    void purgingLeavesNoFile() {
        Table table = create("purged", Map.of());
        IcebergTables.append(table, "eu", 0, 2);
        IcebergTables.append(table, "us", 2, 2);
        S3FileIO io = (S3FileIO) table.io();
        String home = table.location() + "/";
        assertNotEquals(0, count(io.listPrefix(home)));
        assertTrue(catalog.dropTable(named("purged"), true));
        assertEquals(0, count(io.listPrefix(home)));
        assertFalse(catalog.dropTable(named("purged"), true));
    }

    private static long count(Iterable<FileInfo> files) {
        return StreamSupport.stream(files.spliterator(), false).count();
    }

    @Test
    void filesByTheThousandAreListedAndDeleted() {
        S3FileIO io = (S3FileIO) create("files", Map.of()).io();
        String home = "s3://" + BUCKET + "/loose/";
        List<String> paths = IntStream.range(0, 1100).mapToObj(i -> home + "f" + i).toList();
        paths.parallelStream().forEach(path -> touch(io, path));
        assertEquals(1100, count(io.listPrefix(home)));
        io.deleteFiles(paths.subList(0, 1050));
        assertEquals(50, count(io.listPrefix(home)));
        io.deletePrefix(home);
        assertEquals(0, count(io.listPrefix(home)));
        assertFalse(io.newInputFile(paths.get(0)).exists());
    }

    private static void touch(S3FileIO io, String path) {
        try (var out = io.newOutputFile(path).createOrOverwrite()) {
            out.write(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aDataFileOfSeveralPartsIsReadInRanges() {
        Table table = create("large", Map.of("write.parquet.compression-codec", "uncompressed"));
        DataFile file = IcebergTables.file(table, "eu", 0, 400_000);
        table.newAppend().appendFile(file).commit();
        assertEquals(400_000, IcebergTables.ids(catalog.loadTable(named("large"))).size());
    }

    @Test
    void tablesOfOtherKindsAreNotItsOwn() {
        glue.createTable(r -> r.databaseName("ice").tableInput(Shapes.sales("hive_one", "s3://" + BUCKET + "/hive")));
        assertFalse(catalog.listTables(NAMESPACE).contains(named("hive_one")));
        assertThrows(NoSuchTableException.class, () -> catalog.loadTable(named("hive_one")));
        assertFalse(catalog.tableExists(named("hive_one")));
    }
}

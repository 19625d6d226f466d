package bindery;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;

import software.amazon.awssdk.services.glue.GlueClient;
import software.amazon.awssdk.services.glue.model.AlreadyExistsException;
import software.amazon.awssdk.services.glue.model.BatchGetPartitionResponse;
import software.amazon.awssdk.services.glue.model.Column;
import software.amazon.awssdk.services.glue.model.Database;
import software.amazon.awssdk.services.glue.model.DatabaseInput;
import software.amazon.awssdk.services.glue.model.EntityNotFoundException;
import software.amazon.awssdk.services.glue.model.GetPartitionsResponse;
import software.amazon.awssdk.services.glue.model.Partition;
import software.amazon.awssdk.services.glue.model.PartitionError;
import software.amazon.awssdk.services.glue.model.PartitionInput;
import software.amazon.awssdk.services.glue.model.PartitionValueList;
import software.amazon.awssdk.services.glue.model.Segment;
import software.amazon.awssdk.services.glue.model.StorageDescriptor;
import software.amazon.awssdk.services.glue.model.Table;
import software.amazon.awssdk.services.glue.model.TableInput;

/**
 * The sequences of calls in which a Hive metastore speaks to Glue: those of the client
 * that AWS published for Hive and Spark, and of StarRocks' fork of it. Each method is one
 * operation of the metastore; what it sends, in which order and in which batches, is what
 * those clients send.
 */
final class Metastore implements AutoCloseable {
    static final int SEGMENTS = 5;
    static final int CREATED_AT_ONCE = 100;
    static final int GOT_AT_ONCE = 1000;
    static final String ALL = ".*";

    final GlueClient glue;
    private final ExecutorService pool = Executors.newFixedThreadPool(SEGMENTS);

    Metastore(GlueClient glue) {
        this.glue = glue;
    }

    @Override
    public void close() {
        pool.shutdown();
        glue.close();
    }

    // Databases

    void createDatabase(DatabaseInput input) {
        glue.createDatabase(r -> r.databaseInput(input));
    }

    Database database(String name) {
        return glue.getDatabase(r -> r.name(name)).database();
    }

    List<String> databases() {
        List<Database> all = new ArrayList<>();
        String token = null;
        do {
            String next = token;
            var page = glue.getDatabases(r -> r.nextToken(next));
            all.addAll(page.databaseList());
            token = page.nextToken();
        } while (token != null);
        return all.stream().map(Database::name).toList();
    }

    void alterDatabase(String name, DatabaseInput input) {
        glue.updateDatabase(r -> r.name(name).databaseInput(input));
    }

    /** A database goes with its tables only on demand; that it is empty is asked first. */
    void dropDatabase(String name, boolean cascade) {
        database(name);
        if (!tables(name, ALL).isEmpty() && !cascade) {
            throw new IllegalStateException("Database " + name + " is not empty.");
        }
        glue.deleteDatabase(r -> r.name(name));
    }

    // Tables

    /** Asks for the database first, so that its absence is an error and the table's is not. */
    boolean tableExists(String database, String name) {
        database(database);
        try {
            table(database, name);
            return true;
        } catch (EntityNotFoundException e) {
            return false;
        }
    }

    void createTable(String database, TableInput input) {
        if (tableExists(database, input.name())) {
            throw new IllegalStateException("Table " + input.name() + " already exists.");
        }
        glue.createTable(r -> r.databaseName(database).tableInput(input));
    }

    Table table(String database, String name) {
        return glue.getTable(r -> r.databaseName(database).name(name)).table();
    }

    List<Table> tables(String database, String pattern) {
        List<Table> all = new ArrayList<>();
        String token = null;
        do {
            String next = token;
            var page = glue.getTables(r -> r.databaseName(database).expression(pattern).nextToken(next));
            all.addAll(page.tableList());
            token = page.nextToken();
        } while (token != null);
        return all;
    }

    void alterTable(String database, TableInput input) {
        if (!tableExists(database, input.name())) {
            throw new IllegalStateException("Table " + input.name() + " does not exist.");
        }
        glue.updateTable(r -> r.databaseName(database).tableInput(input));
    }

    /** Changes the columns of the table, and then those of each partition, in parallel. */
    void alterTableCascade(String database, TableInput input) {
        alterTable(database, input);
        List<Column> columns = input.storageDescriptor().columns();
        inParallel(partitions(database, input.name(), null, -1), p -> {
            PartitionInput changed = input(p).toBuilder().storageDescriptor(p.storageDescriptor().copy(s -> s.columns(columns))).build();
            return glue.updatePartition(r -> r.databaseName(database).tableName(input.name()).partitionValueList(p.values()).partitionInput(changed));
        });
    }

    /** Glue renames no tables: a new one, copies of all partitions, then the old one goes. A failure takes the new one back. */
    void renameTable(String database, String from, String to) {
        Table old = table(database, from);
        if (tableExists(database, to)) {
            throw new IllegalStateException("Table " + to + " already exists.");
        }
        List<Partition> partitions = partitions(database, from, null, -1);
        glue.createTable(r -> r.databaseName(database).tableInput(input(old).toBuilder().name(to).build()));
        try {
            addPartitions(database, to, partitions.stream().map(Metastore::input).toList(), false);
        } catch (RuntimeException e) {
            glue.deleteTable(r -> r.databaseName(database).name(to));
            throw e;
        }
        glue.deleteTable(r -> r.databaseName(database).name(from));
    }

    /** The partitions of a table go first, one by one. */
    void dropTable(String database, String name) {
        if (!tableExists(database, name)) {
            throw new IllegalStateException("Table " + name + " does not exist.");
        }
        table(database, name);
        partitions(database, name, null, -1).forEach(p -> dropPartition(database, name, p.values()));
        glue.deleteTable(r -> r.databaseName(database).name(name));
    }

    // Partitions

    /**
     * Creates partitions in parallel batches of 100.
     *
     * @param ifNotExists takes a partition that exists already for granted
     * @return how many are new
     */
    int addPartitions(String database, String table, List<PartitionInput> inputs, boolean ifNotExists) {
        table(database, table);
        return inParallel(batches(inputs, CREATED_AT_ONCE), batch -> {
            List<PartitionError> errors = glue.batchCreatePartition(r -> r.databaseName(database).tableName(table).partitionInputList(batch)).errors();
            for (PartitionError error : errors) {
                if (!ifNotExists || !error.errorDetail().errorCode().equals("AlreadyExistsException")) {
                    throw AlreadyExistsException.builder().message(error.errorDetail().errorCode() + ": " + error.errorDetail().errorMessage()).build();
                }
            }
            return batch.size() - errors.size();
        }).stream().mapToInt(Integer::intValue).sum();
    }

    /**
     * Partitions that match.
     *
     * @param expression null, blank, or a filter as Hive writes it
     * @param max more than 1000 or negative asks for five segments in parallel, else for one page after another
     */
    List<Partition> partitions(String database, String table, String expression, int max) {
        if (max >= 0 && max <= GOT_AT_ONCE) {
            return pages(database, table, expression, max, null);
        }
        List<Segment> segments = IntStream.range(0, SEGMENTS)
                .mapToObj(n -> Segment.builder().segmentNumber(n).totalSegments(SEGMENTS).build()).toList();
        return inParallel(segments, s -> pages(database, table, expression, max, s)).stream().flatMap(List::stream).toList();
    }

    private List<Partition> pages(String database, String table, String expression, int max, Segment segment) {
        List<Partition> all = new ArrayList<>();
        String token = null;
        do {
            String next = token;
            GetPartitionsResponse page = glue.getPartitions(r -> r.databaseName(database).tableName(table)
                    .expression(expression).nextToken(next).segment(segment));
            all.addAll(page.partitions());
            token = page.nextToken();
        } while (token != null && (max < 0 || all.size() < max));
        return max < 0 || all.size() <= max ? all : all.subList(0, max);
    }

    /** Partitions by their values, 1000 a request; those that do not exist are left out. */
    List<Partition> partitionsByValues(String database, String table, List<List<String>> values) {
        List<PartitionValueList> keys = values.stream().map(v -> PartitionValueList.builder().values(v).build()).toList();
        return inParallel(batches(keys, GOT_AT_ONCE), batch -> got(database, table, batch)).stream().flatMap(List::stream).toList();
    }

    /** Asks again for what the server left unprocessed. */
    private List<Partition> got(String database, String table, List<PartitionValueList> keys) {
        List<Partition> all = new ArrayList<>();
        List<PartitionValueList> left = keys;
        while (!left.isEmpty()) {
            List<PartitionValueList> now = left;
            BatchGetPartitionResponse page = glue.batchGetPartition(r -> r.databaseName(database).tableName(table).partitionsToGet(now));
            all.addAll(page.partitions());
            left = page.unprocessedKeys();
        }
        return all;
    }

    Partition partition(String database, String table, List<String> values) {
        return glue.getPartition(r -> r.databaseName(database).tableName(table).partitionValues(values)).partition();
    }

    void alterPartition(String database, String table, PartitionInput input) {
        glue.updatePartition(r -> r.databaseName(database).tableName(table).partitionValueList(input.values()).partitionInput(input));
    }

    void dropPartition(String database, String table, List<String> values) {
        Partition found = partition(database, table, values);
        glue.deletePartition(r -> r.databaseName(database).tableName(table).partitionValues(found.values()));
    }

    // Shapes

    /** The members of a table that its input has too; clients must leave out the others, which the service sets. */
    static TableInput input(Table t) {
        return TableInput.builder().name(t.name()).description(t.description()).owner(t.owner())
                .lastAccessTime(t.lastAccessTime()).lastAnalyzedTime(t.lastAnalyzedTime()).retention(t.retention())
                .storageDescriptor(t.storageDescriptor()).partitionKeys(t.partitionKeys())
                .viewOriginalText(t.viewOriginalText()).viewExpandedText(t.viewExpandedText())
                .tableType(t.tableType()).parameters(t.parameters()).build();
    }

    static PartitionInput input(Partition p) {
        return PartitionInput.builder().values(p.values()).lastAccessTime(p.lastAccessTime())
                .lastAnalyzedTime(p.lastAnalyzedTime()).storageDescriptor(p.storageDescriptor()).parameters(p.parameters()).build();
    }

    /** A partition below its table's location, as appending one makes it. */
    static PartitionInput append(Table table, List<String> values) {
        StringBuilder path = new StringBuilder(table.storageDescriptor().location());
        IntStream.range(0, values.size()).forEach(i -> path.append('/').append(table.partitionKeys().get(i).name()).append('=').append(values.get(i)));
        StorageDescriptor storage = table.storageDescriptor().copy(s -> s.location(path.toString()));
        return PartitionInput.builder().values(values).storageDescriptor(storage)
                .parameters(Map.of("transient_lastDdlTime", "1700000000")).build();
    }

    // Batches

    static <T> List<List<T>> batches(List<T> all, int size) {
        return IntStream.range(0, (all.size() + size - 1) / size)
                .mapToObj(i -> all.subList(i * size, Math.min(all.size(), (i + 1) * size))).toList();
    }

    /** Runs the work for each item at once, and throws what the first one that failed threw. */
    <T, R> List<R> inParallel(List<T> items, Function<T, R> work) {
        List<Future<R>> begun = items.stream().map(item -> pool.submit(() -> work.apply(item))).toList();
        List<R> results = new ArrayList<>();
        for (Future<R> future : begun) {
            try {
                results.add(future.get());
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
        return results;
    }
}

package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;
import software.amazon.awssdk.services.glue.model.Partition;
import software.amazon.awssdk.services.glue.model.PartitionInput;
import software.amazon.awssdk.services.glue.model.Table;

/** What a Hive catalog of StarRocks does: Glue by the metastore's calls, objects by Hadoop's S3A. */
final class HiveSequences {
    private final Lake lake;

    HiveSequences(Lake lake) {
        this.lake = lake;
    }

    List<Sequence> all() {
        return List.of(
                new Sequence("SHOW DATABASES, SHOW TABLES", List.of("glue:GetDatabases", "glue:GetDatabase", "glue:GetTables"), this::browse),
                new Sequence("SELECT", List.of("glue:GetDatabase", "glue:GetTable", "glue:GetPartitions", "glue:BatchGetPartition", "glue:GetPartition", "s3:ListBucket", "s3:GetObject"), this::select),
                new Sequence("CREATE and DROP DATABASE", List.of("glue:CreateDatabase", "glue:GetDatabase", "glue:UpdateDatabase", "glue:GetTables", "glue:DeleteDatabase"), this::databases),
                new Sequence("INSERT into a new table, DROP TABLE", List.of("glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "s3:PutObject",
                        "s3:DeleteObject", "glue:BatchCreatePartition", "glue:UpdatePartition", "glue:UpdateTable",
                        "glue:GetPartition", "glue:DeletePartition", "glue:GetPartitions", "glue:DeleteTable"), this::insert),
                new Sequence("ALTER TABLE RENAME", List.of("glue:GetTable", "glue:GetDatabase", "glue:GetPartitions", "glue:CreateTable", "glue:BatchCreatePartition", "glue:DeleteTable"), this::rename),
                new Sequence("single partitions", List.of("glue:CreatePartition", "glue:BatchUpdatePartition", "glue:GetTableVersions"), this::singles));
    }

    private void browse(StarRocks who, String unique) {
        try (Metastore hive = open(who)) {
            assertTrue(hive.databases().contains(Lake.DATABASE));
            assertEquals("s3://" + lake.bucket, hive.database(Lake.DATABASE).locationUri());
            assertTrue(hive.tables(Lake.DATABASE, Metastore.ALL).stream().map(Table::name).toList().contains(Lake.TABLE));
        }
    }

    /** Partition names, the wanted partitions, their files, and the bytes of one. */
    private void select(StarRocks who, String unique) throws IOException {
        try (Metastore hive = open(who); FileSystem files = files(who)) {
            assertTrue(hive.tableExists(Lake.DATABASE, Lake.TABLE));
            List<Partition> all = hive.partitions(Lake.DATABASE, Lake.TABLE, null, -1);
            assertEquals(Lake.PARTITIONS, all.size());
            assertEquals(Lake.PARTITIONS / 2, hive.partitions(Lake.DATABASE, Lake.TABLE, "(region='eu')", -1).size());
            List<List<String>> values = all.stream().map(Partition::values).toList();
            assertEquals(Lake.PARTITIONS, hive.partitionsByValues(Lake.DATABASE, Lake.TABLE, values).size());
            Partition one = hive.partition(Lake.DATABASE, Lake.TABLE, values.get(0));
            FileStatus[] listed = files.listStatus(new Path(one.storageDescriptor().location().replace("s3://", "s3a://")));
            assertEquals(1, listed.length);
            assertEquals("2,3.75\n", read(files, listed[0], 7));
        }
    }

    /** Reads from an offset to the end, as the readers of row groups do. The size is known from the listing, so no HEAD is sent. */
    private static String read(FileSystem files, FileStatus file, long from) throws IOException {
        try (FSDataInputStream in = FutureIO.awaitFuture(files.openFile(file.getPath()).withFileStatus(file).build())) {
            in.seek(from);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void databases(StarRocks who, String unique) {
        try (Metastore hive = open(who)) {
            hive.createDatabase(Shapes.database(unique, "s3://" + lake.bucket + "/" + unique));
            hive.alterDatabase(unique, Shapes.database(unique, "s3://" + lake.bucket + "/" + unique + "/moved"));
            assertTrue(hive.database(unique).locationUri().endsWith("/moved"));
            hive.dropDatabase(unique, false);
        }
    }

    /** Files are written beside the table and moved, partitions registered, statistics kept in parameters. */
    private void insert(StarRocks who, String unique) throws IOException {
        List<String> values = List.of("eu", "1", "2024-02-03");
        try (Metastore hive = open(who); FileSystem files = files(who)) {
            Path staged = new Path("s3a://" + lake.bucket + "/staging/" + unique + "/part-0.csv");
            hive.createTable(Lake.DATABASE, Shapes.sales(unique, "s3://" + lake.bucket + "/" + unique));
            write(files, staged, "7,9.99\n");
            PartitionInput added = Metastore.append(hive.table(Lake.DATABASE, unique), values);
            Path home = new Path(added.storageDescriptor().location().replace("s3://", "s3a://"));
            files.mkdirs(home);
            assertTrue(files.rename(staged, new Path(home, "part-0.csv")));
            assertEquals(1, hive.addPartitions(Lake.DATABASE, unique, List.of(added), true));
            hive.alterPartition(Lake.DATABASE, unique, added.toBuilder().parameters(Map.of("numRows", "1", "totalSize", "7")).build());
            hive.alterTable(Lake.DATABASE, Metastore.input(hive.table(Lake.DATABASE, unique)).toBuilder().parameters(Map.of("EXTERNAL", "TRUE", "numRows", "1")).build());
            assertEquals("7,9.99\n", read(files, files.listStatus(home)[0], 0));
            hive.dropTable(Lake.DATABASE, unique);
            assertTrue(files.delete(new Path("s3a://" + lake.bucket + "/" + unique), true));
        }
    }

    private static void write(FileSystem files, Path path, String text) throws IOException {
        try (FSDataOutputStream out = files.create(path, true)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void rename(StarRocks who, String unique) {
        try (Metastore hive = open(who)) {
            hive.createTable(Lake.DATABASE, Shapes.sales(unique, lake.home()));
            Table table = hive.table(Lake.DATABASE, unique);
            hive.addPartitions(Lake.DATABASE, unique, Shapes.values(120).stream().map(v -> Metastore.append(table, v)).toList(), false);
            hive.renameTable(Lake.DATABASE, unique, unique + "_renamed");
            assertEquals(120, hive.partitions(Lake.DATABASE, unique + "_renamed", "", -1).size());
            hive.glue.deleteTable(r -> r.databaseName(Lake.DATABASE).name(unique + "_renamed"));
        }
    }

    /** The documented actions that no path above takes. */
    private void singles(StarRocks who, String unique) {
        List<String> values = List.of(unique, "1", "2024-02-03");
        try (Metastore hive = open(who)) {
            PartitionInput input = Metastore.append(hive.table(Lake.DATABASE, Lake.TABLE), values);
            hive.glue.createPartition(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE).partitionInput(input));
            try {
                var errors = hive.glue.batchUpdatePartition(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE)
                        .entries(e -> e.partitionValueList(values).partitionInput(input.toBuilder().parameters(Map.of("numRows", "3")).build()))).errors();
                assertEquals(List.of(), errors);
                assertEquals("3", hive.partition(Lake.DATABASE, Lake.TABLE, values).parameters().get("numRows"));
                assertEquals("0", hive.glue.getTableVersions(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE)).tableVersions().get(0).versionId());
            } finally {
                hive.dropPartition(Lake.DATABASE, Lake.TABLE, values);
            }
        }
    }

    private static Metastore open(StarRocks who) {
        return new Metastore(who.cloud().glue());
    }

    private FileSystem files(StarRocks who) throws IOException {
        return FileSystem.newInstance(URI.create("s3a://" + lake.bucket), who.cloud().hadoop());
    }
}

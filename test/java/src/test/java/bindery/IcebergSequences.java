package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.aws.glue.GlueCatalog;
import org.apache.iceberg.aws.s3.S3FileIO;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;

/** What an Iceberg catalog of StarRocks does, by Iceberg's own GlueCatalog and S3FileIO. */
final class IcebergSequences {
    private final Lake lake;

    IcebergSequences(Lake lake) {
        this.lake = lake;
    }

    List<Sequence> all() {
        return List.of(
                new Sequence("SHOW DATABASES, SHOW TABLES", List.of("glue:GetDatabases", "glue:GetDatabase", "glue:GetTables"), this::browse),
                new Sequence("CREATE and DROP DATABASE", List.of("glue:CreateDatabase", "glue:GetDatabase", "glue:UpdateDatabase", "glue:GetTables", "glue:DeleteDatabase"), this::databases),
                new Sequence("INSERT and SELECT", List.of("glue:CreateTable", "glue:GetTable", "glue:UpdateTable", "glue:DeleteTable", "s3:PutObject", "s3:DeleteObject"), this::tables),
                new Sequence("one file", List.of("s3:PutObject", "s3:GetObject", "s3:DeleteObject"), this::file),
                new Sequence("ALTER TABLE RENAME", List.of("glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:DeleteTable"), this::rename));
    }

    private static GlueCatalog open(StarRocks who) {
        return IcebergTables.catalog(who.catalog("iceberg"));
    }

    private void browse(StarRocks who, String unique) throws Exception {
        try (GlueCatalog catalog = open(who)) {
            assertTrue(catalog.listNamespaces().contains(Namespace.of(Lake.DATABASE)));
            assertEquals("s3://" + lake.bucket, catalog.loadNamespaceMetadata(Namespace.of(Lake.DATABASE)).get("location"));
            assertEquals(List.of(), catalog.listTables(Namespace.of(Lake.DATABASE)).stream().filter(t -> t.name().equals(Lake.TABLE)).toList(), "a Hive table is none of Iceberg's");
        }
    }

    private void databases(StarRocks who, String unique) throws Exception {
        Namespace name = Namespace.of(unique);
        try (GlueCatalog catalog = open(who)) {
            catalog.createNamespace(name, Map.of("location", "s3://" + lake.bucket + "/" + unique));
            assertTrue(catalog.setProperties(name, Map.of("owner", "starrocks")));
            assertEquals("starrocks", catalog.loadNamespaceMetadata(name).get("owner"));
            assertTrue(catalog.dropNamespace(name));
        }
    }

    /** A table is made, filled twice, read, and dropped; a file that was never committed is deleted. */
    private void tables(StarRocks who, String unique) throws Exception {
        TableIdentifier name = TableIdentifier.of(Lake.DATABASE, unique);
        try (GlueCatalog catalog = open(who)) {
            Table table = catalog.buildTable(name, IcebergTables.SCHEMA).withPartitionSpec(IcebergTables.BY_REGION)
                    .withLocation("s3://" + lake.bucket + "/iceberg/" + unique).create();
            IcebergTables.append(table, "eu", 0, 3);
            IcebergTables.append(table, "us", 3, 3);
            assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L), IcebergTables.ids(catalog.loadTable(name)));
            DataFile orphan = IcebergTables.file(table, "eu", 9, 1);
            table.io().deleteFile(orphan.location());
            assertTrue(catalog.dropTable(name, true));
        }
    }

    /** A file by itself, since a catalog that cannot read a table's metadata tries for minutes before it says so. */
    private void file(StarRocks who, String unique) throws IOException {
        try (FileIO io = CatalogUtil.loadFileIO(S3FileIO.class.getName(), IcebergTables.properties(who.catalog("iceberg")), null)) {
            String path = "s3://" + lake.bucket + "/iceberg/" + unique;
            try (PositionOutputStream out = io.newOutputFile(path).createOrOverwrite()) {
                out.write("PAR1....PAR1".getBytes(StandardCharsets.US_ASCII));
            }
            try (SeekableInputStream in = io.newInputFile(path, 12).newStream()) {
                in.seek(8);
                assertEquals("PAR1", new String(in.readAllBytes(), StandardCharsets.US_ASCII));
            }
            io.deleteFile(path);
        }
    }

    private void rename(StarRocks who, String unique) throws Exception {
        TableIdentifier from = TableIdentifier.of(Lake.DATABASE, unique);
        TableIdentifier to = TableIdentifier.of(Lake.DATABASE, unique + "_renamed");
        try (GlueCatalog catalog = open(who)) {
            catalog.buildTable(from, IcebergTables.SCHEMA).withLocation("s3://" + lake.bucket + "/iceberg/" + unique).create();
            catalog.renameTable(from, to);
            assertEquals(List.of(), IcebergTables.ids(catalog.loadTable(to)));
            assertTrue(catalog.dropTable(to, true));
        }
    }
}

package bindery;

import java.util.List;

import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** A bucket with a partitioned Hive table in it, made by the administrator. */
final class Lake {
    static final String DATABASE = "lake";
    static final String TABLE = "sales";
    static final int PARTITIONS = 8;

    final String bucket;
    private final Server server;

    private Lake(Server server, String bucket) {
        this.server = server;
        this.bucket = bucket;
    }

    static Lake make(Server server, String bucket) {
        Lake lake = new Lake(server, bucket);
        lake.putObjects();
        return lake;
    }

    String home() {
        return "s3://" + bucket + "/" + TABLE;
    }

    private void putObjects() {
        try (S3Client s3 = server.admin.s3()) {
            s3.createBucket(r -> r.bucket(bucket));
            for (List<String> v : Shapes.values(PARTITIONS)) {
                String key = "%s/region=%s/hour=%s/day=%s/part-0.csv".formatted(TABLE, v.get(0), v.get(1), v.get(2));
                s3.putObject(r -> r.bucket(bucket).key(key), RequestBody.fromString("1,2.50\n2,3.75\n"));
            }
        }
    }

    /** The same partitions in the catalog, in a database of this name. */
    void register(String database) {
        try (Metastore hive = new Metastore(server.admin.glue())) {
            hive.createDatabase(Shapes.database(database, "s3://" + bucket));
            hive.createTable(database, Shapes.sales(TABLE, home()));
            var table = hive.table(database, TABLE);
            hive.addPartitions(database, TABLE, Shapes.values(PARTITIONS).stream().map(v -> Metastore.append(table, v)).toList(), false);
        }
    }
}

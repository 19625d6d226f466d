package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.glue.GlueClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * StarRocks under exactly the policies that its documentation gives, with a user's keys
 * and with a role: what it does works; with one action taken away each time, it is
 * refused in AWS's words that name this action; and what the policies do not list is
 * refused too.
 */
@ExtendWith(Server.Shared.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PoliciesTest {
    private static final String[] CATALOG = {"glue", "read-write"};

    private final AtomicInteger serial = new AtomicInteger();
    private final Server server;
    private final Lake lake;
    private final List<Sequence> onCatalogs = new ArrayList<>();

    PoliciesTest(Server server) {
        this.server = server;
        lake = Lake.make(server, "starrocks-lake");
        lake.register(Lake.DATABASE);
        onCatalogs.addAll(new HiveSequences(lake).all());
        onCatalogs.addAll(new IcebergSequences(lake).all());
        onCatalogs.add(new LoadSequences(lake).unload());
    }

    @TestFactory
    Stream<DynamicNode> catalogs() {
        return onCatalogs.stream().map(s -> proofs(s, CATALOG));
    }

    @TestFactory
    Stream<DynamicNode> batchLoad() {
        return Stream.of(proofs(new LoadSequences(lake).load(), "batch-load"));
    }

    private DynamicNode proofs(Sequence sequence, String... files) {
        List<DynamicTest> tests = new ArrayList<>();
        for (Way way : Way.values()) {
            tests.add(dynamicTest(way + " may", () -> sequence.play().run(StarRocks.documented(server, way, lake.bucket, files), unique())));
            sequence.needs().forEach(action -> tests.add(dynamicTest(way + " needs " + action, () -> refusedWithout(sequence, way, action, files))));
        }
        return dynamicContainer(sequence.name(), tests);
    }

    private void refusedWithout(Sequence sequence, Way way, String action, String... files) {
        StarRocks less = StarRocks.with(server, way, policiesWithout(action, files));
        Refusal.denied(less, action, () -> sequence.play().run(less, unique()));
    }

    private List<String> policiesWithout(String action, String... files) {
        return Stream.of(files).map(file -> {
            String policy = Documented.policy(file, Map.of("BUCKET", lake.bucket));
            return Documented.actions(file).contains(action) ? Documented.without(action, policy) : policy;
        }).toList();
    }

    private String unique() {
        return "made_" + serial.incrementAndGet();
    }

    /** All of the documented list but four read operations is proved needed above. */
    @Test
    void everyDocumentedActionIsUsed() {
        Set<String> used = new HashSet<>();
        onCatalogs.forEach(s -> used.addAll(s.needs()));
        Set<String> unused = new TreeSet<>(Documented.actions("glue"));
        unused.removeAll(used);
        assertEquals(23, Documented.actions("glue").size());
        assertEquals(Set.of("glue:GetConnection", "glue:GetConnections", "glue:GetDevEndpoint", "glue:GetDevEndpoints"), unused);
    }

    /** What StarRocks asks for and never calls: allowed, so the answer is the operation's own. */
    @ParameterizedTest
    @EnumSource
    void connectionsAndEndpointsAreNotForbidden(Way way) {
        try (GlueClient glue = StarRocks.documented(server, way, lake.bucket, CATALOG).cloud().glue()) {
            assertTrue(glue.getConnections(r -> { }).connectionList().isEmpty());
            Refusal.refused("EntityNotFoundException", () -> glue.getConnection(r -> r.name("absent")));
            // Not built: refused by name, which only who may call them learns.
            Refusal.refused("UnsupportedOperationException", () -> glue.getDevEndpoints(r -> { }));
            Refusal.refused("UnsupportedOperationException", () -> glue.getDevEndpoint(r -> r.endpointName("absent")));
        }
    }

    @TestFactory
    Stream<DynamicTest> theseFourNeedTheirActionToo() {
        return Stream.of(Way.values()).flatMap(way -> four().entrySet().stream().map(call -> dynamicTest(way + " " + call.getKey(), () -> {
            StarRocks less = StarRocks.with(server, way, policiesWithout(call.getKey(), CATALOG));
            try (GlueClient glue = less.cloud().glue()) {
                Refusal.denied(less, call.getKey(), () -> call.getValue().on(glue));
            }
        })));
    }

    private interface Call {
        void on(GlueClient glue);
    }

    private static Map<String, Call> four() {
        return Map.of("glue:GetConnections", glue -> glue.getConnections(r -> { }),
                "glue:GetConnection", glue -> glue.getConnection(r -> r.name("absent")),
                "glue:GetDevEndpoints", glue -> glue.getDevEndpoints(r -> { }),
                "glue:GetDevEndpoint", glue -> glue.getDevEndpoint(r -> r.endpointName("absent")));
    }

    @TestFactory
    Stream<DynamicTest> otherActionsOfGlueAreRefused() {
        return Stream.of(Way.values()).flatMap(way -> unlisted().entrySet().stream().map(call -> dynamicTest(way + " " + call.getKey(), () -> {
            StarRocks who = StarRocks.documented(server, way, lake.bucket, CATALOG);
            try (GlueClient glue = who.cloud().glue()) {
                Refusal.denied(who, call.getKey(), () -> call.getValue().on(glue));
            }
        })));
    }

    private static Map<String, Call> unlisted() {
        Map<String, Call> calls = new LinkedHashMap<>();
        calls.put("glue:DeleteTableVersion", glue -> glue.deleteTableVersion(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE).versionId("0")));
        calls.put("glue:BatchDeletePartition", glue -> glue.batchDeletePartition(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE).partitionsToDelete(p -> p.values("eu", "0", "2024-01-01"))));
        calls.put("glue:BatchDeleteTable", glue -> glue.batchDeleteTable(r -> r.databaseName(Lake.DATABASE).tablesToDelete(Lake.TABLE)));
        calls.put("glue:GetTableVersion", glue -> glue.getTableVersion(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE)));
        calls.put("glue:CreatePartitionIndex", glue -> glue.createPartitionIndex(r -> r.databaseName(Lake.DATABASE).tableName(Lake.TABLE).partitionIndex(i -> i.indexName("x").keys("region"))));
        calls.put("glue:CreateUserDefinedFunction", glue -> glue.createUserDefinedFunction(r -> r.databaseName(Lake.DATABASE).functionInput(f -> f.functionName("f").className("c"))));
        calls.put("glue:GetUserDefinedFunctions", glue -> glue.getUserDefinedFunctions(r -> r.pattern(Metastore.ALL)));
        calls.put("glue:SearchTables", glue -> glue.searchTables(r -> r.searchText(Lake.TABLE)));
        calls.put("glue:CreateConnection", glue -> glue.createConnection(r -> r.connectionInput(c -> c.name("x").connectionType("NETWORK").connectionPropertiesWithStrings(Map.of()))));
        calls.put("glue:CreateCrawler", glue -> glue.createCrawler(r -> r.name("x").role("r").targets(t -> { })));
        calls.put("glue:PutResourcePolicy", glue -> glue.putResourcePolicy(r -> r.policyInJson("{}")));
        return calls;
    }

    @ParameterizedTest
    @EnumSource
    void batchLoadMayNotWrite(Way way) {
        StarRocks who = StarRocks.documented(server, way, lake.bucket, "batch-load");
        try (S3Client s3 = who.cloud().s3(); GlueClient glue = who.cloud().glue()) {
            denied(who, "s3:PutObject", () -> s3.putObject(r -> r.bucket(lake.bucket).key("x"), RequestBody.fromString("x")));
            denied(who, "s3:DeleteObject", () -> s3.deleteObject(r -> r.bucket(lake.bucket).key("x")));
            denied(who, "s3:PutObject", () -> s3.createMultipartUpload(r -> r.bucket(lake.bucket).key("x")));
            denied(who, "glue:GetDatabases", () -> glue.getDatabases(r -> { }));
        }
    }

    @ParameterizedTest
    @EnumSource
    void otherBucketsAndOtherActionsOfS3AreRefused(Way way) {
        StarRocks who = StarRocks.documented(server, way, lake.bucket, CATALOG);
        try (S3Client admin = server.admin.s3(); S3Client s3 = who.cloud().s3()) {
            String other = "not-of-starrocks-" + way.suffix;
            admin.createBucket(r -> r.bucket(other));
            admin.putObject(r -> r.bucket(other).key("secret"), RequestBody.fromString("x"));
            denied(who, "s3:GetObject", () -> s3.getObjectAsBytes(r -> r.bucket(other).key("secret")));
            denied(who, "s3:ListBucket", () -> s3.listObjectsV2(r -> r.bucket(other)));
            denied(who, "s3:PutObject", () -> s3.putObject(r -> r.bucket(other).key("x"), RequestBody.fromString("x")));
            denied(who, "s3:GetObject", () -> s3.copyObject(r -> r.sourceBucket(other).sourceKey("secret").destinationBucket(lake.bucket).destinationKey("stolen")));
            denied(who, "s3:ListAllMyBuckets", () -> s3.listBuckets());
            denied(who, "s3:DeleteBucket", () -> s3.deleteBucket(r -> r.bucket(lake.bucket)));
            denied(who, "s3:GetObjectTagging", () -> s3.getObjectTagging(r -> r.bucket(lake.bucket).key("x")));
        }
    }

    private static void denied(StarRocks who, String action, Executable call) {
        Refusal.denied(who, action, call);
    }

    /** The role is for this user and with this word only. */
    @Test
    void theRoleIsNotForOthers() {
        StarRocks who = StarRocks.documented(server, Way.ROLE, lake.bucket, CATALOG);
        Map<String, String> other = StarRocks.documented(server, Way.KEYS, lake.bucket, CATALOG).catalog("hive");
        Map<String, String> stolen = who.catalog("hive");
        stolen.put("aws.glue.access_key", other.get("aws.glue.access_key"));
        stolen.put("aws.glue.secret_key", other.get("aws.glue.secret_key"));
        Map<String, String> wrongWord = who.catalog("hive");
        wrongWord.put("aws.glue.external_id", "guessed");
        for (Map<String, String> properties : List.of(stolen, wrongWord)) {
            try (GlueClient glue = new Cloud(properties).glue()) {
                var error = Refusal.refused("AccessDenied", () -> glue.getDatabases(r -> { }));
                assertTrue(error.awsErrorDetails().errorMessage().contains("is not authorized to perform: sts:AssumeRole on resource: "), error.getMessage());
            }
        }
    }

    /** The keys alone may do nothing but assume the role. */
    @Test
    void theKeysBehindARoleMayDoNothingElse() {
        Map<String, String> properties = StarRocks.documented(server, Way.ROLE, lake.bucket, CATALOG).catalog("hive");
        properties.remove("aws.glue.iam_role_arn");
        try (GlueClient glue = new Cloud(properties).glue()) {
            var error = Refusal.refused("AccessDeniedException", () -> glue.getDatabases(r -> { }));
            assertTrue(error.awsErrorDetails().errorMessage().contains(":user/starrocks-"), error.getMessage());
        }
    }
}

package bindery;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.AccessKey;

/**
 * A cluster as its documentation sets one up: a user, perhaps a role, the documented
 * policies on one of them, and the statements that create its catalogs.
 */
final class StarRocks {
    static final String EXTERNAL_ID = "cluster-7";
    private static final AtomicInteger SERIAL = new AtomicInteger();
    private static final Map<String, StarRocks> MADE = new ConcurrentHashMap<>();

    private final Map<String, String> words = new HashMap<>();
    private final Way way;
    private String user;

    private StarRocks(Server server, Way way, List<String> policies) {
        this.way = way;
        words.put("ENDPOINT", server.url);
        words.put("REGION", Server.REGION);
        words.put("EXTERNAL_ID", EXTERNAL_ID);
        try (IamClient iam = server.admin.iam()) {
            makeUser(iam, "starrocks-" + SERIAL.incrementAndGet());
            if (way == Way.KEYS) {
                policies.forEach(p -> iam.putUserPolicy(r -> r.userName(user).policyName("p" + p.hashCode()).policyDocument(p)));
            } else {
                makeRole(iam, policies);
            }
        }
    }

    /** One cluster for each distinct set of policies, since making keys takes longer than most tests. */
    static StarRocks with(Server server, Way way, List<String> policies) {
        return MADE.computeIfAbsent(server.url + way + policies, key -> new StarRocks(server, way, policies));
    }

    /** A cluster with these policies of the example, as they are printed. */
    static StarRocks documented(Server server, Way way, String bucket, String... files) {
        return with(server, way, List.of(files).stream().map(f -> Documented.policy(f, Map.of("BUCKET", bucket))).toList());
    }

    private void makeUser(IamClient iam, String name) {
        user = name;
        words.put("USER_ARN", iam.createUser(r -> r.userName(name)).user().arn());
        AccessKey key = iam.createAccessKey(r -> r.userName(name)).accessKey();
        words.put("ACCESS_KEY", key.accessKeyId());
        words.put("SECRET_KEY", key.secretAccessKey());
    }

    private void makeRole(IamClient iam, List<String> policies) {
        String name = user + "-role";
        String trust = Documented.policy("trust", words);
        words.put("ROLE_ARN", iam.createRole(r -> r.roleName(name).assumeRolePolicyDocument(trust)).role().arn());
        String assume = Documented.policy("assume", words);
        iam.putUserPolicy(r -> r.userName(user).policyName("assume").policyDocument(assume));
        policies.forEach(p -> iam.putRolePolicy(r -> r.roleName(name).policyName("p" + p.hashCode()).policyDocument(p)));
    }

    /** How a refusal must begin. The name of a session is the client's to choose, so it is left open. */
    String arn() {
        return way == Way.KEYS ? words.get("USER_ARN")
                : words.get("ROLE_ARN").replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/";
    }

    /** Properties of the example's statement for this kind of catalog, "hive" or "iceberg". */
    Map<String, String> catalog(String kind) {
        return Documented.catalog(kind + "-" + way.suffix, words);
    }

    Cloud cloud() {
        return new Cloud(catalog("hive"));
    }
}

package bindery;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.aws.AwsClientFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.glue.GlueClient;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.StsClientBuilder;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/**
 * What the properties of a catalog mean for the clients that StarRocks builds: the two
 * services have an endpoint, a region and keys each, and a role that the keys assume.
 * For STS only the half of S3 has properties; for Glue its endpoint comes from the environment.
 * Iceberg makes this by its class name, as `client.factory`.
 */
public final class Cloud implements AwsClientFactory {
    private Map<String, String> properties = Map.of();

    /** For Iceberg, which calls initialize. */
    public Cloud() {}

    Cloud(Map<String, String> properties) {
        this.properties = properties;
    }

    @Override
    public void initialize(Map<String, String> given) {
        properties = new HashMap<>(given);
    }

    @Override
    public GlueClient glue() {
        return GlueClient.builder().endpointOverride(URI.create(get("glue", "endpoint")))
                .region(Region.of(get("glue", "region"))).credentialsProvider(credentials("glue")).build();
    }

    @Override
    public S3Client s3() {
        return S3Client.builder().endpointOverride(URI.create(get("s3", "endpoint")))
                .region(Region.of(get("s3", "region"))).credentialsProvider(credentials("s3"))
                .forcePathStyle(Boolean.parseBoolean(get("s3", "enable_path_style_access"))).build();
    }

    @Override
    public S3AsyncClient s3Async() {
        throw new UnsupportedOperationException("StarRocks makes no asynchronous client");
    }

    /** Settings of Hadoop's file system for S3, through which the Hive connector sees objects. */
    Configuration hadoop() {
        Configuration conf = new Configuration(false);
        conf.set("fs.s3a.impl", "org.apache.hadoop.fs.s3a.S3AFileSystem");
        conf.set("fs.s3a.impl.disable.cache", "true");
        conf.set("fs.s3a.endpoint", get("s3", "endpoint"));
        conf.set("fs.s3a.endpoint.region", get("s3", "region"));
        conf.set("fs.s3a.path.style.access", get("s3", "enable_path_style_access"));
        conf.set("fs.s3a.connection.ssl.enabled", get("s3", "enable_ssl"));
        conf.set("fs.s3a.access.key", get("s3", "access_key"));
        conf.set("fs.s3a.secret.key", get("s3", "secret_key"));
        conf.set("fs.s3a.buffer.dir", System.getProperty("java.io.tmpdir"));
        if (has("s3", "iam_role_arn")) {
            properties.forEach(conf::set);
            conf.set("fs.s3a.aws.credentials.provider", Role.class.getName());
        }
        return conf;
    }

    /** The role of S3 for Hadoop's file system, which makes it by its class name. */
    public static final class Role implements AwsCredentialsProvider {
        private final AwsCredentialsProvider role;

        public Role(URI ignored, Configuration conf) {
            role = new Cloud(conf.getPropsWithPrefix("aws.s3.").entrySet().stream()
                    .collect(Collectors.toMap(e -> "aws.s3." + e.getKey(), Map.Entry::getValue))).credentials("s3");
        }

        @Override
        public AwsCredentials resolveCredentials() {
            return role.resolveCredentials();
        }
    }

    private AwsCredentialsProvider credentials(String service) {
        var keys = StaticCredentialsProvider.create(AwsBasicCredentials.create(get(service, "access_key"), get(service, "secret_key")));
        return has(service, "iam_role_arn") ? assume(service, keys) : keys;
    }

    private AwsCredentialsProvider assume(String service, AwsCredentialsProvider keys) {
        StsClientBuilder sts = StsClient.builder().credentialsProvider(keys).region(Region.of(get(service, "region")));
        if (has(service, "sts.endpoint")) {
            sts.endpointOverride(URI.create(get(service, "sts.endpoint"))).region(Region.of(get(service, "sts.region")));
        }
        return StsAssumeRoleCredentialsProvider.builder().stsClient(sts.build()).refreshRequest(r -> r
                .roleArn(get(service, "iam_role_arn")).externalId(get(service, "external_id"))
                .roleSessionName(UUID.randomUUID().toString()).durationSeconds(3600)).build();
    }

    private boolean has(String service, String name) {
        return properties.containsKey("aws." + service + "." + name);
    }

    private String get(String service, String name) {
        String value = properties.get("aws." + service + "." + name);
        if (value == null) {
            throw new IllegalArgumentException("the statement sets no aws." + service + "." + name);
        }
        return value;
    }

    @Override
    public KmsClient kms() {
        throw new UnsupportedOperationException("StarRocks makes no client for KMS");
    }

    @Override
    public DynamoDbClient dynamo() {
        throw new UnsupportedOperationException("StarRocks makes no client for DynamoDB");
    }
}

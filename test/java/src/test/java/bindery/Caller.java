package bindery;

import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.glue.GlueClient;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Somebody with credentials. The clients get these and a region; the endpoint comes from
 * the one setting that Server makes.
 *
 * @param arn how refusals name the caller
 */
record Caller(String arn, AwsCredentialsProvider credentials) {
    GlueClient glue() {
        return GlueClient.builder().credentialsProvider(credentials).region(Region.of(Server.REGION)).build();
    }

    S3Client s3() {
        return S3Client.builder().credentialsProvider(credentials).region(Region.of(Server.REGION)).build();
    }

    IamClient iam() {
        return IamClient.builder().credentialsProvider(credentials).region(Region.of(Server.REGION)).build();
    }
}

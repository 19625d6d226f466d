package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Object;

/** What loading from S3 and unloading to it does, by the SDK itself as in StarRocks' backends. */
final class LoadSequences {
    private static final int PART = 5 << 20;
    private final Lake lake;

    LoadSequences(Lake lake) {
        this.lake = lake;
    }

    /** Batch load: a listing below the path, then each file's size and its bytes in ranges. */
    Sequence load() {
        return new Sequence("BROKER LOAD", List.of("s3:ListBucket", "s3:GetObject"), this::load);
    }

    private void load(StarRocks who, String unique) {
        try (S3Client s3 = who.cloud().s3()) {
            List<S3Object> files = s3.listObjectsV2Paginator(r -> r.bucket(lake.bucket).prefix(Lake.TABLE + "/").maxKeys(3)).contents().stream().toList();
            assertEquals(Lake.PARTITIONS, files.size());
            for (S3Object file : files) {
                String head = s3.getObjectAsBytes(r -> r.bucket(lake.bucket).key(file.key()).range("bytes=0-6")).asUtf8String();
                String tail = s3.getObjectAsBytes(r -> r.bucket(lake.bucket).key(file.key()).range("bytes=-7")).asUtf8String();
                assertEquals("1,2.50\n2,3.75\n", head + tail);
                assertEquals(file.size(), s3.headObject(r -> r.bucket(lake.bucket).key(file.key())).contentLength());
            }
            s3.headBucket(r -> r.bucket(lake.bucket)); // last: an answer to HEAD has no body that could name an action
        }
    }

    /** Reading and writing: a small object, one of several parts, a copy, and deletions one by one and in bulk. */
    Sequence unload() {
        return new Sequence("INSERT INTO FILES", List.of("s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject"), this::unload);
    }

    private void unload(StarRocks who, String unique) {
        try (S3Client s3 = who.cloud().s3()) {
            s3.putObject(r -> r.bucket(lake.bucket).key(unique + "/small.csv"), RequestBody.fromString("a,b\n"));
            putInParts(s3, unique + "/large.bin");
            s3.copyObject(r -> r.sourceBucket(lake.bucket).sourceKey(unique + "/small.csv").destinationBucket(lake.bucket).destinationKey(unique + "/copy.csv"));
            assertEquals("a,b\n", s3.getObjectAsBytes(r -> r.bucket(lake.bucket).key(unique + "/copy.csv")).asUtf8String());
            List<S3Object> files = s3.listObjectsV2(r -> r.bucket(lake.bucket).prefix(unique + "/")).contents();
            assertEquals(List.of(4L, 2L * PART, 4L), files.stream().map(S3Object::size).toList());
            s3.deleteObject(r -> r.bucket(lake.bucket).key(files.get(0).key()));
            var rest = files.stream().skip(1).map(f -> ObjectIdentifier.builder().key(f.key()).build()).toList();
            assertTrue(s3.deleteObjects(r -> r.bucket(lake.bucket).delete(d -> d.objects(rest))).errors().isEmpty());
            assertEquals(0, s3.listObjectsV2(r -> r.bucket(lake.bucket).prefix(unique + "/")).keyCount());
        }
    }

    private void putInParts(S3Client s3, String key) {
        String upload = s3.createMultipartUpload(r -> r.bucket(lake.bucket).key(key)).uploadId();
        byte[] part = new byte[PART];
        List<CompletedPart> parts = IntStream.rangeClosed(1, 2).mapToObj(n -> {
            String tag = s3.uploadPart(r -> r.bucket(lake.bucket).key(key).uploadId(upload).partNumber(n), RequestBody.fromBytes(part)).eTag();
            return CompletedPart.builder().partNumber(n).eTag(tag).build();
        }).collect(Collectors.toList());
        s3.completeMultipartUpload(r -> r.bucket(lake.bucket).key(key).uploadId(upload).multipartUpload(m -> m.parts(parts)));
    }
}

package bindery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * One `bindery serve` on a folder and a port of its own, shared by all tests of a run.
 * BINDERY_BIN names the program. A test class takes it as a constructor parameter with
 * {@code @ExtendWith(Server.Shared.class)}.
 */
final class Server implements AutoCloseable {
    static final String REGION = "us-east-1";
    private static final Pattern KEYS = Pattern.compile("AWS_ACCESS_KEY_ID=(\\S+) AWS_SECRET_ACCESS_KEY=(\\S+)");

    final String url;
    final String account;
    final Caller admin;
    private final Path folder;
    private final Process process;

    private Server() throws IOException, InterruptedException {
        folder = Files.createTempDirectory("bindery-java-");
        process = new ProcessBuilder(program(), "serve", "--data", data(), "--listen", "127.0.0.1:0", "--region", REGION)
                .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
        JsonNode found = ready();
        url = found.get("url").asText();
        account = found.get("account").asText();
        // The one setting that clients which take no endpoint of their own get, as AWS_ENDPOINT_URL would be.
        System.setProperty("aws.endpointUrl", url);
        admin = setUp();
    }

    private static String program() {
        String path = System.getenv("BINDERY_BIN");
        if (path == null) {
            throw new IllegalStateException("BINDERY_BIN must name the program to test; test/java/run.sh sets it");
        }
        return path;
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    /** Polls server.json until it is this process's, then /readyz, for at most 30 s. */
    private JsonNode ready() throws IOException {
        Path file = folder.resolve("data").resolve("server.json");
        Instant deadline = Instant.now().plusSeconds(30);
        while (process.isAlive() && Instant.now().isBefore(deadline)) {
            if (Files.exists(file)) {
                JsonNode found = new ObjectMapper().readTree(Files.readString(file));
                if (found.path("pid").asLong() == process.pid() && answers(found.get("url").asText())) {
                    return found;
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        process.destroyForcibly();
        throw new IllegalStateException("the server was not ready:\n" + Files.readString(folder.resolve("log")));
    }

    private static boolean answers(String url) {
        try {
            HttpRequest probe = HttpRequest.newBuilder(URI.create(url + "/readyz")).timeout(Duration.ofSeconds(5)).build();
            return HttpClient.newHttpClient().send(probe, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Caller setUp() throws IOException, InterruptedException {
        Process made = new ProcessBuilder(program(), "setup", "admin", "--data", data()).redirectErrorStream(true).start();
        String said = new String(made.getInputStream().readAllBytes());
        Matcher keys = KEYS.matcher(said);
        if (made.waitFor() != 0 || !keys.find()) {
            throw new IllegalStateException("no administrator was made: " + said);
        }
        var credentials = AwsBasicCredentials.create(keys.group(1), keys.group(2));
        return new Caller("arn:aws:iam::" + account + ":user/admin", StaticCredentialsProvider.create(credentials));
    }

    /** Stops the process and removes its folder; a server that does not end well fails the run. */
    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("the server did not stop within 20 s");
        }
        if (process.exitValue() != 0) {
            throw new IllegalStateException("the server ended with " + process.exitValue() + ":\n" + Files.readString(folder.resolve("log")));
        }
        try (var files = Files.walk(folder)) {
            List<Path> innermostFirst = files.sorted(Comparator.reverseOrder()).toList();
            innermostFirst.forEach(Server::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives test classes the server, started once, stopped when all have run. */
    static final class Shared implements ParameterResolver {
        private static final ExtensionContext.Namespace ROOM = ExtensionContext.Namespace.create(Server.class);

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Server.class;
        }

        @Override
        public Server resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot().getStore(ROOM).getOrComputeIfAbsent(Server.class, key -> start(), Server.class);
        }

        private static Server start() {
            try {
                return new Server();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}

import io.trino.plugin.memory.MemoryPlugin;
import io.trino.plugin.tpch.TpchPlugin;
import io.trino.server.testing.TestingTrinoServer;

import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** One Trino node on the loopback, with a catalog in memory and TPC-H's data. */
public final class Trino
{
    public static void main(String[] args)
            throws Exception
    {
        Map<String, String> properties = Map.of("http-server.http.port", args[0], "query.max-length", "10000000");
        try (TestingTrinoServer server = TestingTrinoServer.builder().setCoordinator(true).setProperties(properties).build()) {
            server.installPlugin(new MemoryPlugin());
            server.installPlugin(new TpchPlugin());
            server.createCatalog("awsdatacatalog", "memory", Map.of("memory.max-data-per-node", "512MB"));
            server.createCatalog("tpch", "tpch", Map.of("tpch.column-naming", "STANDARD"));
            System.out.println("Trino answers at " + server.getBaseUrl());
            new CountDownLatch(1).await();
        }
    }
}

package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.services.glue.model.AlreadyExistsException;
import software.amazon.awssdk.services.glue.model.EntityNotFoundException;
import software.amazon.awssdk.services.glue.model.PrincipalType;
import software.amazon.awssdk.services.glue.model.ResourceNumberLimitExceededException;
import software.amazon.awssdk.services.glue.model.ResourceType;
import software.amazon.awssdk.services.glue.model.ResourceUri;
import software.amazon.awssdk.services.glue.model.UserDefinedFunction;
import software.amazon.awssdk.services.glue.model.UserDefinedFunctionInput;

/** Functions as a Hive metastore keeps them. */
@ExtendWith(Server.Shared.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HiveFunctionsTest {
    private final Functions functions;

    HiveFunctionsTest(Server server) {
        functions = new Functions(server.admin.glue());
    }

    @BeforeAll
    void fill() {
        for (String database : List.of("maths", "texts")) {
            functions.glue().createDatabase(r -> r.databaseInput(Shapes.database(database, null)));
        }
        List.of("square", "square_root", "cube").forEach(name -> functions.create("maths", function(name)));
        functions.create("texts", function("squash"));
    }

    @AfterAll
    void close() {
        functions.glue().close();
    }

    private static UserDefinedFunctionInput function(String name) {
        return UserDefinedFunctionInput.builder().functionName(name).className("org.example." + name).ownerName("hive")
                .ownerType(PrincipalType.USER).resourceUris(ResourceUri.builder().resourceType(ResourceType.JAR).uri("s3://jars/" + name + ".jar").build()).build();
    }

    private List<String> names(String database, String pattern) {
        return functions.list(database, pattern).stream().map(UserDefinedFunction::functionName).sorted().toList();
    }

    @Test
    void aFunctionLives() {
        functions.create("texts", function("Trim_All"));
        UserDefinedFunction found = functions.get("texts", "trim_all");
        assertEquals(List.of("trim_all", "texts", "org.example.Trim_All", "hive", PrincipalType.USER),
                List.of(found.functionName(), found.databaseName(), found.className(), found.ownerName(), found.ownerType()));
        assertEquals(function("Trim_All").resourceUris(), found.resourceUris());
        assertTrue(found.createTime().getEpochSecond() > 1_700_000_000L, found.toString());
        assertThrows(AlreadyExistsException.class, () -> functions.create("texts", function("trim_all")));
        functions.alter("texts", "trim_all", function("trim_all").toBuilder().className("org.example.Other").build());
        assertEquals("org.example.Other", functions.get("texts", "trim_all").className());
        functions.drop("texts", "trim_all");
        assertThrows(EntityNotFoundException.class, () -> functions.get("texts", "trim_all"));
        assertThrows(EntityNotFoundException.class, () -> functions.drop("texts", "trim_all"));
    }

    @Test
    void patternsAreRegularExpressions() {
        assertEquals(List.of("cube", "square", "square_root"), names("maths", Metastore.ALL));
        assertEquals(List.of("square", "square_root"), names("maths", "square.*"));
        assertEquals(List.of("square"), names("maths", "square"));
        assertEquals(List.of("square_root"), names("maths", "\\Qsquare_\\E.*"));
        assertEquals(List.of("cube", "square"), names("maths", "cube|square"));
        assertEquals(List.of(), names("maths", "x.*"));
    }

    @Test
    void withoutADatabaseAllAreSearched() {
        List<String> found = names(null, "squa.*");
        assertEquals(List.of("square", "square_root", "squash"), found);
    }

    /** An account may have 100 functions, so all of them fit on one page, and one more is refused. */
    @Test
    void theHundredAndFirstIsRefused() {
        functions.glue().createDatabase(r -> r.databaseInput(Shapes.database("crowded", null)));
        int have = functions.list(null, Metastore.ALL).size();
        for (int i = have; i < 100; i++) {
            functions.create("crowded", function("f%03d".formatted(i)));
        }
        assertEquals(100, functions.list(null, Metastore.ALL).stream().map(f -> f.databaseName() + "." + f.functionName()).distinct().count());
        assertThrows(ResourceNumberLimitExceededException.class, () -> functions.create("crowded", function("f100")));
        functions.glue().deleteDatabase(r -> r.name("crowded"));
        assertEquals(have, functions.list(null, Metastore.ALL).size());
    }

    @Test
    void aFunctionGoesWithItsDatabase() {
        functions.glue().createDatabase(r -> r.databaseInput(Shapes.database("passing", null)));
        functions.create("passing", function("f"));
        functions.glue().deleteDatabase(r -> r.name("passing"));
        assertThrows(EntityNotFoundException.class, () -> functions.get("passing", "f"));
    }
}

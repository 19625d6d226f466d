package bindery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;

/** The files of examples/starrocks, with their words in capitals filled in. */
final class Documented {
    private static final Path FOLDER = Path.of("..", "..", "examples", "starrocks");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern PROPERTY = Pattern.compile("\"([^\"]+)\" = \"([^\"]*)\"");

    private Documented() {}

    /** A policy document of that folder. */
    static String policy(String file, Map<String, String> words) {
        return fill(file + ".json", words);
    }

    /** The same policy without one action; it fails when the policy never had it. */
    static String without(String action, String policy) {
        JsonNode document = parse(policy);
        boolean found = false;
        for (JsonNode statement : document.get("Statement")) {
            ArrayNode actions = (ArrayNode) statement.get("Action");
            for (int i = actions.size() - 1; i >= 0; i--) {
                if (actions.get(i).asText().equals(action)) {
                    actions.remove(i);
                    found = true;
                }
            }
        }
        if (!found) {
            throw new IllegalArgumentException(action + " is not in " + policy);
        }
        dropEmptyStatements((ArrayNode) document.get("Statement"));
        return document.toString();
    }

    /** IAM refuses a statement without actions. */
    private static void dropEmptyStatements(ArrayNode statements) {
        for (int i = statements.size() - 1; i >= 0; i--) {
            if (statements.get(i).get("Action").isEmpty()) {
                statements.remove(i);
            }
        }
    }

    /** The actions that a policy of that folder allows. */
    static List<String> actions(String file) {
        List<String> actions = new ArrayList<>();
        for (JsonNode statement : parse(fill(file + ".json", Map.of())).get("Statement")) {
            statement.get("Action").forEach(action -> actions.add(action.asText()));
        }
        return actions;
    }

    /** The properties of a CREATE EXTERNAL CATALOG statement of that folder. */
    static Map<String, String> catalog(String file, Map<String, String> words) {
        Map<String, String> properties = new LinkedHashMap<>();
        Matcher found = PROPERTY.matcher(fill(file + ".sql", words));
        while (found.find()) {
            properties.put(found.group(1), found.group(2));
        }
        return properties;
    }

    private static String fill(String file, Map<String, String> words) {
        try {
            String text = Files.readString(FOLDER.resolve(file));
            for (var word : words.entrySet()) {
                text = text.replace(word.getKey(), word.getValue());
            }
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

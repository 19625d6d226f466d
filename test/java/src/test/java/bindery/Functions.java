package bindery;

import java.util.ArrayList;
import java.util.List;

import software.amazon.awssdk.services.glue.GlueClient;
import software.amazon.awssdk.services.glue.model.UserDefinedFunction;
import software.amazon.awssdk.services.glue.model.UserDefinedFunctionInput;

/** The calls of a Hive metastore for functions. A pattern is a regular expression over names. */
record Functions(GlueClient glue) {
    void create(String database, UserDefinedFunctionInput input) {
        glue.createUserDefinedFunction(r -> r.databaseName(database).functionInput(input));
    }

    UserDefinedFunction get(String database, String name) {
        return glue.getUserDefinedFunction(r -> r.databaseName(database).functionName(name)).userDefinedFunction();
    }

    void alter(String database, String name, UserDefinedFunctionInput input) {
        glue.updateUserDefinedFunction(r -> r.databaseName(database).functionName(name).functionInput(input));
    }

    void drop(String database, String name) {
        glue.deleteUserDefinedFunction(r -> r.databaseName(database).functionName(name));
    }

    /** Functions of one database, or of all when it is null. */
    List<UserDefinedFunction> list(String database, String pattern) {
        List<UserDefinedFunction> all = new ArrayList<>();
        String token = null;
        do {
            String next = token;
            var page = glue.getUserDefinedFunctions(r -> r.databaseName(database).pattern(pattern).nextToken(next));
            all.addAll(page.userDefinedFunctions());
            token = page.nextToken();
        } while (token != null);
        return all;
    }
}

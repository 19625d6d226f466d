package bindery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.function.Executable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/** What refused calls must look like, however deep a client has wrapped AWS's error. */
final class Refusal {
    private Refusal() {}

    /** The call ends in AWS's words for a missing permission: who, which action, why. */
    static void denied(StarRocks who, String action, Executable call) {
        AwsServiceException error = error(call);
        assertTrue(error.awsErrorDetails().errorCode().startsWith("AccessDenied"), error.toString());
        assertEquals(action.startsWith("s3:") ? 403 : 400, error.statusCode());
        String text = error.awsErrorDetails().errorMessage();
        assertTrue(text.startsWith("User: " + who.arn()), text);
        assertTrue(text.contains(" is not authorized to perform: " + action + " on resource: "), text);
        assertTrue(text.endsWith(" because no identity-based policy allows the " + action + " action"), text);
    }

    /** The call ends in this error of AWS. */
    static AwsServiceException refused(String code, Executable call) {
        AwsServiceException error = error(call);
        assertEquals(code, error.awsErrorDetails().errorCode(), error.toString());
        return error;
    }

    private static AwsServiceException error(Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call);
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof AwsServiceException error) {
                return error;
            }
        }
        return fail("no error of AWS in", thrown);
    }
}

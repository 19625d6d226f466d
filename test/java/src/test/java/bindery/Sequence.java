package bindery;

import java.util.List;

/**
 * Something that StarRocks does, and the actions that all of it takes. A sequence may run
 * any number of times, each with a name of its own for what it makes.
 *
 * @param needs each of these, taken away, stops the sequence
 */
record Sequence(String name, List<String> needs, Play play) {
    /** The calls. They throw what the client throws. */
    interface Play {
        void run(StarRocks who, String unique) throws Exception;
    }

    @Override
    public String toString() {
        return name;
    }
}

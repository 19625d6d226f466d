package bindery;

/** The two ways of StarRocks' documentation to name who calls: a user's keys, or a role that these keys assume. */
enum Way {
    KEYS("keys"),
    ROLE("role");

    /** The end of the name of the example's statement files. */
    final String suffix;

    Way(String suffix) {
        this.suffix = suffix;
    }
}

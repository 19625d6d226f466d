package terms

import "strings"

// NoSlash refuses a new name with a slash. ARNs join names with slashes, so the
// database "lake/sales" would have the ARN of sales in the catalog lake, and a
// policy about the one would decide about the other.
func NoSlash(what, name string) error {
	if strings.Contains(name, "/") {
		return Invalid("The name of a %s cannot contain a slash: %s.", what, name)
	}
	return nil
}

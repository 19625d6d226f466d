package arn

import "strings"

// New builds arn:aws:service:region:account:resource. The builders below are
// preferred: they know the shape of their service's resource part.
func New(service, region, account, resource string) string {
	return "arn:" + Partition + ":" + service + ":" + region + ":" + account + ":" + resource
}

// Glue builds the ARN of a Glue resource from its suffix: "catalog",
// "database/sales", "table/sales/orders", "connectionType:JDBC".
func Glue(region, account, suffix string) string { return New("glue", region, account, suffix) }

// GlueDatabase builds the ARN of a database; the name must be folded already.
func GlueDatabase(region, account, database string) string {
	return Glue(region, account, "database/"+database)
}

// GlueTable builds the ARN of a table; both names must be folded already.
func GlueTable(region, account, database, table string) string {
	return Glue(region, account, "table/"+database+"/"+table)
}

// Athena builds the ARN of an Athena resource: "workgroup/primary".
func Athena(region, account, suffix string) string { return New("athena", region, account, suffix) }

// KMSKey builds the ARN of a key from its id.
func KMSKey(region, account, id string) string { return New("kms", region, account, "key/"+id) }

// KMSAlias builds the ARN of an alias; name includes its prefix ("alias/sales").
func KMSAlias(region, account, name string) string { return New("kms", region, account, name) }

// Secret builds the ARN of a secret; suffix is the six characters that
// Secrets Manager appends to the name.
func Secret(region, account, name, suffix string) string {
	return New("secretsmanager", region, account, "secret:"+name+"-"+suffix)
}

// S3 builds the ARN of a bucket (key empty) or of an object. S3 ARNs carry
// neither region nor account.
func S3(bucket, key string) string {
	if key == "" {
		return New("s3", "", "", bucket)
	}
	return New("s3", "", "", bucket+"/"+key)
}

// IAM builds the ARN of an IAM resource of the given kind ("user", "role",
// "group", "policy", "instance-profile") with its path, which begins and ends
// with a slash; an empty path means "/". The ARN of user dana with path
// "/eng/" ends in "user/eng/dana".
func IAM(account, kind, path, name string) string {
	return New("iam", "", account, kind+"/"+strings.TrimPrefix(path, "/")+name)
}

// Root builds the ARN that names an account, and its root user.
func Root(account string) string { return New("iam", "", account, "root") }

// AssumedRole builds the ARN of a role session. It carries the role's name
// without the role's path.
func AssumedRole(account, role, session string) string {
	return New("sts", "", account, "assumed-role/"+role+"/"+session)
}

// FederatedUser builds the ARN of a session made by sts:GetFederationToken.
func FederatedUser(account, name string) string {
	return New("sts", "", account, "federated-user/"+name)
}

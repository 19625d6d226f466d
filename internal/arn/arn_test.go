package arn

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePrintsBackTheSame(t *testing.T) {
	for _, s := range []string{
		"arn:aws:glue:us-east-1:111122223333:table/sales/orders",
		"arn:aws:glue:us-east-1:111122223333:connectionType:JDBC",
		"arn:aws:s3:::bucket/a:b/c",
		"arn:aws:iam::aws:policy/AdministratorAccess",
		"arn:aws:iam::111122223333:root",
	} {
		a, err := Parse(s)
		if err != nil {
			t.Errorf("Parse(%q): %v", s, err)
		}
		if a.String() != s {
			t.Errorf("Parse(%q).String() = %q", s, a)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{
		"", "*", "arn:aws:s3", "arn:aws:s3::bucket", "urn:aws:s3:::bucket", "arn::s3:::bucket",
		"arn:aws::::bucket", "arn:aws:s3:::", "arn:aws:iam::12345:root", "arn:aws:iam::12345678901x:root",
	} {
		if a, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", s, a)
		}
	}
}

func TestBuilders(t *testing.T) {
	const region, account = "us-east-1", "111122223333"
	for _, c := range []struct{ got, want string }{
		{Glue(region, account, "catalog"), "arn:aws:glue:us-east-1:111122223333:catalog"},
		{GlueDatabase(region, account, "db"), "arn:aws:glue:us-east-1:111122223333:database/db"},
		{GlueTable(region, account, "db", "t"), "arn:aws:glue:us-east-1:111122223333:table/db/t"},
		{Athena(region, account, "workgroup/w"), "arn:aws:athena:us-east-1:111122223333:workgroup/w"},
		{KMSKey(region, account, "k"), "arn:aws:kms:us-east-1:111122223333:key/k"},
		{KMSAlias(region, account, "alias/a"), "arn:aws:kms:us-east-1:111122223333:alias/a"},
		{Secret(region, account, "db", "AbCdEf"), "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"},
		{S3("b", ""), "arn:aws:s3:::b"},
		{S3("b", "k/x"), "arn:aws:s3:::b/k/x"},
		{IAM(account, "user", "", "dana"), "arn:aws:iam::111122223333:user/dana"},
		{IAM(account, "user", "/", "dana"), "arn:aws:iam::111122223333:user/dana"},
		{IAM(account, "role", "/service-role/", "R"), "arn:aws:iam::111122223333:role/service-role/R"},
		{Root(account), "arn:aws:iam::111122223333:root"},
		{AssumedRole(account, "R", "s"), "arn:aws:sts::111122223333:assumed-role/R/s"},
		{FederatedUser(account, "f"), "arn:aws:sts::111122223333:federated-user/f"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// The expected strings are what Java's String.toLowerCase(Locale.ROOT) answers.
func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"orders", "orders"},
		{"Orders_2026", "orders_2026"},
		{"İ", "i\u0307"},
		{"ΟΔΟΣ", "οδος"},
		{"ΣΑΣ ΣΑ", "σας σα"},
		{"Σ", "σ"},
		{"ÄÖÜẞ", "äöüß"},
		{"ＰＡＹ", "ｐａｙ"},
		{"K", "k"},
		{"Ⴀ", "ⴀ"},
		{"ǅ", "ǆ"},
		{"E\u0301", "e\u0301"},
	} {
		if got := Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFoldIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := Fold(rapid.String().Draw(t, "name"))
		if twice := Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q", once, twice)
		}
	})
}

func TestFoldAgreesWithStringsOnASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "name")
		if got := Fold(s); got != strings.ToLower(s) {
			t.Fatalf("Fold(%q) = %q", s, got)
		}
	})
}

func TestFoldOfLowerCaseDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Fold("sales_orders_2026") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package reference_test

import (
	"testing"

	"github.com/bindery-project/bindery/internal/policy/reference"
)

func TestEveryServiceCanBeRead(t *testing.T) {
	actions := 0
	for _, prefix := range reference.Prefixes() {
		actions += len(reference.Lookup(prefix).Actions)
	}
	if actions < 20000 {
		t.Errorf("%d actions, want those of all services", actions)
	}
}

func TestFindIgnoresCase(t *testing.T) {
	for _, name := range []string{"glue:GetTable", "GLUE:getTABLE", "glue:GetDataBases", "glue:notifyEvent", "glue:BatchDeleteJob", "kms:ReEncryptFrom"} {
		if reference.Find(name) == nil {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range []string{"kms:ReEncrypt", "glue:BatchDeletetTable", "nothing:GetTable", "glue"} {
		if reference.Find(name) != nil {
			t.Errorf("%s is known", name)
		}
	}
}

func TestSuggest(t *testing.T) {
	for action, want := range map[string]string{
		"glue:BatchDeletetTable":           "glue:BatchDeleteTable",
		"glue:UpdatateUserDefinedFunction": "glue:UpdateUserDefinedFunction",
		"glue:BatchCreatePartitions":       "glue:BatchCreatePartition",
		"kms:ReEncrypt":                    "kms:ReEncrypt*",
		"glue:GetDevEndponts":              "glue:GetDevEndpoints",
		"glue:ListDevEndponts":             "glue:ListDevEndpoints",
		"s3:GetObjct":                      "s3:GetObject",
		"gleu:GetTable":                    "glue:GetTable",
		"s3:Zzzzzzzzzz":                    "",
		"unheardof:GetTable":               "",
	} {
		if got := reference.Suggest(action); got != want {
			t.Errorf("%s: suggests %q, want %q", action, got, want)
		}
	}
}

func TestKeyType(t *testing.T) {
	for key, want := range map[string]string{
		"aws:SourceIp": "IPAddress", "aws:PrincipalTag/team": "String", "AWS:TAGKEYS": "ArrayOfString", "iam:PassedToService": "String",
		"s3:RequestObjectTag/a": "String", "glue:resourceTag/owner": "String", "accounts.google.com:aud": "", "kms:EncryptionContext:table": "String",
	} {
		if kind, known := reference.KeyType(key); !known || kind != want {
			t.Errorf("%s: %q, %t, want %q", key, kind, known, want)
		}
	}
	for _, key := range []string{"aws:Sourcip", "glue:Nothing", "aws:PrincipalTag/", "s3:prefixx"} {
		if _, known := reference.KeyType(key); known {
			t.Errorf("%s is known", key)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"Get*", "getTable", true},
		{"*Table*", "BatchDeleteTableVersion", true},
		{"Get?able", "GetTable", true},
		{"Get*", "BatchGet", false},
		{"GetTable", "GetTables", false},
		{"*", "x", true},
		{"*s", "GetTables", true},
	} {
		if reference.Like(c.pattern, c.name) != c.want {
			t.Errorf("%s like %s is not %t", c.pattern, c.name, c.want)
		}
	}
}

package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/lint"
)

const head = `{"Version":"2012-10-17","Statement":[`

// cases: a statement (or a whole document), the kind of policy, and the codes that are found.
var cases = []struct {
	name string
	kind policy.Kind
	text string
	want string // "LEVEL CODE", joined by ", "
}{
	{"nothing to say", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, ""},
	{"no JSON", policy.Identity, "{\n  \"Version\": -- comment\n}", "ERROR JSON_SYNTAX_ERROR"},
	{"duplicate key", policy.Identity, `{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`, "ERROR JSON_SYNTAX_ERROR"},
	{"no object", policy.Identity, `[]`, "ERROR DATA_TYPE_MISMATCH"},
	{"no statement", policy.Identity, `{"Version":"2012-10-17"}`, "ERROR MISSING_STATEMENT"},
	{"old version", policy.Identity, `{"Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}`, "WARNING MISSING_VERSION"},
	{"wrong version", policy.Identity, `{"Version":"2012-10-18","Statement":{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}}`, "ERROR INVALID_VERSION"},
	{"unknown element", policy.Identity, head + `{"Effect":"Deny","Acton":"s3:GetObject","Resource":"*"}]}`, "ERROR MISSING_ACTION, ERROR INVALID_POLICY_ELEMENT"},
	{"effect in lower case", policy.Identity, head + `{"Effect":"allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, "ERROR INVALID_EFFECT"},
	{"nothing named", policy.Identity, head + `{}]}`, "ERROR MISSING_EFFECT, ERROR MISSING_ACTION, ERROR MISSING_RESOURCE"},
	{"principal at a user", policy.Identity, head + `{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`, "ERROR UNSUPPORTED_PRINCIPAL"},
	{"no principal", policy.Resource, head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}]}`, "ERROR MISSING_PRINCIPAL"},
	{"both", policy.Identity, head + `{"Effect":"Deny","Action":"s3:GetObject","NotAction":"s3:PutObject","Resource":"*"}]}`, "ERROR UNSUPPORTED_ELEMENT_COMBINATION"},
	{"same sids", policy.Identity, head + `{"Sid":"A","Effect":"Deny","Action":"s3:GetObject","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"s3:PutObject","Resource":"*"}]}`, "ERROR UNIQUE_SIDS_REQUIRED"},

	{"misprint of the 2018 table", policy.Identity, head + `{"Effect":"Deny","Action":"glue:BatchDeletetTable","Resource":"*"}]}`, "ERROR INVALID_ACTION glue:BatchDeleteTable"},
	{"its other misprint", policy.Identity, head + `{"Effect":"Deny","Action":"glue:UpdatateUserDefinedFunction","Resource":"*"}]}`, "ERROR INVALID_ACTION glue:UpdateUserDefinedFunction"},
	{"misprint of the guide", policy.Identity, head + `{"Effect":"Deny","Action":"glue:BatchCreatePartitions","Resource":"*"}]}`, "ERROR INVALID_ACTION glue:BatchCreatePartition"},
	{"half a name", policy.Identity, head + `{"Effect":"Deny","Action":"kms:ReEncrypt","Resource":"*"}]}`, "ERROR INVALID_ACTION kms:ReEncrypt*"},
	{"permission of the console", policy.Identity, head + `{"Effect":"Allow","Action":["glue:BatchDeleteJob","GLUE:deletejob"],"Resource":"arn:aws:glue:*:*:job/a"}]}`, ""},
	{"no such service", policy.Identity, head + `{"Effect":"Deny","Action":"gleu:GetTable","Resource":"*"}]}`, "ERROR INVALID_SERVICE_IN_ACTION glue:GetTable"},
	{"pattern of nothing", policy.Identity, head + `{"Effect":"Deny","Action":"glue:Fetch*","Resource":"*"}]}`, "ERROR INVALID_ACTION"},
	{"no service", policy.Identity, head + `{"Effect":"Deny","Action":"GetTable","Resource":"*"}]}`, "ERROR INVALID_ACTION"},
	{"pattern of services", policy.Identity, head + `{"Effect":"Deny","Action":"s*:GetObject","Resource":"*"}]}`, "ERROR WILDCARD_IN_SERVICE_NAME"},
	{"named twice", policy.Identity, head + `{"Effect":"Deny","Action":["s3:Get*","s3:GetObject"],"Resource":"*"}]}`, "SUGGESTION REDUNDANT_ACTION"},
	{"unknown in NotAction", policy.Identity, head + `{"Effect":"Deny","NotAction":"nothing:X","Resource":"*"}]}`, ""},

	{"table right on a bucket", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable","Resource":"arn:aws:s3:::b"}]}`, "ERROR ACTION_RESOURCE_MISMATCH"},
	{"object right on a bucket", policy.Identity, head + `{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::b"}]}`, "ERROR ACTION_RESOURCE_MISMATCH"},
	{"one resource too many", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}]}`, "WARNING RESOURCE_OF_NO_ACTION"},
	{"wants a star", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetJobs","Resource":"arn:aws:glue:*:*:job/*"}]}`, "ERROR ACTION_NEEDS_STAR_RESOURCE"},
	{"table without its parents", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable","Resource":"arn:aws:glue:eu-west-1:111122223333:table/d/t"}]}`, "ERROR GLUE_MISSING_PARENT_RESOURCE"},
	{"parents in another statement", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable","Resource":"arn:aws:glue:eu-west-1:111122223333:table/d/t"},
		{"Effect":"Allow","Action":"glue:Get*","Resource":["arn:aws:glue:eu-west-1:111122223333:catalog","arn:aws:glue:eu-west-1:111122223333:database/d"]}]}`, ""},
	{"tables without their parents", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable","Resource":"arn:aws:glue:eu-west-1:111122223333:table/d/*"}]}`, "ERROR GLUE_MISSING_PARENT_RESOURCE"},
	{"pattern on a table without its parents", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable*","Resource":"arn:aws:glue:eu-west-1:111122223333:table/d/t"}]}`, "ERROR GLUE_MISSING_PARENT_RESOURCE"},
	{"database without tables", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable","Resource":["arn:aws:glue:eu-west-1:111122223333:catalog","arn:aws:glue:eu-west-1:111122223333:database/d"]}]}`, "ERROR GLUE_MISSING_PARENT_RESOURCE"},
	{"everything of the catalog", policy.Identity, head + `{"Effect":"Allow","Action":"glue:GetTable","Resource":"arn:aws:glue:*:111122223333:*"}]}`, ""},
	{"upper case", policy.Identity, head + `{"Effect":"Deny","Action":"glue:GetTable","Resource":"arn:aws:glue:*:*:table/Sales/${aws:PrincipalTag/Team}"}]}`, "WARNING GLUE_NAME_NOT_LOWER_CASE"},
	{"table without database", policy.Identity, head + `{"Effect":"Deny","Action":"glue:GetTable","Resource":"arn:aws:glue:*:*:table/orders"}]}`, "ERROR ACTION_RESOURCE_MISMATCH, WARNING GLUE_ARN_WITHOUT_DATABASE"},
	{"no region, no account", policy.Identity, head + `{"Effect":"Deny","Action":"glue:GetTable","Resource":"arn:aws:glue:::table/d/t"}]}`, "ERROR MISSING_ARN_FIELD, ERROR MISSING_ARN_REGION"},
	{"account of a bucket", policy.Identity, head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","Action":"s3:ListBucket","Resource":"arn:aws:s3::111122223333:b"}]}`, "ERROR ACTION_RESOURCE_MISMATCH, ERROR ARN_ACCOUNT_NOT_ALLOWED"},
	{"no ARN", policy.Identity, head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":"b/*"}]}`, "ERROR INVALID_ARN_PREFIX, ERROR ACTION_RESOURCE_MISMATCH"},
	{"resource twice", policy.Identity, head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b/a/*"]}]}`, "SUGGESTION REDUNDANT_RESOURCE"},

	{"writes on everything", policy.Identity, head + `{"Effect":"Allow","Action":"glue:*","Resource":"*"}]}`, "SECURITY_WARNING STAR_IN_WRITE_ACTION_AND_RESOURCE"},
	{"reads on everything", policy.Identity, head + `{"Effect":"Allow","Action":"glue:Get*","Resource":"*"}]}`, ""},
	{"any role", policy.Identity, head + `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}]}`, "SECURITY_WARNING PASS_ROLE_WITHOUT_SERVICE, SECURITY_WARNING PASS_ROLE_WITH_STAR_IN_RESOURCE"},
	{"a role to any service", policy.Identity, head + `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/r"}]}`, "SECURITY_WARNING PASS_ROLE_WITHOUT_SERVICE"},
	{"a role to a service", policy.Identity, head + `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/r","Condition":{"StringEquals":{"iam:PassedToService":"glue.amazonaws.com"}}}]}`, ""},
	{"all but", policy.Identity, head + `{"Effect":"Allow","NotAction":"iam:CreateUser","NotResource":"arn:aws:iam::111122223333:role/r"}]}`, "SECURITY_WARNING PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE"},

	{"unknown operator", policy.Identity, deny(`"StringEqual":{"aws:username":"a"}`), "ERROR INVALID_CONDITION_OPERATOR StringEquals"},
	{"unknown global key", policy.Identity, deny(`"StringEquals":{"aws:usernam":"a"}`), "ERROR INVALID_GLOBAL_CONDITION_KEY aws:username"},
	{"unknown key of a service", policy.Identity, deny(`"StringEquals":{"s3:prefixes":"a"}`), "ERROR INVALID_SERVICE_CONDITION_KEY"},
	{"key of another action", policy.Identity, deny(`"StringEquals":{"s3:prefix":"a"}`), "WARNING IRRELEVANT_CONDITION_KEY_IN_POLICY"},
	{"no key", policy.Identity, deny(`"StringEquals":{"username":"a"}`), "ERROR INVALID_CONDITION_KEY_FORMAT"},
	{"number", policy.Identity, deny(`"NumericLessThan":{"aws:MultiFactorAuthAge":"soon"}`), "ERROR TYPE_MISMATCH_NUMBER"},
	{"date", policy.Identity, deny(`"DateLessThan":{"aws:CurrentTime":"tomorrow"}`), "ERROR TYPE_MISMATCH_DATE"},
	{"boolean", policy.Identity, deny(`"Bool":{"aws:SecureTransport":"yes"}`), "ERROR TYPE_MISMATCH_BOOLEAN"},
	{"range", policy.Identity, deny(`"IpAddress":{"aws:SourceIp":"10.0.0/24"}`), "ERROR TYPE_MISMATCH_IP_RANGE"},
	{"operator of another type", policy.Identity, deny(`"NumericEquals":{"aws:username":"1"}`), "WARNING TYPE_MISMATCH"},
	{"wildcard without Like", policy.Identity, deny(`"StringEquals":{"aws:username":"a*"}`), "WARNING WILDCARD_WITHOUT_LIKE_OPERATOR"},
	{"several values", policy.Identity, deny(`"StringEquals":{"aws:TagKeys":"a"}`), "ERROR MISSING_QUALIFIER"},
	{"Null with IfExists", policy.Identity, deny(`"NullIfExists":{"aws:username":"true"}`), "ERROR NULL_WITH_IF_EXISTS"},
	{"ForAllValues of one", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ForAllValues:StringEquals":{"aws:username":"a"}}}]}`, "SECURITY_WARNING FORALLVALUES_WITH_SINGLE_VALUED_KEY"},
	{"variable in a number", policy.Identity, deny(`"NumericEquals":{"aws:MultiFactorAuthAge":"${aws:username}"}`), "ERROR INVALID_VARIABLE_FOR_OPERATOR"},

	{"said twice", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/a"},{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}]}`, "SUGGESTION REDUNDANT_STATEMENT"},
	{"the same twice", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, "SUGGESTION REDUNDANT_STATEMENT"},
	{"denied anyway", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/a"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}]}`, "WARNING STATEMENT_DENIED"},
	{"denied under a condition", policy.Identity, head + `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/a"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, ""},
	{"union of two", policy.Identity, head + `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/a*"},{"Effect":"Allow","Action":["s3:Get*","s3:Put*"],"Resource":["arn:aws:s3:::b/a","arn:aws:s3:::b/a?*"]}]}`, "SUGGESTION REDUNDANT_STATEMENT"},

	{"everyone", policy.Resource, head + `{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, "SECURITY_WARNING PRINCIPAL_IS_EVERYONE"},
	{"all but one", policy.Resource, head + `{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, "SECURITY_WARNING ALLOW_WITH_NOT_PRINCIPAL"},
	{"kind of principal", policy.Resource, head + `{"Effect":"Deny","Principal":{"Aws":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`, "ERROR INVALID_PRINCIPAL_KEY"},
	{"trust", policy.Trust, head + `{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, ""},
	{"trust of a resource", policy.Trust, head + `{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}]}`, "ERROR ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"},
	{"too long", policy.Identity, head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + strings.Repeat("b", 7000) + `"}]}`, "ERROR ACTION_RESOURCE_MISMATCH, WARNING POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"},
	{"refused by the parser alone", policy.Identity, head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username"}]}`, "ERROR INVALID_POLICY"},
}

func deny(condition string) string {
	return head + `{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{` + condition + `}}]}`
}

func TestFindings(t *testing.T) {
	for _, c := range cases {
		var got []string
		found := lint.Check([]byte(c.text), c.kind)
		for _, f := range found {
			got = append(got, string(f.Level)+" "+f.Code)
		}
		want := strings.Split(c.want, ", ")
		if c.want == "" {
			want = nil
		}
		for i, w := range want { // a third word stands in the message
			if fields := strings.Fields(w); len(fields) == 3 {
				want[i] = fields[0] + " " + fields[1]
				if i < len(found) && !strings.Contains(found[i].Message, fields[2]) {
					t.Errorf("%s: %q does not suggest %s", c.name, found[i].Message, fields[2])
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %v, want %v\n%s", c.name, got, want, messages(found))
		}
	}
}

func messages(found []lint.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "  %d:%d %s %s\n", f.Start.Line, f.Start.Column, f.Code, f.Message)
	}
	return b.String()
}

// TestPlaces: a finding points at what it is about.
func TestPlaces(t *testing.T) {
	text := "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"Deny\", \"Action\": [\"ü:x\", \"glue:BatchDeletetTable\"], \"Resource\": \"*\"}]\n}"
	found := lint.Check([]byte(text), policy.Identity)
	if len(found) != 2 {
		t.Fatalf("found %s", messages(found))
	}
	f := found[1]
	if got := string([]rune(text)[f.Start.Offset:f.End.Offset]); got != `"glue:BatchDeletetTable"` {
		t.Errorf("it points at %s", got)
	}
	if f.Start.Line != 3 || f.Start.Column != 53 {
		t.Errorf("it stands at %+v", f.Start)
	}
	var path []string
	for _, s := range f.Path {
		if s.Index != nil {
			path = append(path, fmt.Sprint(*s.Index))
		} else {
			path = append(path, s.Value)
		}
	}
	if got := strings.Join(path, "/"); got != "Statement/0/Action/1" {
		t.Errorf("its path is %s", got)
	}
}

// FuzzCheck: whatever the text is, the places lie in it, and a document without errors parses.
func FuzzCheck(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text, byte(c.kind))
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		k := policy.Kind(kind % 7)
		found := lint.Check([]byte(text), k)
		for _, x := range found {
			if x.Start.Offset > x.End.Offset || x.End.Offset > len([]rune(text)) {
				t.Errorf("%s lies at %v-%v", x.Code, x.Start, x.End)
			}
		}
		if _, err := policy.Parse([]byte(text), k); err != nil && !lint.Worst(found, lint.Error) {
			t.Errorf("no error is found, and it does not parse: %v", err)
		}
	})
}

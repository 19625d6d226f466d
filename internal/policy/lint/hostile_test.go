package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/lint"
)

// TestHostileDocuments: the longest documents, made to be slow, are judged to the end. Without
// the table of places and the classes of patterns some of them outlast the test's time limit.
func TestHostileDocuments(t *testing.T) {
	var many, wild, actions []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b%d*/*a"}`, i))
		wild = append(wild, fmt.Sprintf(`"arn:aws:s3:::*a*b*c*%d*%d*d*"`, i, i*7))
		actions = append(actions, fmt.Sprintf(`"s3:*e*t*%c*"`, 'a'+i%26))
	}
	for name, text := range map[string]string{
		"statements": head + strings.Join(many, ",") + `]}`,
		"resources":  head + `{"Effect":"Allow","Action":"s3:*","Resource":[` + strings.Join(wild, ",") + `]}]}`,
		"two of them": head + `{"Effect":"Allow","Action":"s3:*","Resource":[` + strings.Join(wild[:500], ",") + `]},
			{"Effect":"Allow","Action":"s3:*","Resource":[` + strings.Join(wild[500:], ",") + `]}]}`,
		"short actions": head + `{"Effect":"Allow","Action":["s3:*a` + strings.Repeat(`","s3:*a`, 12000) + `"],"Resource":"arn:aws:s3:::b/*"}]}`,
		"glue":          head + `{"Effect":"Allow","Action":"glue:*","Resource":"arn:aws:glue:*:*:table/a/b"}` + strings.Repeat(`,{"Effect":"Allow","Action":"glue:*","Resource":"arn:aws:glue:*:*:table/a/b"}`, 1500) + `]}`,
		"actions":       head + `{"Effect":"Allow","Action":[` + strings.Join(actions, ",") + `],"Resource":"arn:aws:s3:::b/*"}]}`,
	} {
		if len(lint.Check([]byte(text), policy.Identity)) == 0 {
			t.Errorf("%s: %d bytes, and nothing was found", name, len(text))
		}
	}
}

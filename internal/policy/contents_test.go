package policy

import (
	"slices"
	"testing"
)

func TestContents(t *testing.T) {
	p, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":["glue:GetTable","glue:Get*"],"Resource":"arn:aws:glue:r:111122223333:catalog"},
		{"Effect":"Deny","Principal":"*","NotAction":"*","NotResource":["*","arn:aws:glue:r:111122223333:table/*"]}]}`), Resource)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Actions(), []string{"glue:GetTable", "glue:Get*", "*"}; !slices.Equal(got, want) {
		t.Errorf("actions %q, want %q", got, want)
	}
	if got, want := p.Resources(), []string{"arn:aws:glue:r:111122223333:catalog", "*", "arn:aws:glue:r:111122223333:table/*"}; !slices.Equal(got, want) {
		t.Errorf("resources %q, want %q", got, want)
	}
}

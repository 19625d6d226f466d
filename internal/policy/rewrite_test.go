package policy

import "testing"

func TestReplacePrincipal(t *testing.T) {
	const ana, id = "arn:aws:iam::111122223333:user/ana", "AIDAABCDEFGHIJKLMNOPQ"
	for _, c := range []struct{ text, want string }{
		{
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + ana + `"},"Action":"sts:AssumeRole"}}`,
			`{"Statement":{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"AWS":"` + id + `"}},"Version":"2012-10-17"}`,
		},
		{ // another spelling of the same string, in a list, beside one that only begins alike
			`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user\/ana","` + ana + `2"]},"Action":"<*>","Condition":{"NumericLessThan":{"a:b":1.50}}}]}`,
			`{"Statement":[{"Action":"<*>","Condition":{"NumericLessThan":{"a:b":1.50}},"Effect":"Deny","NotPrincipal":{"AWS":["` + id + `","` + ana + `2"]}}]}`,
		},
		{`{"Statement": [{"Principal":"*","Resource":"` + ana + `"}]}`, ""},
	} {
		got, changed, err := ReplacePrincipal(c.text, ana, id)
		if err != nil {
			t.Fatal(err)
		}
		if want := c.want; changed != (want != "") || (changed && got != want) || (!changed && got != c.text) {
			t.Errorf("changed %t: %s", changed, got)
		}
	}
}

func TestReplacePrincipalLeavesWhatIsNotThere(t *testing.T) {
	const other = `{"Statement":{"Principal":{"AWS":"arn:aws:iam::111122223333:user/bea"}}}`
	if got, changed, err := ReplacePrincipal(other, "arn:aws:iam::111122223333:user/ana", "AIDA1"); got != other || changed || err != nil {
		t.Errorf("got %s, %t, %v", got, changed, err)
	}
	if _, _, err := ReplacePrincipal(`{`, "a", "b"); err == nil {
		t.Error("a text that is no JSON was rewritten")
	}
}

func TestNobodyTrustsNobody(t *testing.T) {
	r := Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/r", Principal: Principal{Type: User, ARN: "arn:aws:iam::111122223333:user/ana", Account: "111122223333"}}
	if d := Evaluate(&r, &Layers{Resource: []*Policy{Nobody(Trust)}, ResourceRule: Explicit}); d.Allowed() {
		t.Errorf("decided %+v", d)
	}
}

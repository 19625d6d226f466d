package arn

import "testing"

func TestSplitCatalog(t *testing.T) {
	for id, want := range map[string][2]string{
		"":                     {"", ""},
		"111122223333":         {"111122223333", ""},
		"111122223333:lake":    {"111122223333", "lake"},
		"lake":                 {"", "lake"},
		"11112222333":          {"", "11112222333"},
		"111122223333:":        {"111122223333", ""},
		":lake":                {"", "lake"},
		"lake:111122223333":    {"lake", "111122223333"},
		"111122223333:a:b":     {"111122223333", "a:b"},
		"111122223333:lake/db": {"111122223333", "lake/db"},
	} {
		if account, name := SplitCatalog(id); account != want[0] || name != want[1] {
			t.Errorf("SplitCatalog(%q) = %q, %q", id, account, name)
		}
	}
}

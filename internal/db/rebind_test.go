package db

import "testing"

func TestRebind(t *testing.T) {
	cases := map[string]string{
		`a = ? AND b = ?`:            `a = $1 AND b = $2`,
		`a = '?' AND b = ?`:          `a = '?' AND b = $1`,
		`"a?" = ? -- why?` + "\n, ?": `"a?" = $1 -- why?` + "\n, $2",
		`/* ? */ ?`:                  `/* ? */ $1`,
		`'it''s ?' ?`:                `'it''s ?' $1`,
		`'open ?`:                    `'open ?`,
		``:                           ``,
	}
	for in, want := range cases {
		if got := rebind(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

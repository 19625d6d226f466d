package policy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the expected results in testdata")

// scenario is one case of a file in testdata/decisions; testdata/README.md
// describes the format.
type scenario struct {
	name    string
	layers  policy.Layers
	request policy.Request
	context policy.Map
}

func newScenario(name string) *scenario {
	s := &scenario{name: name, context: policy.Map{}}
	s.request.Principal = principal("user arn:aws:iam::111122223333:user/dana AIDADANA00000000000")
	return s
}

func TestDecisions(t *testing.T) {
	files, err := filepath.Glob("testdata/decisions/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no decision files: %v", err)
	}
	asked := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { asked += runFile(t, file) })
	}
	if asked < 200 {
		t.Errorf("only %d questions were asked", asked)
	}
}

// runFile judges every "ask" of a file and answers how many there were.
func runFile(t *testing.T, file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := joinContinuations(strings.Split(strings.TrimRight(string(text), "\n"), "\n"))
	asked := 0
	var s *scenario
	for i, line := range lines {
		keyword, rest, _ := strings.Cut(line, ":")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "=== "):
			s = newScenario(line[4:])
		case keyword == "ask":
			asked++
			lines[i] = s.ask(t, line)
		default:
			if err := s.set(keyword, strings.TrimSpace(rest)); err != nil {
				t.Fatalf("%s: %s: %q: %v", file, s.name, line, err)
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return asked
}

// joinContinuations appends a line that begins with a space to the one before,
// line break included, so that -update writes the file back as it was.
func joinContinuations(lines []string) []string {
	var joined []string
	for _, line := range lines {
		if strings.HasPrefix(line, " ") && len(joined) > 0 {
			joined[len(joined)-1] += "\n" + line
			continue
		}
		joined = append(joined, line)
	}
	return joined
}

func (s *scenario) set(keyword, rest string) error {
	word, level, _ := strings.Cut(keyword, " ")
	switch word {
	case "principal":
		s.request.Principal = principal(rest)
	case "owner":
		s.request.ResourceAccount = rest
	case "context":
		key, values, _ := strings.Cut(rest, "=")
		s.context[policy.KeyName(strings.TrimSpace(key))] = splitValues(values)
	case "forget":
		delete(s.context, policy.KeyName(rest))
	case "rule":
		s.layers.ResourceRule = map[string]policy.Rule{"union": policy.Union, "explicit": policy.Explicit}[rest]
	case "clear":
		s.layers = policy.Layers{}
	default:
		return s.setPolicy(word, level, rest)
	}
	return nil
}

func splitValues(text string) []string {
	values := strings.Split(text, "|")
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
	}
	return values
}

func (s *scenario) setPolicy(word, level, text string) error {
	kind, ok := map[string]policy.Kind{
		"identity": policy.Identity, "resource": policy.Resource, "trust": policy.Trust,
		"boundary": policy.Boundary, "session": policy.Session, "scp": policy.SCP, "rcp": policy.RCP,
	}[word]
	if !ok {
		return fmt.Errorf("unknown keyword %q", word)
	}
	p := policy.Broken(strings.TrimPrefix(text, "broken "))
	if !strings.HasPrefix(text, "broken ") {
		var err error
		if p, err = policy.Parse([]byte(wrap(text)), kind); err != nil {
			return err
		}
	}
	l := &s.layers
	switch kind {
	case policy.Identity:
		l.Identity = append(l.Identity, p)
	case policy.Resource, policy.Trust:
		l.Resource = append(l.Resource, p)
	case policy.Boundary:
		l.Boundary = p
	case policy.Session:
		l.Session, l.HasSession = append(l.Session, p), true
	case policy.SCP:
		l.SCP = atLevel(l.SCP, level, p)
	case policy.RCP:
		l.RCP = atLevel(l.RCP, level, p)
	}
	return nil
}

func atLevel(levels [][]*policy.Policy, level string, p *policy.Policy) [][]*policy.Policy {
	n, err := strconv.Atoi(level)
	if err != nil {
		panic(err)
	}
	for len(levels) < n {
		levels = append(levels, nil)
	}
	levels[n-1] = append(levels[n-1], p)
	return levels
}

// wrap makes a policy of bare statements.
func wrap(text string) string {
	if strings.HasPrefix(text, `{"Version"`) || strings.HasPrefix(text, `{"Statement"`) {
		return text
	}
	return `{"Version":"2012-10-17","Statement":[` + text + `]}`
}

// principal reads "type [arn-or-service] [role-arn] [id]".
func principal(text string) policy.Principal {
	f := append(strings.Fields(text), "", "", "")
	account := func() string { return strings.Split(f[1], ":")[4] }
	switch f[0] {
	case "root":
		return policy.Principal{Type: policy.Root, ARN: f[1], Account: account()}
	case "user":
		return policy.Principal{Type: policy.User, ARN: f[1], UserID: f[2], Account: account()}
	case "federated-user":
		return policy.Principal{Type: policy.FederatedUser, ARN: f[1], Account: account()}
	case "session":
		return policy.Principal{Type: policy.AssumedRole, ARN: f[1], RoleARN: f[2], UserID: f[3], Account: account()}
	case "service":
		return policy.Principal{Type: policy.Service, Service: f[1]}
	case "provider":
		return policy.Principal{Type: policy.Federated, ARN: f[1]}
	case "anonymous":
		return policy.Principal{}
	}
	panic("unknown principal type " + f[0])
}

// ask judges "ask: action resource -> effect by layer" and answers the line as
// it should be. Every question is also put to Explain and Simulate.
func (s *scenario) ask(t *testing.T, line string) string {
	question, want, _ := strings.Cut(strings.TrimPrefix(line, "ask:"), "->")
	f := append(strings.Fields(question), "*")
	r := s.request
	r.Action, r.Resource, r.Context = f[0], f[1], s.context
	d := policy.Evaluate(&r, &s.layers)
	if e := policy.Explain(&r, &s.layers); e.Decision() != d {
		t.Errorf("%s: %s: Explain answers %+v, Evaluate %+v", s.name, line, e.Decision(), d)
	}
	if sim := policy.Simulate(r, &s.layers, f[:1], f[1:2]); sim[0].Effect != d.Effect || sim[0].Layer != d.Layer {
		t.Errorf("%s: %s: Simulate answers %+v, Evaluate %+v", s.name, line, sim[0], d)
	}
	got := d.Effect.String()
	if d.Layer != policy.LayerNone {
		got += " by " + d.Layer.String()
	}
	if strings.TrimSpace(want) != got && !*update {
		t.Errorf("%s: %s\n\tgot %s", s.name, line, got)
	}
	return "ask:" + strings.TrimRight(question, " ") + " -> " + got
}

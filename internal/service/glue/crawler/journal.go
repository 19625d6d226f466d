package crawler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/op"
)

// maxLines bounds the log of one crawl; what comes after is counted.
const maxLines = 10_000

// journal collects the lines that a crawl writes for people.
type journal struct {
	clock clock.Clock
	mu    sync.Mutex
	lines []logLine
	more  int
}

func (j *journal) info(format string, args ...any) { j.add("INFO", format, args...) }

func (j *journal) add(level, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.lines) >= maxLines {
		j.more++
		return
	}
	text := strings.ToValidUTF8(fmt.Sprintf(format, args...), "\uFFFD")
	j.lines = append(j.lines, logLine{At: op.Millis(clock.Millis(j.clock.Now())), Level: level, Text: text})
}

// all returns the lines, the last of which says how many there are no more.
func (j *journal) all() []logLine {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := slices.Clone(j.lines)
	if j.more > 0 {
		last := lines[len(lines)-1]
		lines = append(lines, logLine{At: last.At, Level: "WARN", Text: fmt.Sprintf("%d more lines are left out", j.more)})
	}
	return lines
}

// maxNamed is how many names and reasons a summary lists; its counts are whole.
const maxNamed = 100

// summary is CrawlerHistory.Summary: what a crawl changed, and which objects no table can use.
type summary struct {
	mu         sync.Mutex
	Tables     map[Action]*changed `json:"TABLES,omitempty"`
	Partitions map[Action]*changed `json:"PARTITIONS,omitempty"`
	Objects    struct {
		Listed    int64 `json:"Listed"`
		Inspected int64 `json:"Inspected"`
		Broken    int64 `json:"Broken"`
	} `json:"OBJECTS"`
	Broken []brokenObject `json:"BROKEN,omitempty"`
	Notes  []string       `json:"NOTES,omitempty"`
}

// changed counts changes of one sort.
type changed struct {
	Details struct {
		Names []string `json:"names"`
	} `json:"Details"`
	Count int `json:"Count"`
}

type brokenObject struct {
	Object string `json:"Object"`
	Reason string `json:"Reason"`
}

// summaryWords are the words of the summary for actions.
var summaryWords = map[Action]Action{Create: "ADD", Update: "UPDATE", Deprecate: "DEPRECATE", Delete: "DELETE"}

func (s *summary) table(action Action, name string) { count(&s.mu, &s.Tables, action, name) }

func (s *summary) partitions(action Action, names ...string) {
	for _, name := range names {
		count(&s.mu, &s.Partitions, action, name)
	}
}

func count(mu *sync.Mutex, of *map[Action]*changed, action Action, name string) {
	mu.Lock()
	defer mu.Unlock()
	if *of == nil {
		*of = map[Action]*changed{}
	}
	word := cmp.Or(summaryWords[action], action)
	c := (*of)[word]
	if c == nil {
		c = &changed{}
		(*of)[word] = c
	}
	c.Count++
	if len(c.Details.Names) < maxNamed {
		c.Details.Names = append(c.Details.Names, name)
	}
}

func (s *summary) inspected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Objects.Inspected++
}

func (s *summary) broken(object, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Objects.Broken++
	if len(s.Broken) < maxNamed {
		s.Broken = append(s.Broken, brokenObject{object, reason})
	}
}

func (s *summary) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.Notes) < maxNamed {
		s.Notes = append(s.Notes, text)
	}
}

func (s *summary) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return ""
	}
	return string(text)
}

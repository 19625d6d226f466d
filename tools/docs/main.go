// Command docs checks what the documents say against the tree: every path and
// link that they name exists, and so does every make target. It fails when a
// document lies, and when it found nothing to check.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	code   = regexp.MustCompile("`([^`\n]+)`")
	link   = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	target = regexp.MustCompile(`\bmake ([a-z][a-z-]*)\b`)
	roots  = regexp.MustCompile(`^(cmd|docs|examples|internal|models|test|tools|studio|changes|\.ci)/[A-Za-z0-9_./-]*$`)
)

// checker collects what is wrong.
type checker struct {
	targets map[string]bool
	checked int
	wrong   []string
}

func main() {
	c := &checker{targets: map[string]bool{}}
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(2)
	}
	for _, w := range c.wrong {
		fmt.Fprintln(os.Stderr, w)
	}
	fmt.Printf("%d references in documents checked, %d wrong\n", c.checked, len(c.wrong))
	if len(c.wrong) > 0 || c.checked == 0 {
		os.Exit(1)
	}
}

func (c *checker) run() error {
	if err := c.readTargets("Makefile"); err != nil {
		return err
	}
	return filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == ".cache" || d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "vectors") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".md" || strings.HasPrefix(path, "docs/operations/") {
			return nil
		}
		return c.document(path)
	})
}

// readTargets lists the targets of the Makefile.
func (c *checker) readTargets(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(name, " \t.$=#") {
			c.targets[name] = true
		}
	}
	return nil
}

func (c *checker) document(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for n, line := range strings.Split(string(text), "\n") {
		at := fmt.Sprintf("%s:%d", path, n+1)
		for _, m := range code.FindAllStringSubmatch(line, -1) {
			c.path(at, m[1])
		}
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			c.link(at, filepath.Dir(path), m[1])
		}
		for _, m := range target.FindAllStringSubmatch(line, -1) {
			c.target(at, line, m[1])
		}
	}
	return nil
}

func (c *checker) path(at, text string) {
	if !roots.MatchString(text) {
		return
	}
	c.exists(at, text, strings.TrimSuffix(text, "/..."))
}

func (c *checker) link(at, dir, to string) {
	if !strings.Contains(to, "://") && !strings.HasPrefix(to, "mailto:") {
		c.exists(at, to, filepath.Join(dir, to))
	}
}

func (c *checker) exists(at, shown, path string) {
	c.checked++
	if _, err := os.Stat(path); err != nil {
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %s does not exist", at, shown))
	}
}

// target checks "make x" where it is a command: in code, not in prose.
func (c *checker) target(at, line, name string) {
	if !strings.Contains(line, "`make "+name) && !strings.HasPrefix(strings.TrimSpace(line), "make ") {
		return
	}
	c.checked++
	if !c.targets[name] {
		c.wrong = append(c.wrong, fmt.Sprintf("%s: there is no target %q", at, name))
	}
}

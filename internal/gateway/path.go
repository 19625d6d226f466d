package gateway

import (
	"net/http"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// pathRoute is one REST binding: a method and a URI template.
type pathRoute struct {
	service  *op.Service
	method   string
	template string // without slashes around it and without its query
	literals int    // how many of its segments are not labels
	name     string
}

func (t *routes) addPaths(s *op.Service) {
	if s.Model.Protocol != op.RestJSON {
		return
	}
	for _, b := range s.Operations {
		path, _, _ := strings.Cut(b.Path, "?")
		template := strings.Trim(path, "/")
		literals := strings.Count(template, "/") + 1 - strings.Count(template, "{")
		t.paths = append(t.paths, pathRoute{s, b.Method, template, literals, b.Name})
	}
}

// matchPath finds the operation of a REST request and its path labels. Of two
// templates that match, the one with more literal segments wins.
func (t *routes) matchPath(s *op.Service, r *http.Request) (string, map[string]string) {
	path := strings.Trim(r.URL.EscapedPath(), "/")
	best, name, labels := -1, "", map[string]string(nil)
	for i := range t.paths {
		p := &t.paths[i]
		if p.service != s || p.method != r.Method || p.literals <= best {
			continue
		}
		if got, ok := wire.MatchPath(p.template, path); ok {
			best, name, labels = p.literals, p.name, got
		}
	}
	return name, labels
}

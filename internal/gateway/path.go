package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// pathRoute is one REST binding: a method and a URI template.
type pathRoute struct {
	service  *op.Service
	method   string
	segments []string
	name     string
}

func (t *routes) addPaths(s *op.Service) {
	if s.Model.Protocol != op.RestJSON {
		return
	}
	for _, b := range s.Operations {
		path, _, _ := strings.Cut(b.Path, "?")
		t.paths = append(t.paths, pathRoute{s, b.Method, strings.Split(strings.Trim(path, "/"), "/"), b.Name})
	}
}

// matchPath finds the operation of a REST request and its path labels. Of two
// templates that match, the one with more literal segments wins.
func (t *routes) matchPath(s *op.Service, r *http.Request) (string, map[string]string) {
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	best, name, labels := -1, "", map[string]string(nil)
	for i := range t.paths {
		p := &t.paths[i]
		if p.service != s || p.method != r.Method {
			continue
		}
		if got, literal, ok := p.match(parts); ok && literal > best {
			best, name, labels = literal, p.name, got
		}
	}
	return name, labels
}

func (p *pathRoute) match(parts []string) (labels map[string]string, literal int, ok bool) {
	labels = map[string]string{}
	for i, seg := range p.segments {
		label, isLabel := strings.CutPrefix(seg, "{")
		if greedy, yes := strings.CutSuffix(label, "+}"); isLabel && yes && i < len(parts) {
			labels[greedy] = unescape(strings.Join(parts[i:], "/"))
			return labels, literal, true
		}
		if i >= len(parts) {
			return nil, 0, false
		}
		switch {
		case isLabel:
			labels[strings.TrimSuffix(label, "}")] = unescape(parts[i])
		case seg == parts[i]:
			literal++
		default:
			return nil, 0, false
		}
	}
	return labels, literal, len(p.segments) == len(parts)
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// Package tiny is a service as a service should be: a facade over resources.
package tiny

import (
	"github.com/bindery-project/bindery/internal/api/tinyapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/tiny/box"
)

type rest struct{ tinyapi.Refused }

// Service answers the tiny API.
type Service struct {
	rest
	*box.Boxes
}

// Bind lists the operations.
func (s *Service) Bind() *op.Service { return nil }

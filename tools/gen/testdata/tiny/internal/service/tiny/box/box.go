// Package box keeps boxes.
package box

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/tinyapi"
)

// Boxes keeps boxes.
type Boxes struct{}

// GetBox returns a box.
func (b *Boxes) GetBox(context.Context, *tinyapi.GetBoxInput) (*tinyapi.GetBoxOutput, error) {
	return nil, nil
}

package wire

import (
	"reflect"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// foldField lowers a catalog name, or each name of a list, as soon as it is
// read: authorization, keys and handlers see only the folded form.
func foldField(f *field, v reflect.Value) {
	if f.ptr {
		v = v.Elem()
	}
	switch f.plan.shape.Kind {
	case op.String, op.Enum:
		v.SetString(arn.Fold(v.String()))
	case op.List:
		foldList(f.plan, v)
	}
}

func foldList(p *plan, v reflect.Value) {
	if k := p.elem.plan.shape.Kind; k != op.String && k != op.Enum {
		return
	}
	for i := range v.Len() {
		if elem := reflect.Indirect(v.Index(i)); elem.IsValid() {
			elem.SetString(arn.Fold(elem.String()))
		}
	}
}

// foldNames folds every marked member at and below v.
func foldNames(p *plan, v reflect.Value) {
	switch p.shape.Kind {
	case op.Structure, op.Union:
		for i := range p.fields {
			f := &p.fields[i]
			fv := v.Field(f.Field)
			if !f.present(fv) {
				continue
			}
			if f.Fold {
				foldField(f, fv)
			}
			foldNames(f.plan, reflect.Indirect(fv))
		}
	case op.List:
		if isFlat(p.elem.plan) {
			return
		}
		for i := range v.Len() {
			if elem := reflect.Indirect(v.Index(i)); elem.IsValid() {
				foldNames(p.elem.plan, elem)
			}
		}
	}
}

package policies

import (
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/kubeknot/kubeknot/analyzer/quantity"
)

// This file guards built-in functions of Rego that an evaluation is not
// interrupted in, and that take time or memory by the value of a number: they
// expand the exponent of a text, or shift by as many bits as they are told
// (github.com/open-policy-agent/opa/v1/topdown parse_units.go, casts.go, bits.go).

// maxShift is how many bits a number may be shifted by.
const maxShift = 1 << 20

var errAbsurd = errors.New("the number is too large to compute with")

func init() {
	for _, name := range []string{ast.UnitsParse.Name, ast.UnitsParseBytes.Name, ast.ToNumber.Name} {
		guardBuiltin(name, func(operands []*ast.Term) error {
			text, ok := operands[0].Value.(ast.String)
			if ok && quantity.Expands(string(text)) {
				return fmt.Errorf("%s: %w", name, errAbsurd)
			}
			return nil
		})
	}
	for _, name := range []string{ast.BitsShiftLeft.Name, ast.BitsShiftRight.Name} {
		guardBuiltin(name, func(operands []*ast.Term) error {
			number, ok := operands[1].Value.(ast.Number)
			if !ok {
				return nil
			}
			if n, small := number.Int(); !small || n > maxShift {
				return fmt.Errorf("%s: %w", name, errAbsurd)
			}
			return nil
		})
	}
}

// guardBuiltin puts a check before a built-in function: its error makes the call
// undefined, as that of the function itself does.
func guardBuiltin(name string, check func(operands []*ast.Term) error) {
	call := topdown.GetBuiltin(name)
	topdown.RegisterBuiltinFunc(name, func(c topdown.BuiltinContext, operands []*ast.Term, yield func(*ast.Term) error) error {
		if err := check(operands); err != nil {
			return err
		}
		return call(c, operands, yield)
	})
}

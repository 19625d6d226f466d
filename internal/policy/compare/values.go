package compare

import (
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/policy/language"
)

// values are single values of the key such that every value a request may carry is treated like
// one of them. exact is false when that is not sure.
func (k *key) values() (out []string, exact bool) {
	families := map[string][]*atom{}
	for _, a := range k.atoms {
		if a.family != "Null" {
			families[a.family] = append(families[a.family], a)
		}
	}
	exact = len(families) <= 1
	for _, name := range []string{"String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn"} {
		if list := families[name]; list != nil {
			found, complete := sources[name](operands(list), list)
			out, exact = append(out, found...), exact && complete
		}
	}
	for _, a := range k.atoms { // what a variable may make of a value
		if a.open {
			for _, v := range a.parts.Values {
				out = append(out, fillVariables(v))
			}
		}
	}
	out = append(out, "-") // which no operator but those on strings can judge
	slices.Sort(out)
	return slices.Compact(out), exact
}

// sources make the values for each family of operators.
var sources = map[string]func(operands []string, atoms []*atom) ([]string, bool){
	"String": stringValues, "Numeric": numberValues, "Date": dateValues, "Ip": addressValues, "Arn": arnValues,
	"Bool":   func([]string, []*atom) ([]string, bool) { return []string{"true", "false"}, true },
	"Binary": func(operands []string, _ []*atom) ([]string, bool) { return append(operands, "AAAA"), true },
}

func operands(atoms []*atom) []string {
	var out []string
	for _, a := range atoms {
		if !a.open {
			out = append(out, a.parts.Values...)
		}
	}
	return out
}

// placeholder is the value that variables get in examples.
const placeholder = "someone"

// fillVariables replaces the variables of a text.
func fillVariables(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		if name == "*" || name == "?" || name == "$" {
			b.WriteString(name)
		} else {
			b.WriteString(placeholder)
		}
		text = after
	}
}

// valueEffort bounds the sorting of the values of one key.
const valueEffort = 20_000_000

var (
	anyText = language.Compile("*", language.Reading{Wildcards: true})
	noNames = &language.Variables{} // of patterns without variables: for "${*}" and the like
)

// stringValues sorts all texts by the patterns of the operators. Text in which "${" is ordinary
// cannot be told apart here from version 2012's; atoms with it are open.
func stringValues(_ []string, atoms []*atom) ([]string, bool) {
	var readers []language.Reader
	for _, a := range atoms {
		if a.open {
			continue
		}
		how := language.Reading{Wildcards: strings.Contains(a.parts.Operator, "Like"), Fold: strings.Contains(a.parts.Operator, "IgnoreCase")}
		for _, v := range a.parts.Values {
			p := language.Compile(v, how)
			readers = append(readers, language.Reader{Pattern: &p})
		}
	}
	return texts(language.Explore(language.NewBudget(valueEffort), []language.Reader{{Pattern: &anyText}}, readers))
}

func texts(classes []language.Class, complete bool) ([]string, bool) {
	var out []string
	for _, c := range classes {
		out = append(out, string(c.Text))
	}
	return out, complete
}

func arnValues(_ []string, atoms []*atom) ([]string, bool) {
	var readers []language.Reader
	for _, a := range atoms {
		for _, v := range a.parts.Values {
			if a.open || v == "*" {
				continue
			}
			p := language.CompileARN(v, language.Reading{Wildcards: true, Variables: noNames})
			readers = append(readers, language.Reader{Pattern: &p})
		}
	}
	return texts(language.Explore(language.NewBudget(valueEffort), []language.Reader{{Pattern: &anyARN}}, readers))
}

// numberValues are the numbers themselves, one between each two, one below and one above.
func numberValues(operands []string, _ []*atom) ([]string, bool) {
	var points []*big.Rat
	for _, text := range operands {
		if r, ok := new(big.Rat).SetString(text); ok {
			points = append(points, r)
		}
	}
	slices.SortFunc(points, (*big.Rat).Cmp)
	out := []string{"0"}
	one, half := big.NewRat(1, 1), big.NewRat(1, 2)
	for i, p := range points {
		out = append(out, decimal(p))
		if i == 0 {
			out = append(out, decimal(new(big.Rat).Sub(p, one)))
		} else {
			sum := new(big.Rat).Add(points[i-1], p)
			out = append(out, decimal(sum.Mul(sum, half)))
		}
		if i == len(points)-1 {
			out = append(out, decimal(new(big.Rat).Add(p, one)))
		}
	}
	return out, len(points) == len(operands)
}

// decimal writes a number that has finitely many digits.
func decimal(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}

// dateValues are the instants themselves, and those around them.
func dateValues(operands []string, _ []*atom) ([]string, bool) {
	var points []time.Time
	for _, text := range operands {
		if t, ok := readDate(text); ok {
			points = append(points, t)
		}
	}
	slices.SortFunc(points, time.Time.Compare)
	out := []string{"2000-01-01T00:00:00Z"}
	write := func(t time.Time) { out = append(out, t.UTC().Format(time.RFC3339Nano)) }
	for i, p := range points {
		write(p)
		write(p.Add(-time.Second))
		write(p.Add(time.Second))
		if i > 0 {
			write(points[i-1].Add(p.Sub(points[i-1]) / 2))
		}
	}
	return out, len(points) == len(operands)
}

func readDate(text string) (time.Time, bool) {
	if strings.Trim(text, "0123456789") == "" && len(text) >= 5 {
		r, ok := new(big.Int).SetString(text, 10)
		return time.Unix(r.Int64(), 0), ok
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// addressValues: blocks of addresses nest or lie apart, so that the first address of each block
// and the one behind it meet every combination of blocks.
func addressValues(operands []string, _ []*atom) ([]string, bool) {
	blocks := []string{"0.0.0.0/0", "::/0"}
	exact := true
	var out []string
	for _, text := range append(blocks, operands...) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				exact = false
				continue
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		first := p.Masked().Addr()
		out = append(out, first.String())
		if behind := last(p).Next(); behind.IsValid() {
			out = append(out, behind.String())
		}
	}
	return out, exact
}

// last is the last address of a block.
func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

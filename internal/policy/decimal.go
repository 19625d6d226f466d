package policy

import "strings"

// decimal is a number of any length, kept as digits so that comparing is exact
// where float64 would call 2^53 and 2^53+1 equal.
type decimal struct {
	negative bool
	whole    string // without leading zeros
	fraction string // without trailing zeros
}

// readDecimal reads an optional sign, digits, and an optional fraction;
// exponents, spaces and everything else are refused.
func readDecimal(text string) (d decimal, ok bool) {
	digits := strings.TrimPrefix(text, "-")
	if len(digits) == len(text) {
		digits = strings.TrimPrefix(text, "+")
	}
	whole, fraction, point := strings.Cut(digits, ".")
	if !allDigits(whole) || (point && !allDigits(fraction)) {
		return d, false
	}
	d.whole, d.fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	d.negative = text[0] == '-' && (d.whole != "" || d.fraction != "")
	return d, true
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// compare answers -1, 0 or 1.
func (d decimal) compare(other decimal) int {
	if d.negative != other.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	order := d.compareSize(other)
	if d.negative {
		return -order
	}
	return order
}

func (d decimal) compareSize(other decimal) int {
	if len(d.whole) != len(other.whole) {
		if len(d.whole) < len(other.whole) {
			return -1
		}
		return 1
	}
	if order := strings.Compare(d.whole, other.whole); order != 0 {
		return order
	}
	// Without trailing zeros the longer of two fractions that agree so far is
	// the greater, which is what comparing text says too.
	return strings.Compare(d.fraction, other.fraction)
}

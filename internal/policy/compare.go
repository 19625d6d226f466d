package policy

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/arn"
)

// comparison is what an operator does with one value of the request and one
// of the policy, after the letters Not have been taken out.
type comparison uint8

const (
	compareNone comparison = iota
	compareString
	compareFolded
	compareLike
	compareNumber
	compareNumberLess
	compareNumberAtMost
	compareNumberGreater
	compareNumberAtLeast
	compareDate
	compareDateLess
	compareDateAtMost
	compareDateGreater
	compareDateAtLeast
	compareBool
	compareBinary
	compareAddress
	compareARN
	compareNull
)

func (c comparison) isNumber() bool { return c >= compareNumber && c <= compareNumberAtLeast }
func (c comparison) isDate() bool   { return c >= compareDate && c <= compareDateAtLeast }

// operand is a policy value in the form its operator compares.
type operand struct {
	text   pattern // strings, and the ARN that is one variable
	arn    *arnPattern
	number decimal
	date   time.Time
	prefix netip.Prefix
	truth  bool
	exact  string // binary, in canonical base64
}

// value is a request's value in the form its operator compares.
type value struct {
	text   string
	number decimal
	date   time.Time
	ip     netip.Addr
	truth  bool
	arn    resource
}

// compileOperand reads a policy value; reason says why it was refused.
func compileOperand(c comparison, text string, variables bool) (o operand, reason string) {
	ok := true
	switch {
	case c == compareString, c == compareFolded:
		o.text, reason = compilePattern(text, literally, variables)
		o.text.fold = c == compareFolded
	case c == compareLike:
		o.text, reason = compilePattern(text, globbing, variables)
	case c == compareARN:
		o, reason = compileARNOperand(text, variables)
	case c.isNumber():
		o.number, ok = readDecimal(text)
	case c.isDate():
		o.date, ok = readDate(text)
	case c == compareBinary:
		o.exact, ok = canonicalBase64(text)
	case c == compareAddress:
		o.prefix, ok = readPrefix(text)
	default: // compareBool and compareNull
		o.truth, ok = readBool(text)
	}
	if !ok {
		return o, "the operator cannot compare with the value " + clip(text)
	}
	return o, reason
}

// compileARNOperand accepts "*", one variable alone (a whole ARN), and six
// parts, each of which may hold wildcards and variables.
func compileARNOperand(text string, variables bool) (o operand, reason string) {
	whole, reason := compilePattern(text, globbing, variables)
	if reason != "" {
		return o, reason
	}
	parts := arn.Cut(text, variables)
	if len(parts) < 6 {
		if len(whole.pieces) == 1 && whole.pieces[0].kind != pieceText {
			o.text = whole
			return o, ""
		}
		return o, "not an ARN of six parts: " + clip(text)
	}
	a := arnPattern{count: 6}
	for i := range a.segments {
		a.segments[i], _ = compilePattern(parts[i], globbing, variables)
	}
	o.arn = &a
	return o, ""
}

// readValue reads a request's value; ok is false when the operator cannot judge it.
func readValue(c comparison, text string) (v value, ok bool) {
	v.text, ok = text, true
	switch {
	case c.isNumber():
		v.number, ok = readDecimal(text)
	case c.isDate():
		v.date, ok = readDate(text)
	case c == compareBool:
		v.truth, ok = readBool(text)
	case c == compareAddress:
		v.ip, ok = readAddress(text)
	case c == compareARN:
		v.arn = newResource(text)
		ok = v.arn.isARN
	}
	return v, ok
}

// equals applies the comparison without its negation. A string whose variable
// cannot be resolved equals nothing.
func (o *operand) equals(c comparison, v *value, context Values) bool {
	switch {
	case c.isNumber():
		return ordered(int(c-compareNumber), v.number.compare(o.number))
	case c.isDate():
		return ordered(int(c-compareDate), v.date.Compare(o.date))
	case c == compareBool:
		return v.truth == o.truth
	case c == compareBinary:
		return v.text == o.exact
	case c == compareAddress:
		return o.prefix.Contains(v.ip)
	case c == compareARN && o.arn != nil:
		matched, _ := matchSegments(&o.arn.segments, 6, &v.arn, context)
		return matched
	default:
		matched, _ := o.text.match(v.text, context)
		return matched
	}
}

// ordered reads a three-way comparison by the order in which the numeric and
// the date comparisons are declared: equal, less, at most, greater, at least.
func ordered(which, order int) bool {
	switch which {
	case 0:
		return order == 0
	case 1:
		return order < 0
	case 2:
		return order <= 0
	case 3:
		return order > 0
	default:
		return order >= 0
	}
}

func readBool(text string) (truth, ok bool) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	default:
		return false, false
	}
}

func canonicalBase64(text string) (string, bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	return base64.StdEncoding.EncodeToString(raw), err == nil
}

// readAddress reads an address; IPv4 inside IPv6 counts as IPv4, and a zone,
// which a peer address may carry, is dropped.
func readAddress(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a.Unmap().WithZone(""), err == nil
}

// readPrefix reads a CIDR block, or an address as the block of itself.
func readPrefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// dateLayouts are the W3C profile of ISO 8601 that the guide names.
var dateLayouts = [...]string{
	"2006-01-02T15:04:05Z07:00", // accepts a fraction of a second
	"2006-01-02T15:04Z07:00",
	"2006-01-02",
	"2006-01",
}

// readDate reads an ISO 8601 date or seconds since 1970. Four digits alone
// could be a year or seconds, and are refused.
func readDate(text string) (time.Time, bool) {
	if seconds, ok := readEpoch(text); ok {
		return time.Unix(seconds, 0), true
	}
	for i := range dateLayouts {
		// A layout of another length only costs an error value.
		if t, err := time.Parse(dateLayouts[i], text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// readEpoch reads 5 to 12 digits.
func readEpoch(text string) (seconds int64, ok bool) {
	if len(text) < 5 || len(text) > 12 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		seconds = seconds*10 + int64(text[i]-'0')
	}
	return seconds, true
}

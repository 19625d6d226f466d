// Package arn holds the two small vocabularies that every other room shares:
// Amazon resource names, and the one folding of catalog names to lower case.
//
// An ARN is six parts joined by colons, arn:partition:service:region:account:resource;
// the resource part may hold further colons and slashes. The builders here are
// the only places that put an ARN together, so that what authorization asks
// about, what a handler answers and what a policy names are the same bytes.
//
// The package is pure: it reads nothing, and its functions hold no state.
package arn

import (
	"fmt"
	"strings"
)

// Partition is the only partition that bindery answers for.
const Partition = "aws"

// ARN is an Amazon resource name taken apart. Region and Account are empty for
// global resources (IAM has no region, S3 has neither).
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string
}

// Split cuts s at its first five colons without allocating. ok is false when s
// has fewer than six parts or does not begin with "arn"; nothing else is checked.
func Split(s string) (parts [6]string, ok bool) {
	rest := s
	for i := range 5 {
		cut := strings.IndexByte(rest, ':')
		if cut < 0 {
			return parts, false
		}
		parts[i], rest = rest[:cut], rest[cut+1:]
	}
	parts[5] = rest
	return parts, parts[0] == "arn"
}

// Parse takes s apart and refuses what no service would have made: a missing
// part, an empty partition, service or resource, or an account that is neither
// empty nor twelve digits ("aws" is the owner of AWS managed policies).
func Parse(s string) (ARN, error) {
	p, ok := Split(s)
	if !ok {
		return ARN{}, fmt.Errorf("%q is not an ARN of six parts", s)
	}
	a := ARN{Partition: p[1], Service: p[2], Region: p[3], Account: p[4], Resource: p[5]}
	if a.Partition == "" || a.Service == "" || a.Resource == "" {
		return ARN{}, fmt.Errorf("%q is an ARN with an empty part", s)
	}
	if a.Account != "" && a.Account != "aws" && !ValidAccount(a.Account) {
		return ARN{}, fmt.Errorf("%q is an ARN with account %q, which is not twelve digits", s, a.Account)
	}
	return a, nil
}

// String puts the parts together again: Parse(s).String() == s.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// ValidAccount reports whether id is an account id: exactly twelve ASCII digits.
func ValidAccount(id string) bool {
	if len(id) != 12 {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}

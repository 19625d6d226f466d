package reference

import (
	"slices"
	"strings"
)

// unpublished are actions that guides of AWS ask for and the published data lack. They are
// known, so that a policy which follows the guide is not called misspelt.
var unpublished = map[string][]Action{
	// Glue Studio's set-up guide wants it for deleting several jobs in the console.
	"glue": {{Name: "BatchDeleteJob", Access: "Write", Required: []string{"job"}, Console: true}},
}

// added are services that are bindery's own.
var added = []Service{{
	Prefix: "bindery",
	Resources: map[string]string{
		"account":  "arn:${Partition}:bindery:${Region}:${Account}:account/${AccountId}",
		"decision": "arn:${Partition}:bindery:${Region}:${Account}:decision/${RequestId}",
		"access":   "arn:${Partition}:bindery:${Region}:${Account}:access/*",
	},
	Actions: []Action{
		{Name: "CreateAccount", Access: "Write", Required: []string{"account"}},
		{Name: "ListAccounts", Access: "List", Required: []string{"account"}},
		{Name: "GetDecision", Access: "Read", Required: []string{"decision"}},
		{Name: "ListAccess", Access: "Read", Required: []string{"access"}},
		{Name: "ListTraffic", Access: "Read", Required: []string{"access"}},
	},
}}

func own(prefix string) *Service {
	i := slices.IndexFunc(added, func(s Service) bool { return s.Prefix == prefix })
	s := added[i]
	return &s
}

// globalKeys are the condition keys that every service knows, in lower case, with their types
// (IAM guide, "AWS global condition context keys"). One that ends in a slash is followed by the
// name of a tag.
var globalKeys = map[string]string{
	"aws:assumedroot": "Bool", "aws:calledvia": "ArrayOfString", "aws:calledviafirst": "String", "aws:calledvialast": "String",
	"aws:chatbotsourcearn": "ARN", "aws:currenttime": "Date", "aws:ec2instancesourceprivateipv4": "IPAddress",
	"aws:ec2instancesourcevpc": "String", "aws:epochtime": "Date", "aws:federatedprovider": "String", "aws:is-mcp-service-aware": "Bool",
	"aws:multifactorauthage": "Numeric", "aws:multifactorauthpresent": "Bool", "aws:principalaccount": "String", "aws:principalarn": "ARN",
	"aws:principalisawsservice": "Bool", "aws:principalorgid": "String", "aws:principalorgpaths": "ArrayOfString",
	"aws:principalservicename": "String", "aws:principalservicenameslist": "ArrayOfString", "aws:principaltag/": "String",
	"aws:principaltype": "String", "aws:referer": "String", "aws:requestedregion": "String", "aws:requesttag/": "String",
	"aws:resourceaccount": "String", "aws:resourceorgid": "String", "aws:resourceorgpaths": "ArrayOfString", "aws:resourcetag/": "String",
	"aws:securetransport": "Bool", "aws:signedhost": "String", "aws:sourceaccount": "String", "aws:sourcearn": "ARN",
	"aws:sourceidentity": "String", "aws:sourceip": "IPAddress", "aws:sourceorgid": "String", "aws:sourceorgpaths": "ArrayOfString",
	"aws:sourcevpc": "String", "aws:sourcevpcarn": "ARN", "aws:sourcevpce": "String", "aws:tagkeys": "ArrayOfString",
	"aws:tokenissuetime": "Date", "aws:useragent": "String", "aws:userid": "String", "aws:username": "String",
	"aws:viaawsmcpservice": "Bool", "aws:viaawsservice": "Bool", "aws:vpceaccount": "String", "aws:vpceorgid": "String",
	"aws:vpceorgpaths": "ArrayOfString", "aws:vpcsourceip": "IPAddress",
}

// KeyType is the published type of a condition key in any letter case: String, ArrayOfString,
// ARN, Bool, Numeric, Date, IPAddress. known is false for a key of AWS's services or of the
// global ones that does not exist. Keys of identity providers ("accounts.example.com:aud") and
// of vendors that are no service are known and have no type.
func KeyType(key string) (kind string, known bool) {
	key = strings.ToLower(key)
	prefix, _, _ := strings.Cut(key, ":")
	if prefix == "aws" {
		return findKey(globalKeys, key)
	}
	s := Lookup(prefix)
	if s == nil {
		return "", true
	}
	if kind, known = findKey(s.Keys, key); known {
		return kind, true
	}
	return findKey(serviceKeys, key)
}

// serviceKeys are keys of services that the published data do not list under the service.
var serviceKeys = map[string]string{
	"glue:resourcetag/": "String", // older name of aws:ResourceTag on crawlers, jobs, triggers and endpoints
}

// holes brings S3's way to write a free part to everybody's.
var holes = strings.NewReplacer("<", "${", ">", "}")

// findKey compares key by key: what stands in "${…}" or "<…>", or behind a slash at the end, is
// free.
func findKey(keys map[string]string, key string) (kind string, known bool) {
	for name, kind := range keys {
		name = holes.Replace(strings.ToLower(name))
		fixed, rest, open := strings.Cut(name, "${")
		switch {
		case name == key && !strings.HasSuffix(name, "/"):
			return kind, true
		case open:
			_, tail, _ := strings.Cut(rest, "}")
			if len(key) > len(fixed)+len(tail) && strings.HasPrefix(key, fixed) && strings.HasSuffix(key, tail) {
				return kind, true
			}
		case strings.HasSuffix(name, "/") && len(key) > len(name) && strings.HasPrefix(key, name):
			return kind, true
		}
	}
	return "", false
}

// Known lists the condition keys of a service beside the global ones, for suggestions.
func (s *Service) Known() []string {
	var out []string
	for key := range s.Keys {
		if !strings.Contains(key, "${") {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// GlobalKeys lists the global condition keys in lower case, for suggestions.
func GlobalKeys() []string {
	var out []string
	for key := range globalKeys {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// Knows reports whether the key is one of the action's, in any letter case.
func (a *Action) Knows(key string) bool {
	keys := make(map[string]string, len(a.Keys))
	for _, k := range a.Keys {
		keys[k] = ""
	}
	_, known := findKey(keys, strings.ToLower(key))
	return known
}

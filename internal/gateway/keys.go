package gateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/op"
)

// Lookup implements policy.Values: the condition keys of a request, with the
// presence rules of reference "Global keys" (a key that does not apply is
// absent, never empty). Keys arrive in lower case.
func (q *question) Lookup(key string) ([]string, bool) {
	if v, ok := q.access.Context[key]; ok {
		return v, true
	}
	if name, ok := strings.CutPrefix(key, "aws:"); ok {
		if v, ok := q.global(name); ok {
			return q.single(v)
		}
		return q.tagged(name)
	}
	return nil, false
}

// single makes a slice of its own for each value: the engine may hold several
// at once, and a shared buffer would make two different keys look equal.
func (q *question) single(v string) ([]string, bool) {
	return []string{v}, true
}

// global answers the single-valued aws: keys.
func (q *question) global(name string) (string, bool) {
	if v, ok := q.aboutPrincipal(name); ok {
		return v, true
	}
	c := q.call
	switch name {
	case "currenttime":
		return c.Now.UTC().Format(time.RFC3339), true
	case "epochtime":
		return strconv.FormatInt(c.Now.Unix(), 10), true
	case "securetransport":
		return strconv.FormatBool(c.TLS), true
	case "requestedregion":
		return c.Region, true
	case "sourceip":
		return c.SourceIP.String(), c.SourceIP.IsValid() && !c.ViaAWS
	case "useragent":
		return c.UserAgent, c.UserAgent != ""
	case "referer":
		return c.Referer, c.Referer != ""
	case "viaawsservice":
		return strconv.FormatBool(c.ViaAWS), true
	case "calledviafirst":
		return first(c.Via), len(c.Via) > 0
	case "calledvialast":
		return last(c.Via), len(c.Via) > 0
	case "resourceaccount":
		return q.request.ResourceAccount, q.request.ResourceAccount != ""
	}
	return "", false
}

// aboutPrincipal answers the keys that tell who calls.
func (q *question) aboutPrincipal(name string) (string, bool) {
	p := &q.call.Principal
	switch name {
	case "principalarn":
		if p.RoleARN != "" {
			return p.RoleARN, true
		}
		return p.ARN, p.ARN != ""
	case "principalaccount":
		return p.Account, p.Account != ""
	case "principaltype":
		return string(p.Type), true
	case "principalisawsservice":
		return strconv.FormatBool(p.Type == op.ServiceRole), true
	case "userid":
		return p.UserID, p.UserID != ""
	case "username":
		return p.UserName, p.Type == op.User
	}
	return q.aboutSession(name)
}

// aboutSession answers the keys that only temporary credentials have.
func (q *question) aboutSession(name string) (string, bool) {
	s := q.call.Principal.Session
	if s == nil {
		return "", false
	}
	switch name {
	case "tokenissuetime":
		return s.Issued.UTC().Format(time.RFC3339), true
	case "multifactorauthpresent":
		return strconv.FormatBool(s.MFA), true
	case "multifactorauthage":
		return strconv.FormatInt(int64(q.call.Now.Sub(s.MFAAt)/time.Second), 10), s.MFA
	case "sourceidentity":
		return s.SourceIdentity, s.SourceIdentity != ""
	case "federatedprovider":
		return s.Provider, s.Provider != ""
	}
	return "", false
}

// tagged answers tag keys and the multi-valued keys.
func (q *question) tagged(name string) ([]string, bool) {
	if name == "calledvia" {
		return q.call.Via, len(q.call.Via) > 0
	}
	if tag, ok := strings.CutPrefix(name, "principaltag/"); ok {
		return q.tag(q.call.Principal.Tags, tag)
	}
	if tag, ok := strings.CutPrefix(name, "resourcetag/"); ok {
		return q.tag(q.tagsOfResource(), tag)
	}
	return nil, false
}

// tag finds a tag by its name, whose letter case does not matter in a condition
// key. Tags that differ in it only are several values of one key, which no
// Allow takes for a single one.
func (q *question) tag(tags map[string]string, name string) (values []string, ok bool) {
	for k, v := range tags {
		if strings.EqualFold(k, name) {
			values = append(values, v)
		}
	}
	return values, len(values) > 0
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func last(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[len(s)-1]
}

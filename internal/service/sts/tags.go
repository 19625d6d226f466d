package sts

import (
	"fmt"
	"maps"
	"strings"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/op"
)

const maxSessionTags = 50

// sessionTags are the role's tags, those that the caller's session hands on,
// and those of the request, each overruling the one before; a tag that is
// handed on cannot be set anew. Names are one without regard to letter case, as
// they are in conditions: two of them would be judged by one and used by the
// other.
func sessionTags(caller op.Principal, role *Role, in *stsapi.AssumeRoleInput, session *op.Session) (map[string]string, error) {
	if len(in.Tags) > maxSessionTags {
		return nil, invalid(fmt.Sprintf("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxSessionTags))
	}
	tags, passed := maps.Clone(role.Tags), tagSet{}
	if tags == nil {
		tags = map[string]string{}
	}
	inherited := inherit(caller, tags, session)
	for _, t := range in.Tags {
		switch {
		case inherited.has(t.Key):
			return nil, invalid("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session: " + t.Key)
		case passed.has(t.Key):
			return nil, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalid("Tag keys that begin with aws: are reserved.")
		}
		passed.add(t.Key)
		setTag(tags, t.Key, t.Value)
	}
	return tags, handOn(in.TransitiveTagKeys, passed, inherited, session)
}

// inherit sets the tags that the caller's session hands on.
func inherit(caller op.Principal, tags map[string]string, session *op.Session) tagSet {
	inherited := tagSet{}
	if caller.Session == nil {
		return inherited
	}
	for _, k := range caller.Session.TransitiveTags {
		inherited.add(k)
		setTag(tags, k, caller.Tags[k])
		session.TransitiveTags = append(session.TransitiveTags, k)
	}
	return inherited
}

// handOn notes which tags the session will hand on. Only tags that were passed
// to a session can be: a role's own tags are not its sessions' to give away.
func handOn(keys []string, passed, inherited tagSet, session *op.Session) error {
	for _, k := range keys {
		if inherited.has(k) {
			continue
		}
		if !passed.has(k) {
			return invalid("One of the specified transitive tag keys is not among the session tags: " + k)
		}
		session.TransitiveTags = append(session.TransitiveTags, passed.name(k))
	}
	return nil
}

// setTag replaces a tag of that name in any letter case.
func setTag(tags map[string]string, key, value string) {
	maps.DeleteFunc(tags, func(k, _ string) bool { return strings.EqualFold(k, key) })
	tags[key] = value
}

// tagSet holds tag names under their lower-case form.
type tagSet map[string]string

func (s tagSet) add(key string)         { s[strings.ToLower(key)] = key }
func (s tagSet) has(key string) bool    { _, ok := s[strings.ToLower(key)]; return ok }
func (s tagSet) name(key string) string { return s[strings.ToLower(key)] }

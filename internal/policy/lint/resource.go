package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/policy/language"
	"github.com/bindery-project/bindery/internal/policy/reference"
)

// noRegion and noAccount are services whose ARNs leave the part empty.
var (
	noRegion  = map[string]bool{"s3": true, "iam": true}
	noAccount = map[string]bool{"s3": true}
	accountID = regexp.MustCompile(`^(\d{12}|aws|[0-9*?]*[*?][0-9*?]*|.*\$\{.*)$`)
	partition = regexp.MustCompile(`^(aws(-[a-z]+)*|[a-z-]*\*[a-z-]*)$`)
)

// resources checks the form of each ARN.
func (c *checker) resources(s *statement) {
	for _, r := range append(slices.Clone(s.resources), s.notResources...) {
		c.resource(r)
	}
	for i, r := range s.resources {
		for j, other := range s.resources {
			if i != j && c.within(r.value, other.value) && (i > j || !c.within(other.value, r.value)) {
				c.report(Suggestion, "REDUNDANT_RESOURCE", r.at, quote(r.value)+" is contained in "+quote(other.value))
				break
			}
		}
	}
}

func (c *checker) within(inner, outer string) bool {
	if outer == "*" {
		return true
	}
	if inner == "*" || !c.budget.Spend(pairCost) {
		return false
	}
	v := &language.Variables{}
	how := language.Reading{Wildcards: true, Variables: v}
	p, q := language.CompileARN(inner, how), language.CompileARN(outer, how)
	return language.Covered(c.budget, &p, []*language.Pattern{&q})
}

func (c *checker) resource(r text) {
	if r.value == "*" {
		return
	}
	parts, ok := arn.Split(r.value)
	switch {
	case !strings.HasPrefix(r.value, "arn:"):
		c.report(Error, "INVALID_ARN_PREFIX", r.at, quote(r.value)+` is no ARN: a resource is "*" or begins with "arn:"`)
		return
	case !ok && !strings.HasSuffix(r.value, "*"):
		c.report(Error, "MISSING_ARN_FIELD", r.at, quote(r.value)+" lacks parts: an ARN is arn:partition:service:region:account:resource")
		return
	case !ok:
		return // it ends in a star that stands for the rest
	}
	if !partition.MatchString(parts[1]) {
		c.report(Error, "INVALID_PARTITION", r.at, quote(parts[1])+" is no partition: in "+quote(r.value)+" it would be aws")
	}
	if parts[2] != strings.ToLower(parts[2]) {
		c.report(Error, "INVALID_ARN_SERVICE_CASE", r.at, "the service of an ARN is in lower case: "+quote(parts[2]))
	}
	if parts[5] == "" {
		c.report(Error, "INVALID_ARN_RESOURCE", r.at, quote(r.value)+" names no resource")
	}
	c.regionAndAccount(r, parts)
	if parts[2] == "glue" {
		c.glue(r, parts[5])
	}
}

func (c *checker) regionAndAccount(r text, parts [6]string) {
	service := reference.Lookup(parts[2])
	switch {
	case service == nil && !strings.ContainsAny(parts[2], "*?$"):
		c.report(Error, "INVALID_SERVICE", r.at, "there is no service "+quote(parts[2])+didYouMean(parts[2], reference.Prefixes()...))
	case noRegion[parts[2]] && parts[3] != "" && parts[3] != "*" && !strings.HasPrefix(parts[5], "accesspoint"):
		c.report(Error, "ARN_REGION_NOT_ALLOWED", r.at, "ARNs of "+parts[2]+" have no region, so that this one matches nothing")
	case service != nil && parts[3] == "" && needs(service, "${Region}"):
		c.report(Error, "MISSING_ARN_REGION", r.at, "ARNs of "+parts[2]+" have a region, so that this one matches nothing; write it, or *")
	}
	switch {
	case noAccount[parts[2]] && parts[4] != "" && parts[4] != "*" && !strings.HasPrefix(parts[5], "accesspoint"):
		c.report(Error, "ARN_ACCOUNT_NOT_ALLOWED", r.at, "ARNs of "+parts[2]+" have no account, so that this one matches nothing")
	case parts[4] != "" && !accountID.MatchString(parts[4]):
		c.report(Error, "INVALID_ARN_ACCOUNT", r.at, quote(parts[4])+" is no account: it has twelve digits")
	case service != nil && parts[4] == "" && needs(service, "${Account}"):
		c.report(Error, "MISSING_ARN_FIELD", r.at, "ARNs of "+parts[2]+" have an account, so that this one matches nothing; write it, or *")
	}
}

// needs reports whether all ARNs of a service have a part.
func needs(s *reference.Service, part string) bool {
	if len(s.Resources) == 0 {
		return false
	}
	for _, template := range s.Resources {
		if !strings.Contains(template, part) {
			return false
		}
	}
	return true
}

// glue checks names as the Data Catalog keeps them: in lower case, a table below its database.
func (c *checker) glue(r text, resource string) {
	kind, name, found := strings.Cut(resource, "/")
	switch kind {
	case "database", "table", "tableVersion", "userDefinedFunction":
	default:
		return
	}
	if !found {
		return
	}
	if plain := strings.Join(variables.Split(name, -1), ""); plain != arn.Fold(plain) {
		c.report(Warning, "GLUE_NAME_NOT_LOWER_CASE", r.at, "the Data Catalog keeps names in lower case and ARNs are compared by letter, so that this one matches nothing; write "+quote(arn.Fold(name)))
	}
	if kind != "database" && !strings.ContainsAny(name, "/*?$") {
		c.report(Warning, "GLUE_ARN_WITHOUT_DATABASE", r.at, "a "+kind+" is written as "+kind+"/database/name, so that this ARN matches nothing")
	}
}

var variables = regexp.MustCompile(`\$\{[^}]*\}`)

var holes = regexp.MustCompile(`\$\{[^}]*\}`)

// kindPattern is the shape of a kind of resource.
func kindPattern(template string) language.Pattern {
	return language.CompileARN(holes.ReplaceAllString(template, "*"), language.Reading{Wildcards: true})
}

// meets reports whether an entry of Resource can name a resource of the kind.
func (c *checker) meets(entry, template string) bool {
	if entry == "*" {
		return true
	}
	entry = variables.ReplaceAllString(entry, "*")
	p, kind := language.CompileARN(entry, language.Reading{Wildcards: true}), kindPattern(template)
	classes, complete := language.Explore(c.budget, []language.Reader{{Pattern: &p}, {Pattern: &kind}}, nil)
	return !complete || len(classes) > 0
}

// matches finds actions and resources of a statement that have nothing to do with each other.
func (c *checker) matches(s *statement) {
	if len(s.resources) == 0 || len(s.actions) == 0 || s.anyResource() {
		return
	}
	list, all := s.granted()
	if all {
		return
	}
	usable := map[string]bool{}   // entries of Resource
	works := map[string]bool{}    // entries of Action
	starOnly := map[string]bool{} // entries of Action all of whose actions want "*"
	memo := map[[2]string]bool{}
	for i := range list {
		n := &list[i]
		kinds := n.action.Kinds()
		if _, seen := starOnly[n.by.value]; !seen {
			starOnly[n.by.value] = true
		}
		starOnly[n.by.value] = starOnly[n.by.value] && len(kinds) == 0
		for _, kind := range kinds {
			template := n.service.Resources[kind]
			if !c.budget.Spend(len(s.resources)) {
				return
			}
			for _, r := range s.resources {
				key := [2]string{r.value, template}
				hit, seen := memo[key]
				if !seen {
					hit = c.meets(r.value, template)
					memo[key] = hit
				}
				if hit {
					usable[r.value], works[n.by.value] = true, true
				}
			}
		}
	}
	c.mismatches(s, works, usable, starOnly)
}

func (c *checker) mismatches(s *statement, works, usable, starOnly map[string]bool) {
	for _, a := range s.actions {
		only, known := starOnly[a.value]
		switch {
		case !known || works[a.value]:
		case only:
			c.report(Error, "ACTION_NEEDS_STAR_RESOURCE", a.at, quote(a.value)+` is granted on "*" only, so that this statement never applies to it`)
		default:
			c.report(Error, "ACTION_RESOURCE_MISMATCH", a.at, quote(a.value)+" does not act on any of the resources named here; it acts on "+join(kindsOf(a.value)))
		}
	}
	for _, r := range s.resources {
		if !usable[r.value] && len(works) > 0 {
			c.report(Warning, "RESOURCE_OF_NO_ACTION", r.at, "no action of the statement acts on "+quote(r.value))
		}
	}
}

// kindsOf says what the actions of an entry act on.
func kindsOf(entry string) []string {
	var out []string
	prefix, pattern, _ := strings.Cut(entry, ":")
	service := reference.Lookup(prefix)
	for _, action := range service.Matching(pattern) {
		for _, kind := range action.Kinds() {
			if template := service.Resources[kind]; !slices.Contains(out, template) && len(out) < 4 {
				out = append(out, template)
			}
		}
	}
	return out
}

// catalogKinds are the levels of the Data Catalog that an action may need all of, the outermost
// first. The others come and go with what a request names.
var catalogKinds = []string{"rootcatalog", "database", "table", "userdefinedfunction", "connection"}

// hierarchy finds grants on a part of the Data Catalog that lack the levels around it: the
// commonest mistake, since a right on a table counts only with rights on its database and on
// the catalog (Glue guide, "Specifying Glue resource ARNs").
func (c *checker) hierarchy(statements []*statement) {
	memo := map[[2]string]bool{}
	reaches := func(r, template string) bool {
		key := [2]string{r, template}
		if _, seen := memo[key]; !seen {
			memo[key] = c.meets(r, template)
		}
		return memo[key]
	}
	for _, s := range statements {
		if s.deny || len(s.resources) == 0 {
			continue
		}
		list, _ := s.granted()
		lacking, by := map[string][]string{}, map[string]text{}
		var order []string
		for i := range list {
			n := &list[i]
			if n.service.Prefix != "glue" || !c.budget.Spend(pairCost*len(statements)) {
				continue
			}
			have, missing := levels(n, s, statements, reaches)
			if have == 0 || len(missing) == 0 {
				continue
			}
			key := join(missing)
			if by[key].value == "" {
				by[key] = n.by
				order = append(order, key)
			}
			lacking[key] = append(lacking[key], n.action.Name)
		}
		for _, key := range order {
			names := lacking[key]
			if len(names) > 3 {
				names = append(names[:3:3], "…")
			}
			c.report(Error, "GLUE_MISSING_PARENT_RESOURCE", by[key].at, "glue:"+join(names)+" must also be allowed on the "+key+
				": the Data Catalog asks for the right on every level")
		}
	}
}

// levels counts the levels that a statement grants an action on, and names those that no
// statement of the policy does. An action that a pattern brought along counts only where the
// statement names its innermost level: "glue:Get*" on a database alone is no mistake.
func levels(n *named, s *statement, statements []*statement, reaches func(r, template string) bool) (have int, missing []string) {
	innermost := false
	for _, kind := range catalogKinds {
		if !slices.Contains(n.action.Required, kind) {
			continue
		}
		template := n.service.Resources[kind]
		here := slices.ContainsFunc(s.resources, func(r text) bool { return reaches(r.value, template) })
		if innermost = here; here {
			have++
			continue
		}
		elsewhere := slices.ContainsFunc(statements, func(o *statement) bool {
			return !o.deny && o.has(n.String()) && (len(o.notResources) > 0 ||
				slices.ContainsFunc(o.resources, func(r text) bool { return reaches(r.value, template) }))
		})
		if !elsewhere {
			missing = append(missing, levelName[kind])
		}
	}
	if strings.ContainsAny(n.by.value, "*?") && !innermost {
		return 0, nil
	}
	return have, missing
}

var levelName = map[string]string{
	"rootcatalog": "catalog (…:catalog)", "database": "database (…:database/name)", "table": "tables (…:table/database/name)",
	"userdefinedfunction": "functions (…:userDefinedFunction/database/name)", "connection": "connection (…:connection/name)",
}

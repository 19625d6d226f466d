package terms

import (
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
)

// LinkedPath begins the path of every service-linked role.
const LinkedPath = "/aws-service-role/"

// Modifiable refuses to change a service-linked role: it is its service's.
func Modifiable(role *iamapi.Role) error {
	if !strings.HasPrefix(role.Path, LinkedPath) {
		return nil
	}
	return &iamapi.UnmodifiableEntityException{
		Message: "Cannot perform the operation on the protected role '" + role.RoleName + "' - this role is only modifiable by AWS",
	}
}

// ShownRole is a role as the API shows it: its trust policy percent-encoded.
func ShownRole(doc iamapi.Role) *iamapi.Role {
	if doc.AssumeRolePolicyDocument != nil {
		text := Escape(*doc.AssumeRolePolicyDocument)
		doc.AssumeRolePolicyDocument = &text
	}
	return &doc
}

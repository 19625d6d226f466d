package installation

import (
	"encoding/json"
	"slices"

	"github.com/bindery-project/bindery/internal/policy"
)

// explained is the part of a record that holds policies.
type explained struct {
	Decision *policy.Explanation `json:"decision"`
}

// view is a record as its reader may see it. An explanation quotes policies,
// down to the values that a condition wanted, such as an external id: whoever
// was refused must not learn from it how to be allowed. Readers without the
// right to decisions see the outcome, which their error told them anyway. Of a
// call into another account, nobody sees that account's policies. Whose the
// resource is stays untold in both.
func view(record json.RawMessage, all bool) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(record, &fields); err != nil {
		return "", err
	}
	var data explained
	if raw, ok := fields[extraData]; ok {
		if err := json.Unmarshal(raw, &data); err != nil {
			return "", err
		}
	}
	switch d := data.Decision; {
	case d == nil, all && !d.CrossAccount:
		return string(record), nil
	case !all:
		data.Decision = outcome(d)
	default:
		hideOwners(d)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	fields[extraData] = raw
	delete(fields, "resources") // with the account that owns them
	text, err := json.Marshal(fields)
	return string(text), err
}

const extraData = "additionalEventData"

func outcome(d *policy.Explanation) *policy.Explanation {
	return &policy.Explanation{
		Action: d.Action, Resource: d.Resource, Principal: d.Principal, CrossAccount: d.CrossAccount, Effect: d.Effect, Layer: d.Layer,
	}
}

// hideOwners removes what the policies of the resource's owner say.
func hideOwners(d *policy.Explanation) {
	for i := range d.Layers {
		if ownersLayer(d.Layers[i].Layer) {
			d.Layers[i].Policies = nil
		}
	}
	d.Denies = slices.DeleteFunc(d.Denies, func(s policy.StatementRef) bool { return ownersLayer(s.Layer) })
}

// ownersLayer tells whether a layer belongs to the owner of the resource.
func ownersLayer(name string) bool {
	switch name {
	case policy.LayerResource.String(), policy.LayerTrust.String(), policy.LayerRCP.String():
		return true
	}
	return false
}

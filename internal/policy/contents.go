package policy

// Actions lists what the statements name as Action or NotAction, in order, for services that
// take only some.
func (p *Policy) Actions() []string {
	var names []string
	for i := range p.statements {
		names = append(names, p.statements[i].actions.texts...)
	}
	return names
}

// Resources lists what the statements name as Resource or NotResource, in order.
func (p *Policy) Resources() []string {
	var names []string
	for i := range p.statements {
		for j := range p.statements[i].resources {
			names = append(names, p.statements[i].resources[j].text)
		}
	}
	return names
}

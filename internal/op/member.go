package op

// Members of requests that may be absent are pointers.

// Value is what such a member holds: the zero value when it is absent.
func Value[T any](member *T) (v T) {
	if member != nil {
		v = *member
	}
	return v
}

// Take sets a member to what a change says about it, if it says anything.
func Take[T any](member **T, change *T) {
	if change != nil {
		*member = change
	}
}

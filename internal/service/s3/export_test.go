package s3

// RouteRow is a row as tests see it.
type RouteRow struct {
	Name, Method string
	Level        int // 0 service, 1 bucket, 2 object
	Query        []string
	Copy         bool
	PerItem      bool
	Served       bool
	Needs        []RouteNeed
}

// RouteNeed is one action of a row.
type RouteNeed struct {
	Action, Version string
	On              string // bucket, object, source or all
	When            bool
}

var levelNames = map[level]string{onBucket: "bucket", onObject: "object", onSource: "source", onAll: "all"}

// Routes is the table.
func Routes() []RouteRow {
	out := make([]RouteRow, 0, len(table))
	for i := range table {
		r := &table[i]
		row := RouteRow{Name: r.Name, Method: r.Method, Level: int(r.On), Query: r.Query, Copy: r.Copy, PerItem: r.PerItem, Served: r.serve != nil}
		for _, n := range r.Needs {
			row.Needs = append(row.Needs, RouteNeed{Action: n.Action, Version: n.Version, On: levelNames[n.On], When: n.When != nil})
		}
		out = append(out, row)
	}
	return out
}

package s3

import "net/http"

// Route names the row of a request, "" when there is none.
func Route(r *http.Request) string {
	q, err := parseRequest(r)
	if err != nil || q.route() != nil {
		return ""
	}
	return q.row.Name
}

// RouteRow is a row as tests see it.
type RouteRow struct {
	Name, Method string
	Level        int // 0 service, 1 bucket, 2 object
	Query        []string
	Copy         bool
	PerItem      bool
	Served       bool
	List         bool // has s3:prefix and its like
	Existing     bool // has s3:ExistingObjectTag
	Requested    bool // has s3:RequestObjectTag
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
		row := RouteRow{
			Name: r.Name, Method: r.Method, Level: int(r.On), Query: r.Query, Copy: r.Copy, PerItem: r.PerItem, Served: r.serve != nil,
			List: r.Keys&listKeys != 0, Existing: r.Keys&existingTags != 0, Requested: r.Keys&requestTags != 0,
		}
		for _, n := range r.Needs {
			row.Needs = append(row.Needs, RouteNeed{Action: n.Action, Version: n.Version, On: levelNames[n.On], When: n.When != nil})
		}
		out = append(out, row)
	}
	return out
}

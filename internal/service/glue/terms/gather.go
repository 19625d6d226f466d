package terms

import "github.com/bindery-project/bindery/internal/op"

// Limits bound one page of a list. A page that meets the budget ends early,
// even empty: clients go on as long as there is a token.
type Limits struct {
	Size   int // documents
	Budget int // names looked at
}

// Page is a part of a list. Next is the name after which the list goes on;
// it has meaning when More is true.
type Page struct {
	Documents []op.Raw
	Next      string
	More      bool
}

// minChunk is how many names are fetched at once at least: a filter may need many
// for one document.
const minChunk = 100

// Gather walks the names that names returns in order, n at a time, and keeps
// the documents of those that keep wants (a nil document is left out).
func Gather(l Limits, after string, names func(after string, n int) ([]string, error), keep func(name string) (op.Raw, error)) (Page, error) {
	p := Page{Next: after, Documents: []op.Raw{}}
	n := max(l.Size+1, minChunk)
	for seen, size := 0, 0; ; {
		chunk, err := names(p.Next, n)
		if err != nil {
			return p, err
		}
		for _, name := range chunk {
			if len(p.Documents) == l.Size || seen == l.Budget || size >= PageBytes {
				p.More = true
				return p, nil
			}
			doc, err := keep(name)
			if err != nil {
				return p, err
			}
			if doc != nil {
				p.Documents = append(p.Documents, doc)
			}
			p.Next, seen, size = name, seen+1, size+len(doc)
		}
		if len(chunk) < n {
			return p, nil
		}
	}
}

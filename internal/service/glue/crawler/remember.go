package crawler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/format"
)

// A crawler of new folders (CRAWL_NEW_FOLDERS_ONLY) remembers which folders it has seen, and what the files in each were like. In the next crawl
// they are grouped together with the new ones, without being read, so that a new folder finds the table it belongs to. What the old folders alone
// would give is not written again.

// memory is what a crawler remembers: by folder (bucket/prefix) what one of its files was like.
type memory map[string]*format.Result

// recallAll marks the objects in folders that an earlier crawl has seen.
func (r *run) recallAll(ctx context.Context, s *survey) error {
	if recrawl(&r.record.Doc) != glueapi.RecrawlBehaviorCrawlNewFoldersOnly {
		return nil
	}
	seen, err := r.recall(ctx)
	if err != nil {
		return err
	}
	r.fresh = map[string]bool{}
	for _, t := range s.targets {
		for _, leaf := range t.leaves {
			result := seen[t.include.Bucket+"/"+leaf.Folder]
			if result == nil {
				r.fresh[t.url(leaf.Folder)] = true
				continue
			}
			for i := range leaf.Objects {
				leaf.Objects[i].known = true
			}
			leaf.Objects[0].Result = result
		}
	}
	r.journal.info("%d of the folders are new", len(r.fresh))
	return nil
}

// recall reads the memory.
func (r *run) recall(ctx context.Context) (memory, error) {
	seen := memory{}
	return seen, r.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		clear(seen)
		shapes, err := r.record.shapes(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT folder, shape FROM glue_crawl_folder WHERE account = ? AND crawler = ?`, r.record.Account, r.record.name())
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var folder, shape string
			if err := rows.Scan(&folder, &shape); err != nil {
				return err
			}
			seen[folder] = shapes[shape]
		}
		return rows.Err()
	})
}

// shapes reads the distinct shapes of files, by hash.
func (r *record) shapes(ctx context.Context, tx *db.Tx) (map[string]*format.Result, error) {
	rows, err := tx.Query(ctx, `SELECT shape, doc FROM glue_crawl_shape WHERE account = ? AND crawler = ?`, r.Account, r.name())
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	all := map[string]*format.Result{}
	for rows.Next() {
		var shape string
		var doc []byte
		if err := rows.Scan(&shape, &doc); err != nil {
			return nil, err
		}
		result := &format.Result{}
		if err := db.Decode(db.At("glue_crawl_shape", r.Account, r.name(), shape), doc, result); err != nil {
			return nil, err
		}
		all[shape] = result
	}
	return all, rows.Err()
}

// isFresh reports whether a table found has a folder that no earlier crawl has seen.
func (r *run) isFresh(found *Table) bool {
	location := found.StorageDescriptor.Location
	if r.fresh == nil || r.fresh[location] || r.fresh[location[:strings.LastIndexByte(location, '/')+1]] {
		return true
	}
	if len(found.PartitionKeys) > 0 {
		return slices.ContainsFunc(found.Partitions, func(p Partition) bool { return r.fresh[p.StorageDescriptor.Location] })
	}
	for folder := range r.fresh { // files and folders alike: one table without partitions
		if strings.HasPrefix(folder, location) {
			return true
		}
	}
	return false
}

// rowsAtOnce is how many folders are stored in one transaction.
const rowsAtOnce = 1000

// remember stores the new folders in which a file could be read. It comes last: a crawl that ends before it finds them new again.
func (r *run) remember(ctx context.Context, s *survey) error {
	if r.fresh == nil {
		return nil
	}
	var folders []Leaf
	for _, t := range s.targets {
		for _, leaf := range Leaves(t.include, t.objects) {
			at := slices.IndexFunc(leaf.Objects, func(o Object) bool { return o.Result != nil })
			if at >= 0 && r.fresh[t.url(leaf.Folder)] {
				folders = append(folders, Leaf{Folder: t.include.Bucket + "/" + leaf.Folder, Objects: leaf.Objects[at : at+1]})
			}
		}
	}
	for some := range slices.Chunk(folders, rowsAtOnce) {
		err := r.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := r.stillOurs(ctx, tx); err != nil {
				return err
			}
			for _, f := range some {
				if err := r.record.putFolder(ctx, tx, f.Folder, *f.Objects[0].Result); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// errNotOurs says that the crawler has another crawl now, or none.
var errNotOurs = errors.New("crawler: the crawl was taken away")

func (r *run) stillOurs(ctx context.Context, tx *db.Tx) error {
	now, err := find(ctx, tx, r.record.Account, r.record.name())
	if err == nil && now.Crawl != r.item.ID {
		err = errNotOurs
	}
	return err
}

// putFolder stores a folder with what one of its files was like. Counts and notes are that file's own and left out.
func (r *record) putFolder(ctx context.Context, tx *db.Tx, folder string, like format.Result) error {
	like.RecordCount, like.AverageRecordSize, like.Exact, like.Notes = 0, 0, false, nil
	plain, err := db.Encode(db.At("glue_crawl_shape"), like)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(plain)
	shape := hex.EncodeToString(sum[:16])
	doc, err := db.Encode(db.At("glue_crawl_shape", r.Account, r.name(), shape), like)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO glue_crawl_shape (account, crawler, shape, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, crawler, shape) DO NOTHING`, r.Account, r.name(), shape, doc); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_crawl_folder (account, crawler, folder, shape) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, crawler, folder) DO UPDATE SET shape = excluded.shape`, r.Account, r.name(), folder, shape)
	return err
}

// forgetFolders empties the memory.
func (r *record) forgetFolders(ctx context.Context, tx *db.Tx) error {
	for _, table := range []string{"glue_crawl_folder", "glue_crawl_shape"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE account = ? AND crawler = ?`, r.Account, r.name()); err != nil {
			return err
		}
	}
	return nil
}

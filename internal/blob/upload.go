package blob

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/clock"
)

// Errors of completing an upload.
var (
	ErrInvalidPart  = errors.New("blob: part is missing or differs")
	ErrPartOrder    = errors.New("blob: parts are not in ascending order")
	ErrPartTooSmall = errors.New("blob: a part other than the last is too small")
	ErrBadChecksum  = errors.New("blob: checksum does not match")
	ErrBadSize      = errors.New("blob: size does not match")
)

// MinPart is the smallest size of a part that is not the last, in bytes.
const MinPart = 5 << 20

// Upload is a multipart upload that was begun.
type Upload struct {
	ID       string   `json:"-"`
	Key      string   `json:"key"`
	Millis   int64    `json:"time"`
	By       string   `json:"by"` // who began it
	Info     Info     `json:"info"`
	Checksum Checksum `json:"checksum"` // algorithm and type of the object to be
}

// UploadedPart is one part of an upload.
type UploadedPart struct {
	Number int    `json:"n"`
	Size   int64  `json:"size"`
	ETag   string `json:"etag"`
	Sum    string `json:"sum,omitempty"` // base64, in the upload's algorithm
	Millis int64  `json:"time"`
	File   string `json:"file"`
}

// PartClaim is what the caller who completes an upload says about a part.
type PartClaim struct {
	Number int
	ETag   string
	Sum    string // "" when not said
}

func (s *Store) uploadDir(bucket, id string) string {
	return filepath.Join(s.meta, bucket, "uploads", id)
}

// CreateUpload begins an upload and returns its id.
func (s *Store) CreateUpload(bucket string, u Upload) (string, error) {
	if err := CheckKey(u.Key); err != nil {
		return "", err
	}
	unlock, err := s.lockWritable(bucket, u.Key)
	if err != nil {
		return "", err
	}
	defer unlock()
	u.ID, u.Millis = s.NewID(), clock.Millis(s.clock.Now())
	doc, err := json.Marshal(u)
	if err != nil {
		return "", err
	}
	return u.ID, s.writeSmall(filepath.Join(s.uploadDir(bucket, u.ID), "upload.json"), doc)
}

// Upload returns an upload of a key. The error is ErrNoUpload when there is none.
func (s *Store) Upload(bucket, key, id string) (*Upload, error) {
	if !ValidID(id) {
		return nil, ErrNoUpload
	}
	u, err := s.readUpload(bucket, id)
	if err != nil {
		return nil, err
	}
	if u.Key != key {
		return nil, ErrNoUpload
	}
	return u, nil
}

func (s *Store) readUpload(bucket, id string) (*Upload, error) {
	u := &Upload{ID: id}
	err := readJSON(filepath.Join(s.uploadDir(bucket, id), "upload.json"), u)
	if missing(err) {
		return nil, ErrNoUpload
	}
	return u, err
}

func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("blob: %s is damaged: %w", path, err)
	}
	return nil
}

// PutPart keeps staged bytes as a part of an upload, durably. It replaces the
// part of the same number. The staged bytes are used up, also when it fails.
func (s *Store) PutPart(u *Upload, bucket string, number int, g *Staged) (*UploadedPart, error) {
	defer g.Discard()
	if err := s.syncFile(g.file); err != nil {
		return nil, err
	}
	lock := s.uploadLock(u.ID)
	lock.Lock()
	defer lock.Unlock()
	if _, err := s.readUpload(bucket, u.ID); err != nil {
		return nil, err
	}
	dir := s.uploadDir(bucket, u.ID)
	p := &UploadedPart{
		Number: number, Size: g.Size, ETag: g.ETag(), Sum: g.Sums[u.Checksum.Algorithm],
		Millis: clock.Millis(s.clock.Now()), File: s.NewID(),
	}
	var before UploadedPart
	name := filepath.Join(dir, partName(number))
	readErr := readJSON(name, &before)
	if err := s.rename(g.name, filepath.Join(dir, p.File), s.meta); err != nil {
		return nil, err
	}
	doc, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if err := s.writeSmall(name, doc); err != nil {
		return nil, err
	}
	if readErr == nil {
		_ = os.Remove(filepath.Join(dir, before.File)) // an orphan goes with the upload
	}
	return p, nil
}

func partName(number int) string { return fmt.Sprintf("part-%05d.json", number) }

// Parts lists the parts of an upload by number.
func (s *Store) Parts(bucket, id string) ([]UploadedPart, error) {
	entries, err := os.ReadDir(s.uploadDir(bucket, id)) // sorted by name
	if missing(err) {
		return nil, ErrNoUpload
	}
	if err != nil {
		return nil, s.ioError("list parts", err)
	}
	var out []UploadedPart
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "part-") {
			continue
		}
		var p UploadedPart
		err := readJSON(filepath.Join(s.uploadDir(bucket, id), e.Name()), &p)
		if missing(err) {
			return nil, ErrNoUpload // completed or aborted meanwhile
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Uploads lists the uploads of a bucket by key and time.
func (s *Store) Uploads(bucket string) ([]*Upload, error) {
	entries, err := os.ReadDir(filepath.Join(s.meta, bucket, "uploads"))
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.ioError("list uploads", err)
	}
	var out []*Upload
	for _, e := range entries {
		u, err := s.readUpload(bucket, e.Name())
		if errors.Is(err, ErrNoUpload) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b *Upload) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// AbortUpload removes an upload and its parts.
func (s *Store) AbortUpload(bucket, key, id string) error {
	if _, err := s.Upload(bucket, key, id); err != nil {
		return err
	}
	lock := s.uploadLock(id)
	lock.Lock()
	defer lock.Unlock()
	return s.removeUpload(bucket, id)
}

// removeUpload removes the upload's own file first: without it there is none.
func (s *Store) removeUpload(bucket, id string) error {
	dir := s.uploadDir(bucket, id)
	if err := os.Remove(filepath.Join(dir, "upload.json")); err != nil {
		if missing(err) {
			return ErrNoUpload
		}
		return s.ioError("abort upload", err)
	}
	if err := s.syncDir(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return s.ioError("abort upload", err)
	}
	return nil
}

// Completion is what completing an upload needs beside the parts.
type Completion struct {
	Parts      []PartClaim
	Sum        string // checksum of the object that the caller claims, "" when none
	Size       int64  // size that the caller claims, when HasSize
	HasSize    bool
	Versioning Versioning
	Check      Condition
}

// CompleteUpload joins the parts to an object and publishes it. Completing the
// same upload again answers with the object that it made, as long as that is
// current. Errors: ErrNoUpload, ErrInvalidPart, ErrPartOrder, ErrPartTooSmall,
// ErrBadChecksum, and Publish's.
func (s *Store) CompleteUpload(ctx context.Context, bucket, key, id string, c Completion) (*Info, error) {
	if !ValidID(id) {
		return nil, ErrNoUpload
	}
	lock := s.uploadLock(id)
	lock.Lock()
	defer lock.Unlock()
	u, err := s.Upload(bucket, key, id)
	if errors.Is(err, ErrNoUpload) {
		return s.completed(bucket, key, id)
	}
	if err != nil {
		return nil, err
	}
	parts, err := s.chooseParts(u, bucket, c.Parts)
	if err != nil {
		return nil, err
	}
	g, err := s.join(ctx, u, bucket, parts)
	if err != nil {
		return nil, err
	}
	info := u.Info
	if err := c.checkJoined(&info, u, parts, g); err != nil {
		g.Discard()
		return nil, err
	}
	done, err := s.Publish(bucket, key, g, info, c.Versioning, c.Check)
	if err != nil {
		return nil, err
	}
	return done, s.removeUpload(bucket, id)
}

// checkJoined describes the joined object and compares it with what the caller
// claims.
func (c *Completion) checkJoined(info *Info, u *Upload, parts []UploadedPart, g *Staged) error {
	if err := describeJoined(info, u, parts, g); err != nil {
		return err
	}
	switch {
	case c.Sum != "" && c.Sum != info.Checksum.Value:
		return ErrBadChecksum
	case c.HasSize && c.Size != g.Size:
		return ErrBadSize
	}
	return nil
}

// completed answers a repeated completion: the client did not get our answer.
func (s *Store) completed(bucket, key, id string) (*Info, error) {
	info, err := s.Stat(bucket, key, "")
	if err != nil || info.Upload != id {
		return nil, ErrNoUpload
	}
	return info, nil
}

// chooseParts matches what the caller claims with what was uploaded.
func (s *Store) chooseParts(u *Upload, bucket string, claims []PartClaim) ([]UploadedPart, error) {
	stored, err := s.Parts(bucket, u.ID)
	if err != nil {
		return nil, err
	}
	byNumber := make(map[int]UploadedPart, len(stored))
	for _, p := range stored {
		byNumber[p.Number] = p
	}
	if !slices.IsSortedFunc(claims, func(a, b PartClaim) int { return cmp.Or(cmp.Compare(a.Number, b.Number), -1) }) {
		return nil, ErrPartOrder
	}
	chosen := make([]UploadedPart, 0, len(claims))
	for i, c := range claims {
		p, ok := byNumber[c.Number]
		if !ok || strings.Trim(c.ETag, `"`) != p.ETag || (c.Sum != "" && c.Sum != p.Sum) {
			return nil, ErrInvalidPart
		}
		if p.Size < MinPart && i < len(claims)-1 {
			return nil, ErrPartTooSmall
		}
		chosen = append(chosen, p)
	}
	if len(chosen) == 0 {
		return nil, ErrInvalidPart
	}
	return chosen, nil
}

// join stages the concatenation of the parts. The bytes pass through the
// program only when the whole object's checksum is wanted.
func (s *Store) join(ctx context.Context, u *Upload, bucket string, parts []UploadedPart) (*Staged, error) {
	f, err := os.CreateTemp(s.tmp, "object")
	if err != nil {
		return nil, s.ioError("join", err)
	}
	g := &Staged{file: f, name: f.Name(), Sums: map[Algorithm]string{}}
	var to io.Writer = f
	hashes := &sums{}
	if u.Checksum.Type == FullObject {
		hashes = newSums([]Algorithm{u.Checksum.Algorithm})
		hashes.all = hashes.all[1:] // the ETag is made from those of the parts
		to = io.MultiWriter(f, hashes)
	}
	for _, p := range parts {
		n, err := appendFile(ctx, to, filepath.Join(s.uploadDir(bucket, u.ID), p.File))
		if err == nil && n != p.Size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			g.Discard()
			return nil, s.ioError("join", err)
		}
		g.Size += n
	}
	g.Sums = hashes.values()
	return g, nil
}

func appendFile(ctx context.Context, to io.Writer, path string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // read only
	return io.Copy(to, f)
}

// describeJoined makes ETag and checksum of an object from those of its parts.
func describeJoined(info *Info, u *Upload, parts []UploadedPart, g *Staged) error {
	tags := md5.New()
	info.Upload, info.Parts = u.ID, make([]Part, len(parts))
	for i, p := range parts {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return err
		}
		_, _ = tags.Write(raw)
		info.Parts[i] = Part{Number: p.Number, Size: p.Size, Checksum: p.Sum}
	}
	info.ETag = hex.EncodeToString(tags.Sum(nil)) + "-" + strconv.Itoa(len(parts))
	info.Checksum = u.Checksum
	if info.Checksum.Value = g.Sums[u.Checksum.Algorithm]; u.Checksum.Type == Composite {
		sum, err := composite(u.Checksum.Algorithm, info.Parts)
		info.Checksum.Value = sum
		return err
	}
	return nil
}

package sigv4

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// The vendor's worked examples of chunked uploads: 65 KB of 'a' in chunks of 64 KB and 1 KB.
const (
	exampleKeyID  = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	exampleAuth   = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
)

var exampleTime = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)

func exampleRequest(sha256, signed, signature string) *http.Request {
	r := httptest.NewRequest("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", nil)
	for name, value := range map[string]string{
		"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "Content-Encoding": "aws-chunked",
		"X-Amz-Decoded-Content-Length": "66560", "X-Amz-Content-Sha256": sha256,
		"Authorization": exampleAuth + "SignedHeaders=" + signed + ",Signature=" + signature,
	} {
		r.Header.Set(name, value)
	}
	return r
}

func exampleRules() Options {
	o := s3Rules()
	o.Now = exampleTime
	return o
}

func TestVendorExampleOfSignedChunks(t *testing.T) {
	r := exampleRequest(StreamingSigned,
		"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
		"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
	r.Header.Set("Content-Length", "66824")
	body := "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	if len(body) != 66824 {
		t.Fatalf("body of %d bytes", len(body))
	}
	got, _ := readExample(t, r, body)
	if got != strings.Repeat("a", 66560) {
		t.Errorf("decoded %d bytes", len(got))
	}
}

func TestVendorExampleOfSignedTrailer(t *testing.T) {
	r := exampleRequest(StreamingSignedTrailer,
		"content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
		"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
	r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
	body := "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
		"x-amz-checksum-crc32c:sOO8/Q==\r\n" +
		"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
	got, trailers := readExample(t, r, body)
	if len(got) != 66560 || trailers.Get("x-amz-checksum-crc32c") != "sOO8/Q==" || len(trailers) != 1 {
		t.Errorf("decoded %d bytes, trailers %v", len(got), trailers)
	}
}

// TestTrailerInTheVendorsDescription reads the form with \n and a blank line, which some clients write.
func TestTrailerInTheVendorsDescription(t *testing.T) {
	u := newUpload(t, SignedTrailer, "data", 8192, crc)
	plain := u.body
	u.body = strings.Replace(plain, crc+"\r\n", crc+"\n\r\n", 1)
	if got, err := u.read(); err != nil || got != "data" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, body := range []string{
		strings.Replace(plain, crc+"\r\n", crc+"\n\r\n\r\n", 1),
		strings.Replace(plain, crc+"\r\n", "\r\n"+crc+"\r\n", 1),
	} {
		u.body = body
		if _, err := u.read(); err == nil {
			t.Errorf("accepted %q", body)
		}
	}
}

func readExample(t *testing.T, r *http.Request, body string) (string, http.Header) {
	t.Helper()
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	key := DeriveKey(exampleSecret, p.Date, p.Region, p.Service)
	if err := p.Verify(r, key, "", exampleRules()); err != nil {
		t.Fatalf("seed: %v", err)
	}
	chunks := ChunkReader(iotest.OneByteReader(strings.NewReader(body)), p, key)
	if chunks.Trailers() != nil {
		t.Error("trailers before the end")
	}
	got, err := io.ReadAll(chunks)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), chunks.Trailers()
}

// upload is a chunked request of our own making.
type upload struct {
	p    *Parsed
	key  SigningKey
	body string
}

// newUpload signs and codes data in chunks of size bytes, with the trailers given as "name:value".
func newUpload(t testing.TB, mode Mode, data string, size int, trailers ...string) upload {
	t.Helper()
	r := httptest.NewRequest("PUT", "http://localhost/bucket/key", nil)
	words := map[Mode]string{Signed: StreamingSigned, SignedTrailer: StreamingSignedTrailer, UnsignedTrailer: StreamingUnsignedTrailer}
	r.Header.Set("X-Amz-Content-Sha256", words[mode])
	r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(data)))
	var names []string
	for _, trailer := range trailers {
		name, _, _ := strings.Cut(trailer, ":")
		names = append(names, name)
	}
	if names != nil {
		r.Header.Set("X-Amz-Trailer", strings.Join(names, ","))
	}
	s := NewSigner(testKeyID, testSecret, "", "us-east-1", "s3", testNow)
	if _, err := Sign(r, s, testNow, words[mode]); err != nil {
		t.Fatal(err)
	}
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(r, s.Key, "", s3Rules()); err != nil {
		t.Fatal(err)
	}
	return upload{p: p, key: s.Key, body: codeChunks(p, s.Key, data, size, trailers)}
}

// codeChunks is the coding written once more from the vendor's description, so that the reader is not judged by itself alone.
func codeChunks(p *Parsed, key SigningKey, data string, size int, trailers []string) string {
	var b strings.Builder
	previous := p.Signature
	chunk := func(piece string) {
		fmt.Fprintf(&b, "%x", len(piece))
		if p.Streaming != UnsignedTrailer {
			previous = key.sign([]byte("AWS4-HMAC-SHA256-PAYLOAD\n" + p.amzDate() + "\n" + p.scope() + "\n" + previous + "\n" +
				EmptyPayload + "\n" + HashPayload([]byte(piece))))
			b.WriteString(";chunk-signature=" + previous)
		}
		b.WriteString("\r\n")
	}
	for data != "" {
		piece := data[:min(size, len(data))]
		data = data[len(piece):]
		chunk(piece)
		b.WriteString(piece + "\r\n")
	}
	chunk("")
	for _, trailer := range trailers {
		b.WriteString(trailer + "\r\n")
	}
	if p.Streaming == SignedTrailer {
		sum := HashPayload([]byte(strings.Join(trailers, "\n") + "\n"))
		b.WriteString("x-amz-trailer-signature:" + key.sign([]byte("AWS4-HMAC-SHA256-TRAILER\n"+p.amzDate()+"\n"+p.scope()+"\n"+previous+"\n"+sum)) + "\r\n")
	}
	return b.String() + "\r\n"
}

func (u upload) read() (string, error) {
	got, err := io.ReadAll(ChunkReader(strings.NewReader(u.body), u.p, u.key))
	return string(got), err
}

const crc = "x-amz-checksum-crc32:AAAAAA=="

func TestChunksOfEveryModeAndSize(t *testing.T) {
	for _, mode := range []Mode{Signed, SignedTrailer, UnsignedTrailer} {
		for _, length := range []int{0, 1, 8191, 8192, 8193, 40000} {
			var trailers []string
			if mode != Signed {
				trailers = []string{crc}
			}
			data := strings.Repeat("x\r\n0;", length)[:length]
			u := newUpload(t, mode, data, 8192, trailers...)
			got, err := u.read()
			if err != nil || got != data {
				t.Errorf("mode %d, %d bytes: got %d bytes, %v", mode, length, len(got), err)
			}
		}
	}
}

func TestForgedChunksAreNotDelivered(t *testing.T) {
	data := strings.Repeat("a", 8192) + strings.Repeat("b", 8192) + "end"
	signed := newUpload(t, Signed, data, 8192)
	trailer := newUpload(t, SignedTrailer, data, 8192, crc)
	open := newUpload(t, UnsignedTrailer, data, 8192, crc)
	frame := func(u upload, n int) (start, end int) { // the bytes of chunk n, header to line end
		for range n + 1 {
			start = end
			end = start + strings.Index(u.body[start:], "\r\n") + 2 + 8192 + 2
		}
		return start, end
	}
	firstStart, firstEnd := frame(signed, 0)
	secondStart, secondEnd := frame(signed, 1)
	cases := []struct {
		name  string
		of    upload
		body  string
		want  Reason
		given int // bytes that may be delivered
	}{
		{"first chunk altered", signed, strings.Replace(signed.body, "aa", "ab", 1), SignatureMismatch, 0},
		{"second chunk altered", signed, strings.Replace(signed.body, "bb", "ba", 1), SignatureMismatch, 8192},
		{"chunks swapped", signed, signed.body[secondStart:secondEnd] + signed.body[firstStart:firstEnd] + signed.body[secondEnd:], SignatureMismatch, 0},
		{"chunk repeated", signed, signed.body[:firstEnd] + signed.body, SignatureMismatch, 8192},
		{"chunk dropped", signed, signed.body[:firstEnd] + signed.body[secondEnd:], SignatureMismatch, 8192},
		{"cut after a chunk", signed, signed.body[:secondEnd], IncompleteBody, 16384},
		{"cut within a chunk", signed, signed.body[:secondEnd-100], IncompleteBody, 8192},
		{"cut before the last line end", signed, signed.body[:len(signed.body)-2], IncompleteBody, len(data)},
		{"more after the end", signed, signed.body + "x", MalformedChunk, len(data)},
		{"no signature on a chunk", signed, "2000\r\n" + strings.Repeat("a", 8192) + "\r\n0\r\n\r\n", MalformedChunk, 0},
		{"signature of other length", signed, "2000;chunk-signature=abc\r\n", MalformedChunk, 0},
		{"other extension", signed, strings.Replace(signed.body, "chunk-signature", "chunk-sig", 1), MalformedChunk, 0},
		{"signature in capitals", signed, "2000;chunk-signature=" + strings.Repeat("A", 64) + "\r\n", MalformedChunk, 0},
		{"huge size", signed, "7fffffffffffffff" + signed.body[4:], IncompleteBody, 0},
		{"size overflows", signed, "ffffffffffffffff" + signed.body[4:], MalformedChunk, 0},
		{"size of 17 digits", signed, "0000000000000" + signed.body, MalformedChunk, 0},
		{"negative size", signed, "-" + signed.body, MalformedChunk, 0},
		{"size with underscore", signed, "20_00" + signed.body[4:], MalformedChunk, 0},
		{"bare line feed", signed, strings.Replace(signed.body, "\r\n", "\n", 1), MalformedChunk, 0},
		{"endless header", signed, strings.Repeat("0", 100000), MalformedChunk, 0},
		{"early end", signed, signed.body[:firstEnd] + "0;chunk-signature=" + strings.Repeat("0", 64) + "\r\n\r\n", IncompleteBody, 8192},
		{"not chunked at all", signed, "hello", IncompleteBody, 0},
		{"trailer altered", trailer, strings.Replace(trailer.body, "AAAAAA", "AAAAAB", 1), SignatureMismatch, len(data)},
		{"trailer renamed", trailer, strings.Replace(trailer.body, "crc32:", "crc64:", 1), MalformedTrailer, len(data)},
		{"trailer repeated", trailer, strings.Replace(trailer.body, crc, crc+"\r\n"+crc, 1), MalformedTrailer, len(data)},
		{"trailer dropped", trailer, strings.Replace(trailer.body, crc+"\r\n", "", 1), MalformedTrailer, len(data)},
		{"trailer signature dropped", trailer, trailer.body[:strings.Index(trailer.body, trailerSignature)] + "\r\n", IncompleteBody, len(data)},
		{"trailer after its signature", trailer, strings.TrimSuffix(trailer.body, "\r\n") + "x-amz-checksum-sha1:x\r\n\r\n", MalformedTrailer, len(data)},
		{"trailer signature moved up", trailer, moveUp(trailer.body, trailerSignature, crc+"\r\n"), MalformedTrailer, len(data)},
		{"trailer without colon", trailer, strings.Replace(trailer.body, crc, "x-amz-checksum-crc32", 1), MalformedTrailer, len(data)},
		{"unsigned: chunk longer than announced", open, "ffff\r\n", IncompleteBody, 0},
		{"unsigned: chunk dropped", open, open.body[strings.Index(open.body, "\r\n2000\r\n")+2:], IncompleteBody, 8195},
		{"unsigned: chunk signature present", open, signed.body, MalformedChunk, 0},
		{"unsigned: header slipped in as trailer", open, strings.Replace(open.body, crc, crc+"\r\nx-amz-acl:public-read", 1), MalformedTrailer, len(data)},
		{"unsigned: trailer dropped", open, strings.Replace(open.body, crc+"\r\n", "", 1), MalformedTrailer, len(data)},
		{"unsigned: cut within a chunk", open, open.body[:5000], IncompleteBody, 4994},
		{"unsigned: line end missing", open, strings.Replace(open.body, "a\r\n", "aXX", 1), MalformedChunk, 8192},
	}
	for _, c := range cases {
		c.of.body = c.body
		got, err := c.of.read()
		if !errors.Is(err, &Error{Code: c.want}) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if len(got) != c.given {
			t.Errorf("%s: %d bytes delivered, want %d", c.name, len(got), c.given)
		}
	}
}

// moveUp puts line, which stands before mark, behind mark's own line.
func moveUp(body, mark, line string) string {
	return strings.TrimSuffix(strings.Replace(body, line+mark, mark, 1), "\r\n") + line + "\r\n"
}

func TestSmallAndHugeSignedChunks(t *testing.T) {
	small := newUpload(t, Signed, strings.Repeat("a", 3000), 1000)
	got, err := small.read()
	if !errors.Is(err, &Error{Code: InvalidChunkSize}) || len(got) != 1000 {
		t.Errorf("small chunks: %d bytes, %v", len(got), err)
	}
	huge := newUpload(t, Signed, strings.Repeat("a", maxChunk+1), maxChunk+1)
	got, err = huge.read()
	if !errors.Is(err, &Error{Code: InvalidChunkSize}) || got != "" {
		t.Errorf("huge chunk: %d bytes, %v", len(got), err)
	}
}

func TestChunkReaderRefusesPlainBodies(t *testing.T) {
	if _, err := io.ReadAll(ChunkReader(strings.NewReader("x"), &Parsed{}, SigningKey{})); !errors.Is(err, &Error{Code: MalformedChunk}) {
		t.Errorf("got %v", err)
	}
}

func TestChunkReaderPassesReadErrors(t *testing.T) {
	broken := errors.New("connection reset")
	for _, mode := range []Mode{Signed, UnsignedTrailer} {
		u := newUpload(t, mode, strings.Repeat("a", 9000), 9000)
		body := io.MultiReader(strings.NewReader(u.body[:5000]), iotest.ErrReader(broken))
		if _, err := io.ReadAll(ChunkReader(body, u.p, u.key)); !errors.Is(err, broken) {
			t.Errorf("mode %d: got %v", mode, err)
		}
	}
}

// TestEveryByteOfASignedBodyCounts changes each byte of a small upload. Only the letter case of trailer names may change without
// notice, since it means the same.
func TestEveryByteOfASignedBodyCounts(t *testing.T) {
	u := newUpload(t, SignedTrailer, strings.Repeat("a", 8200), 8192, crc)
	original := u.body
	names := strings.Index(original, crc)
	refused, sameMeaning := 0, 0
	for i := range len(original) {
		if i > 200 && i < 8100 {
			continue // more of the same data
		}
		for _, flip := range []byte{1, 0x20, 0x80} {
			changed := []byte(original)
			changed[i] ^= flip
			u.body = string(changed)
			_, err := u.read()
			inName := i >= names && !strings.Contains(original[strings.LastIndex(original[:i], "\n")+1:i], ":")
			switch caseOnly := strings.EqualFold(u.body, original); {
			case err != nil:
				refused++
			case caseOnly && inName:
				sameMeaning++
			default:
				t.Errorf("byte %d (%q) ^ %#x accepted", i, original[i], flip)
			}
		}
	}
	t.Logf("%d refused, %d changed only the letter case of a trailer's name", refused, sameMeaning)
}

package sigv2_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/sigv2"
)

// TestOneParameterIsNotTwo takes a URL for one version of an object apart: the
// signed text stays the same when the version becomes a part of the parameter
// before it, and the URL would then read whatever is current.
func TestOneParameterIsNotTwo(t *testing.T) {
	mac := hmac.New(sha1.New, []byte("secret"))
	mac.Write([]byte("GET\n\n\n1000\n/b/k?response-content-type=text/html&versionId=V1"))
	own := "AWSAccessKeyId=AK&Expires=1000&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	accepted := func(query string) bool {
		c, err := sigv2.Parse(httptest.NewRequest("GET", "/b/k?"+own+"&"+query, nil))
		return err == nil && c.Verify("secret", time.Unix(900, 0)) == nil
	}
	if !accepted("response-content-type=text/html&versionId=V1") {
		t.Error("the URL as it was signed is refused")
	}
	if accepted("response-content-type=text/html%26versionId%3DV1") {
		t.Error("the URL without its version is accepted")
	}
}

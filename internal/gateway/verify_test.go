package gateway

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/api/lakeformationapi"
	"github.com/bindery-project/bindery/internal/op"
)

// TestFormDoesNotLeadElsewhere: a form signed for a service that we do not
// serve stays there, though its Version is one of ours.
func TestFormDoesNotLeadElsewhere(t *testing.T) {
	routes, err := newRoutes([]*op.Service{{Model: &iamapi.Model}})
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{routes: routes}
	x := exchangeFor(t, "Action=CreateUser&UserName=x&Version="+iamapi.Model.Version)
	x.route = route{unserved: "sns", protocol: op.Query}.withCodec()
	if err := g.readAction(x); err != nil {
		t.Fatal(err)
	}
	if x.route.service != nil || x.route.target != nil || x.route.unserved != "sns" {
		t.Fatalf("the form changed the route to %+v", x.route)
	}
}

// exchangeFor is a buffered form request.
func exchangeFor(t *testing.T, form string) *exchange {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return &exchange{r: r, call: &op.Call{}, body: []byte(form)}
}

// TestPathWithoutCredentials: a stranger at a service's own path is refused in
// that service's words, anywhere else in the object store's.
func TestPathWithoutCredentials(t *testing.T) {
	routes, err := newRoutes([]*op.Service{{Model: &lakeformationapi.Model, Operations: lakeformationapi.Bind(lakeformationapi.Refused{})}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"/GetDataLakeSettings": true, "/getdatalakesettings": false, "/GetDataLakeSettings/x": false, "/bucket": false} {
		got := routes.find(httptest.NewRequest(http.MethodPost, path, nil))
		if (got.service != nil) != want {
			t.Errorf("%s: found service %v, want %v", path, got.service != nil, want)
		}
	}
}

// TestVersionTwo: of the old signature only presigned URLs are taken, and none
// is taken for an unsigned request.
func TestVersionTwo(t *testing.T) {
	g := &Gateway{}
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{httptest.NewRequest(http.MethodGet, "/b/k?AWSAccessKeyId=AKIA&Signature=%21&Expires=1", nil), "SignatureDoesNotMatch"},
		{httptest.NewRequest(http.MethodGet, "/b?list-type=2&AWSAccessKeyId=AKIA&Signature=x&Expires=1", nil), "InvalidRequest"},
		{&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/b/k"}, Header: http.Header{"Authorization": {"AWS AKIA:x"}}}, "InvalidRequest"},
	} {
		err := g.verify(t.Context(), &exchange{r: c.r, call: &op.Call{}})
		var fault *op.Fault
		if !errors.As(err, &fault) || fault.Code != c.want {
			t.Errorf("%s: got %v, want %s", c.r.URL, err, c.want)
		}
	}
}

// TestReadAll: every length comes back whole, whatever length was declared and
// however little each read gives.
func TestReadAll(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 64 << 10, 64<<10 + 1, 1 << 20, 3<<20 + 7} {
		for _, declared := range []int64{-1, int64(n), int64(n) / 2, int64(n) * 3} {
			sent := bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]
			got, err := readAll(iotest.HalfReader(bytes.NewReader(sent)), declared)
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes with %d declared: got %d, %v", n, declared, len(got), err)
			}
		}
	}
}

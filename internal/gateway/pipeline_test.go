package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/sigv4"
	"github.com/bindery-project/bindery/internal/wire"
)

// TestPanicIsAnError: a gateway without routes panics on any request.
func TestPanicIsAnError(t *testing.T) {
	g := &Gateway{}
	err := g.guarded(t.Context(), &exchange{r: httptest.NewRequest("GET", "/", nil)})
	if err == nil || !strings.Contains(err.Error(), "panic: ") || !strings.Contains(err.Error(), "serve") {
		t.Fatalf("want the panic and its stack as an error, got %v", err)
	}
}

// unsupported is an object store that refuses every request by name.
type unsupported struct{}

func (unsupported) SigningName() string { return "s3" }

func (unsupported) Plan(context.Context, *http.Request) (*op.StreamPlan, error) {
	return nil, &op.Fault{Code: "NotImplemented", Status: http.StatusNotImplemented}
}

func (unsupported) WriteError(http.ResponseWriter, *http.Request, op.Error, string) {}

// TestStrangersLearnNothing: only who signed hears that something is not supported.
func TestStrangersLearnNothing(t *testing.T) {
	g := &Gateway{Config: Config{Objects: unsupported{}}}
	x := &exchange{r: httptest.NewRequest("PATCH", "/bucket", nil), call: &op.Call{}}
	if err := g.serveObjects(t.Context(), x); !errors.Is(err, sigv4.ErrMissing) {
		t.Errorf("a stranger got %v", err)
	}
	x.proof = &sigv4.Parsed{}
	var fault *op.Fault
	if err := g.serveObjects(t.Context(), x); !errors.As(err, &fault) || fault.Code != "NotImplemented" {
		t.Errorf("who signed got %v", err)
	}
}

// TestInputWithoutShape: an operation that takes nothing still gets its input.
func TestInputWithoutShape(t *testing.T) {
	for _, b := range iamapi.Bind(iamapi.Refused{}) {
		if b.Name != "GetAccountSummary" {
			continue
		}
		if b.Input != op.NoShape {
			t.Fatal("GetAccountSummary has an input shape now: take another operation")
		}
		x := &exchange{r: httptest.NewRequest("POST", "/", nil), call: &op.Call{}, route: route{
			target: &target{Bound: b}, codec: wire.For(op.Query),
		}}
		if err := x.decode(); err != nil {
			t.Fatal(err)
		}
		if _, ok := x.in.(*iamapi.GetAccountSummaryInput); !ok {
			t.Fatalf("input is %T", x.in)
		}
		return
	}
	t.Fatal("no operation GetAccountSummary")
}

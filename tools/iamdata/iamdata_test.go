package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/tools/models/facts"
)

// TestCommittedRows is the check itself.
func TestCommittedRows(t *testing.T) {
	if err := run("../../models", false); err != nil {
		t.Error(err)
	}
}

var boxes = &judge{
	actions: map[string]facts.Action{
		"tiny:getbox":  {Name: "GetBox", Access: "Read", Required: []string{"box", "shelf"}, Keys: []string{"aws:RequestTag/${TagKey}"}},
		"tiny:tagbox":  {Name: "TagBox", Access: "Tagging, Write", Optional: []string{"box", "shelf"}},
		"tiny:listall": {Name: "ListAll", Access: "List"},
	},
	resources: []facts.Resource{
		{Name: "box", ARN: "arn:${Partition}:tiny:${Region}:${Account}:box/${Shelf}/${Box}"},
		{Name: "lid", ARN: "arn:${Partition}:tiny:${Region}:${Account}:box/${Shelf}/${Box}/lid/${Lid}"},
		{Name: "shelf", ARN: "arn:${Partition}:tiny:${Region}:${Account}:shelf:${Shelf}"},
		{Name: "room", ARN: "arn:${Partition}:tiny:${Region}:${Account}:room"},
	},
	resolvers: map[string][]string{"lid": {"lid"}},
}

const prefix = "arn:aws:tiny:{region}:{account}:"

func TestKind(t *testing.T) {
	for template, want := range map[string]string{
		"*":                               "*",
		"{ResourceArn}":                   "arn",
		prefix + "box/{Shelf}/{Name}":     "box",
		prefix + "box/{Shelf}/*":          "box",
		prefix + "box{Path|/}{Name}":      "box",
		prefix + "box/{A}/{B}/lid/{C}":    "lid",
		prefix + "shelf:{Name|top}":       "shelf",
		prefix + "shelf:{Name}:drawer:":   "shelf",
		prefix + "room":                   "room",
		prefix + "room/{Name}":            prefix + "room/{Name}",
		prefix + "cupboard/{Unheard}/{x}": prefix + "cupboard/{Unheard}/{x}",
	} {
		if got := boxes.kind(template); got != want {
			t.Errorf("kind(%q) = %q, want %q", template, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	box, shelf := op.Target{Template: prefix + "box/{S}/{N}"}, op.Target{Template: prefix + "shelf:{S}"}
	for name, c := range map[string]struct {
		row  op.Operation
		want []string
	}{
		"agrees":       {op.Operation{ReadOnly: true, Auth: op.Auth{Action: "tiny:GetBox", Resources: []op.Target{box, shelf}, Context: []op.KeyValue{{Key: "aws:RequestTag/"}}}}, nil},
		"any ARN":      {op.Operation{Auth: op.Auth{Action: "tiny:TagBox", Resources: []op.Target{{Template: "{Arn}"}}}}, nil},
		"one missing":  {op.Operation{ReadOnly: true, Auth: op.Auth{Action: "tiny:GetBox", Resources: []op.Target{box}}}, []string{"does not ask for shelf"}},
		"one too many": {op.Operation{ReadOnly: true, Auth: op.Auth{Action: "tiny:ListAll", Resources: []op.Target{shelf}, Resolver: "lid"}}, []string{"asks for lid", "asks for shelf"}},
		"no action":    {op.Operation{Auth: op.Auth{Action: "tiny:Fly"}}, []string{"no action tiny:Fly is published"}},
		"unknown key":  {op.Operation{ReadOnly: true, Auth: op.Auth{Action: "tiny:ListAll", Context: []op.KeyValue{{Key: "tiny:Hue"}}}}, []string{"condition key tiny:Hue is not published for the action"}},
		"writes":       {op.Operation{Auth: op.Auth{Action: "tiny:ListAll"}}, []string{"read only is false, the access level is List"}},
	} {
		if got := boxes.judge(&c.row); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCompare sees the check turn red in each of its ways.
func TestCompare(t *testing.T) {
	found := differences{"tiny": {"GetBox": {Differs: []string{"asks for lid"}}}}
	if err := found.compare(differences{"tiny": {"GetBox": {Differs: []string{"asks for lid"}, Reason: "lids matter"}}}); err != nil {
		t.Errorf("reviewed: %v", err)
	}
	for want, reviewed := range map[string]differences{
		"tiny:GetBox asks for lid": {},
		"listed without a reason":  {"tiny": {"GetBox": {Differs: []string{"asks for lid"}}}},
		"does not differ any more": {"tiny": {"GetBox": {Differs: []string{"asks for lid"}, Reason: "x"}, "PutBox": {Reason: "x"}}},
		"1 differences to review":  {"tiny": {"GetBox": {Differs: []string{"asks for shelf"}, Reason: "x"}}},
	} {
		if err := found.compare(reviewed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestUpdateKeepsReasons writes a list and reads it back.
func TestUpdateKeepsReasons(t *testing.T) {
	path := filepath.Join(t.TempDir(), "differences.json")
	reviewed := differences{"tiny": {"GetBox": {Reason: "lids matter"}}}
	found := differences{"tiny": {"GetBox": {Differs: []string{"asks for lid"}}, "PutBox": {Differs: []string{"x"}}}}
	if err := found.withReasons(reviewed).write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readDifferences(path)
	if err != nil || got["tiny"]["GetBox"].Reason != "lids matter" || got["tiny"]["PutBox"].Reason != "" || len(got["tiny"]) != 2 {
		t.Errorf("read back %v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("["), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readDifferences(path); err == nil {
		t.Error("a broken list was read")
	}
}

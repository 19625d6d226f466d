package crawler

import "testing"

func TestConfiguration(t *testing.T) {
	c, err := ParseConfiguration(`{"Version":1.0,"CrawlerOutput":{"Tables":{"AddOrUpdateBehavior":"MergeNewColumns","TableThreshold":2},
		"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas","TableLevelConfiguration":3},
		"CreatePartitionIndex":true}`)
	if err != nil {
		t.Fatal(err)
	}
	if c.CrawlerOutput.Tables.TableThreshold != 2 || c.Grouping.TableLevelConfiguration != 3 || !*c.CreatePartitionIndex {
		t.Errorf("%+v", c)
	}
	if c.CheckThreshold(2) != nil || c.CheckThreshold(3) == nil {
		t.Error("TableThreshold 2 must allow 2 tables and refuse 3")
	}
	if empty, err := ParseConfiguration(""); err != nil || empty.CheckThreshold(1<<20) != nil {
		t.Errorf("empty configuration: %+v, %v", empty, err)
	}
}

func TestConfigurationRefusals(t *testing.T) {
	for _, text := range []string{
		`{`, `[]`, `{}`, `{"Version":2}`, `{"Version":1,"Unknown":true}`, `{"Version":1,"CrawlerOutput":{"Tables":{"AddOrUpdateBehavior":"Replace"}}}`,
		`{"Version":1,"CrawlerOutput":{"Tables":{"TableThreshold":-1}}}`, `{"Version":1,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"MergeNewColumns"}}}`,
		`{"Version":1,"Grouping":{"TableGroupingPolicy":"All"}}`, `{"Version":1,"Grouping":{"TableLevelConfiguration":-1}}`, `{"Version":1,"Version":1}`,
	} {
		if c, err := ParseConfiguration(text); err == nil {
			t.Errorf("%s was read as %+v", text, c)
		}
	}
}

func TestIncludePath(t *testing.T) {
	p, err := ParseIncludePath("s3://b/data/x/")
	if err != nil || p != (IncludePath{Bucket: "b", Prefix: "data/x"}) {
		t.Fatalf("%+v, %v", p, err)
	}
	for key, want := range map[string]bool{"data/x": true, "data/x/y": true, "data/xy": false, "data": false} {
		if p.Covers(key) != want {
			t.Errorf("covers %s: %v", key, !want)
		}
	}
	if got := p.Relative("data/x/y/z"); got != "y/z" {
		t.Errorf("relative %s", got)
	}
	for _, text := range []string{"", "b/x", "s3://", "s3:///x", "file:///etc", "://b"} {
		if p, err := ParseIncludePath(text); err == nil {
			t.Errorf("%q was read as %+v", text, p)
		}
	}
}

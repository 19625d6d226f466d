package connection

import (
	"strings"
	"testing"

	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
)

func TestURLs(t *testing.T) {
	for text, want := range map[string]site{
		"jdbc:postgresql://db.example:5433/shop":                        {probe.PostgreSQL, probe.Endpoint{Host: "db.example", Port: 5433}, "shop", preferred},
		"jdbc:postgresql://db.example/shop?sslmode=verify-full":         {probe.PostgreSQL, probe.Endpoint{Host: "db.example", Port: 5432}, "shop", verifyName},
		"jdbc:postgresql://[2001:db8::1]/shop?ssl=true":                 {probe.PostgreSQL, probe.Endpoint{Host: "2001:db8::1", Port: 5432}, "shop", verifyName},
		"jdbc:redshift://c.example:5439/dev":                            {probe.PostgreSQL, probe.Endpoint{Host: "c.example", Port: 5439}, "dev", preferred},
		"jdbc:mysql://db/shop?useSSL=false&serverTimezone=UTC":          {probe.MySQL, probe.Endpoint{Host: "db", Port: 3306}, "shop", unencrypted},
		"jdbc:mysql://db:3307":                                          {probe.MySQL, probe.Endpoint{Host: "db", Port: 3307}, "", preferred},
		"jdbc:mysql://db/shop?requireSSL=true":                          {probe.MySQL, probe.Endpoint{Host: "db", Port: 3306}, "shop", required},
		"jdbc:mariadb://db/a%20b?sslMode=verify_ca":                     {probe.MySQL, probe.Endpoint{Host: "db", Port: 3306}, "a b", verifyChain},
		"jdbc:postgresql://db/shop?sslmode=disable&connectTimeout=10":   {probe.PostgreSQL, probe.Endpoint{Host: "db", Port: 5432}, "shop", unencrypted},
		"jdbc:postgresql://db.example.:5432/":                           {probe.PostgreSQL, probe.Endpoint{Host: "db.example.", Port: 5432}, "", preferred},
		"jdbc:mysql://db/shop?useSSL=true&verifyServerCertificate=true": {probe.MySQL, probe.Endpoint{Host: "db", Port: 3306}, "shop", verifyChain},
	} {
		got, err := parseURL(text)
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                          "must have the form",
		"postgresql://db/shop":                      "must have the form",
		"jdbc:":                                     "not known",
		"jdbc:file:///etc/passwd":                   "not known",
		"jdbc:oracle:thin://@h:1521/s":              "JDBC_ENGINE oracle",
		"jdbc:sqlserver://h:1433;databaseName=d":    "JDBC_ENGINE sqlserver",
		"jdbc:redshift:iam://c.example/dev":         "must have the form",
		"jdbc:postgresql:shop":                      "must have the form",
		"jdbc:postgresql:///shop":                   "must have the form",
		"jdbc:postgresql://a:1,b:2/shop":            "host name",
		"jdbc:postgresql://db/a/b":                  "must have the form",
		"jdbc:postgresql://db/shop#x":               "must have the form",
		"jdbc:postgresql://u:s3cret@db/shop":        "must not hold credentials",
		"jdbc:postgresql://db:0/shop":               "port",
		"jdbc:postgresql://db:99999/shop":           "port",
		"jdbc:postgresql://db/shop?ssl=maybe":       "encryption",
		"jdbc:postgresql://db/shop?sslmode=s3cret":  "encryption",
		"jdbc:postgresql://db/shop?s3cret":          "parameters of JDBC_CONNECTION_URL other than",
		"jdbc:postgresql://db/shop?ssl=true&ssl=1":  "parameters of JDBC_CONNECTION_URL other than",
		"jdbc:mysql://db/shop?autoDeserialize=true": "parameters of JDBC_CONNECTION_URL other than",
		"jdbc:mysql://db/shop?useSSL=s3cret":        "encryption",
		"jdbc:mysql://db/shop?a;b":                  "not well formed",
		"jdbc:mysql://db%00x/shop":                  "",
		"jdbc:mysql://-db/shop":                     "host name",
	} {
		got, err := parseURL(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %+v, %v, want an error about %q that repeats nothing", text, got, err, want)
		}
	}
}

func FuzzURL(f *testing.F) {
	f.Add("jdbc:postgresql://db.example:5433/shop?ssl=true")
	f.Add("jdbc:mysql://[::1]:3306/a%00b?useSSL=false")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseURL(text)
		if err != nil {
			return
		}
		if got.endpoint.Port == 0 || strings.ContainsAny(got.endpoint.Host, "/\\%@ \x00") {
			t.Errorf("%q leads to %+v", text, got)
		}
	})
}

package connection

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// site is where a database is, and how one is to get there.
type site struct {
	protocol probe.Protocol
	endpoint probe.Endpoint
	database string
	level    level
}

// driver is what is known of a kind of database.
type driver struct {
	protocol probe.Protocol
	port     string // when none is given
	level    func(parameters url.Values) (level, bool)
	harmless []string // parameters that are honoured, or change nothing for a test
}

var postgresDriver = driver{
	protocol: probe.PostgreSQL, port: "5432", level: postgresLevel,
	harmless: []string{
		"ssl", "sslmode", "ApplicationName", "connectTimeout", "loginTimeout", "socketTimeout", "tcpKeepAlive", "stringtype",
		"reWriteBatchedInserts", "prepareThreshold", "defaultRowFetchSize",
	},
}

var mysqlDriver = driver{
	protocol: probe.MySQL, port: "3306", level: mysqlLevel,
	harmless: []string{
		"sslMode", "useSSL", "requireSSL", "verifyServerCertificate", "serverTimezone", "useUnicode", "characterEncoding",
		"connectTimeout", "socketTimeout", "tcpKeepAlive", "zeroDateTimeBehavior", "tinyInt1isBit", "rewriteBatchedStatements",
		"useCursorFetch", "defaultFetchSize", "useServerPrepStmts",
	},
}

// drivers are the databases that can be tried, by the name that URLs and JDBC_ENGINE have for them.
var drivers = map[string]driver{
	"postgresql": postgresDriver,
	"redshift":   {postgresDriver.protocol, "5439", postgresDriver.level, postgresDriver.harmless},
	"mysql":      mysqlDriver,
	"mariadb":    mysqlDriver,
}

// site finds where a definition leads.
func (d *definition) site() (*site, error) {
	name := map[string]string{glueapi.ConnectionTypePostgresql: "postgresql", glueapi.ConnectionTypeMysql: "mysql"}[d.kind]
	if text, given := d.properties[jdbcURL]; given && name == "" {
		return parseURL(text)
	}
	if !hasAll(d.properties, []string{host, port}) {
		return nil, terms.Invalid("A connection of type %s requires connection properties HOST and PORT.", d.kind)
	}
	name = cmp.Or(name, strings.ToLower(d.properties[engine]))
	known, ok := drivers[name]
	if !ok {
		return nil, unknownEngine(name)
	}
	e, err := endpoint(d.properties[host], d.properties[port])
	return &site{protocol: known.protocol, endpoint: e, database: d.properties[database], level: preferred}, err
}

// otherEngines are those that Glue has and that cannot be tried yet.
var otherEngines = map[string]bool{"oracle": true, "sqlserver": true, "mongodb": true, "snowflake": true, "db2": true, "teradata": true}

func unknownEngine(name string) error {
	if otherEngines[name] {
		return terms.Unsupported("TestConnection", "JDBC_ENGINE "+name)
	}
	return terms.Invalid("The kind of database is not known.") // not repeated: who knows what stands in its place
}

// parseURL reads jdbc:postgresql://host:port/database and its like. A parameter that is not
// known to change nothing is refused: in URLs of drivers, parameters can read files and load code.
func parseURL(text string) (*site, error) {
	rest, ok := strings.CutPrefix(text, "jdbc:")
	name, _, _ := strings.Cut(rest, ":")
	known, has := drivers[strings.ToLower(name)]
	if ok && !has {
		return nil, unknownEngine(strings.ToLower(name))
	}
	u, err := url.Parse(rest)
	if !ok || err != nil || u.Opaque != "" || u.Host == "" || u.Fragment != "" || strings.Count(u.Path, "/") > 1 {
		return nil, terms.Invalid("Connection property JDBC_CONNECTION_URL must have the form jdbc:ENGINE://HOST:PORT/DATABASE.")
	}
	if u.User != nil {
		return nil, terms.Invalid("Connection property JDBC_CONNECTION_URL must not hold credentials.")
	}
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, terms.Invalid("The parameters of connection property JDBC_CONNECTION_URL are not well formed.")
	}
	if err := known.accepts(parameters); err != nil {
		return nil, err
	}
	l, ok := known.level(parameters)
	if !ok {
		return nil, terms.Invalid("The parameters of connection property JDBC_CONNECTION_URL ask for an encryption that is not known.")
	}
	e, err := endpoint(u.Hostname(), cmp.Or(u.Port(), known.port))
	return &site{protocol: known.protocol, endpoint: e, database: strings.TrimPrefix(u.Path, "/"), level: l}, err
}

func (d driver) accepts(parameters url.Values) error {
	harmless := map[string]bool{}
	for _, name := range d.harmless {
		harmless[name] = true
	}
	for name, values := range parameters {
		if !harmless[name] || len(values) != 1 {
			return terms.Unsupported("TestConnection", "parameters of JDBC_CONNECTION_URL other than "+strings.Join(d.harmless, ", "))
		}
	}
	return nil
}

// postgresLevel reads ssl and sslmode as PostgreSQL's JDBC driver does.
func postgresLevel(parameters url.Values) (level, bool) {
	if mode := parameters.Get("sslmode"); mode != "" {
		l, known := map[string]level{
			"disable": unencrypted, "allow": preferred, "prefer": preferred, "require": required, "verify-ca": verifyChain, "verify-full": verifyName,
		}[mode]
		return l, known
	}
	switch parameters.Get("ssl") {
	case "":
		return preferred, !parameters.Has("ssl")
	case "true":
		return verifyName, true
	case "false":
		return preferred, true
	}
	return 0, false
}

// mysqlLevel reads sslMode and its elder forms as MySQL's JDBC driver does.
func mysqlLevel(parameters url.Values) (level, bool) {
	if mode := parameters.Get("sslMode"); mode != "" {
		l, known := map[string]level{
			"DISABLED": unencrypted, "PREFERRED": preferred, "REQUIRED": required, "VERIFY_CA": verifyChain, "VERIFY_IDENTITY": verifyName,
		}[strings.ToUpper(mode)]
		return l, known
	}
	for _, name := range []string{"useSSL", "requireSSL", "verifyServerCertificate"} {
		if v := parameters.Get(name); v != "true" && v != "false" && parameters.Has(name) {
			return 0, false
		}
	}
	switch {
	case parameters.Get("useSSL") == "false":
		return unencrypted, true
	case parameters.Get("verifyServerCertificate") == "true":
		return verifyChain, true
	case parameters.Get("requireSSL") == "true":
		return required, true
	}
	return preferred, true
}

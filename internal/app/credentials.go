package app

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Profile is the profile name in the credentials file.
const Profile = "bindery"

// Credentials is an access key.
type Credentials struct {
	AccessKeyID, SecretAccessKey string
}

// write stores the key in AWS's shared-credentials format, mode 0600.
func (c Credentials) write(path string) error {
	text := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", Profile, c.AccessKeyID, c.SecretAccessKey)
	return WriteFile(path, []byte(text), 0o600)
}

// ReadCredentials reads the root key that the first start wrote.
func ReadCredentials(folder string) (Credentials, error) {
	var c Credentials
	f, err := os.Open(filepath.Join(folder, "credentials"))
	if err != nil {
		return c, err
	}
	defer f.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			c.AccessKeyID = strings.TrimSpace(value)
		case "aws_secret_access_key":
			c.SecretAccessKey = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return c, err
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return c, fmt.Errorf("%s: no access key in profile %s", f.Name(), Profile)
	}
	return c, nil
}

package terms

import (
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

func itoa(n int) string { return strconv.Itoa(n) }

func title(k directory.Kind) string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

func lastSlash(s string) int { return strings.LastIndexByte(s, '/') }

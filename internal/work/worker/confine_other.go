//go:build unix && !linux

package worker

import (
	"fmt"
	"os"
	"syscall"
)

// isolations: outside Linux a worker is a process group of its own and nothing more. DuckDB's
// own lock is what remains; production servers run on Linux.
func isolations() []*syscall.SysProcAttr {
	return []*syscall.SysProcAttr{{Setpgid: true}}
}

// confine executes the program again without its environment.
func confine(s settings) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	s.Stage = stageServe
	argv := append([]string{os.Args[0], Command}, s.args()...)
	environment := []string{"HOME=" + s.Scratch, "TMPDIR=" + s.Scratch, "TZ=UTC"}
	return fmt.Errorf("execute own program: %w", syscall.Exec(program, argv, environment))
}

func limitCPU(uint64) error { return nil }

func denied() []string { return nil }

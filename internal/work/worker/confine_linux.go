package worker

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// isolations lists what to try when starting a worker, strongest first.
//
// A new network namespace has no interface that is up, so there is no network. A new user
// namespace makes this possible without privileges, and takes the powers over the rest of
// the machine from a server that runs as root. Where both are refused, what remains is
// DuckDB's own lock (no extension that could open a connection) and Landlock.
func isolations() []*syscall.SysProcAttr {
	spaces := uintptr(syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS)
	strongest := base()
	strongest.Cloneflags = spaces | syscall.CLONE_NEWUSER
	strongest.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	strongest.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	privileged := base()
	privileged.Cloneflags = spaces
	return []*syscall.SysProcAttr{strongest, privileged, base()}
}

// base is what always works: an own process group, and death with the server.
func base() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// confine takes from the process what a worker does not need, then executes the program
// again. The second execution matters: the restrictions below belong to one thread, and only
// exec makes a process of that thread alone.
func confine(s settings) error {
	runtime.LockOSThread()
	if err := setLimits(s); err != nil {
		return err
	}
	dropCapabilities()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid new privileges: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	if err := landlock(s, program); err != nil {
		return err
	}
	s.Stage = stageServe
	argv := append([]string{os.Args[0], Command}, s.args()...)
	if err := keepOnly(socketFD); err != nil {
		return err
	}
	return fmt.Errorf("execute own program: %w", syscall.Exec(program, argv, environment(s))) //nolint:gosec // this program, with words of its parent
}

// environment is what libraries insist on. Nothing of the server's environment is in it.
func environment(s settings) []string {
	return []string{"HOME=" + s.Scratch, "TMPDIR=" + s.Scratch, "TZ=UTC", "LANG=C.UTF-8"}
}

func setLimits(s settings) error {
	limits := []struct {
		name     string
		resource int
		value    uint64
	}{
		{"core size", unix.RLIMIT_CORE, 0},
		{"data size", unix.RLIMIT_DATA, s.Data},
		{"file size", unix.RLIMIT_FSIZE, s.File},
	}
	for _, l := range limits {
		if l.value == 0 && l.resource != unix.RLIMIT_CORE {
			continue
		}
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return fmt.Errorf("limit %s to %d: %w", l.name, l.value, err)
		}
	}
	return nil
}

// dropCapabilities empties the bounding set, so that exec grants none even to user 0. It
// may be refused to an unprivileged process, which has none to lose.
func dropCapabilities() {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
	}
}

// keepOnly marks every descriptor above last to be closed by exec. The server marks its
// own already; this is for one that a library opened without care.
func keepOnly(last uint) error {
	if err := unix.CloseRange(last+1, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("close inherited files: %w", err)
	}
	return nil
}

// limitCPU gives the process seconds of processor time from now on; 0 = no limit. The kernel
// sends SIGXCPU at the end, which exitOnCPULimit turns into an exit. Only the soft limit is
// set: a hard one could not be raised again for the next task.
func limitCPU(seconds uint64) error {
	if seconds == 0 {
		return nil
	}
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("read processor time: %w", err)
	}
	total := uint64(used.Utime.Sec+used.Stime.Sec) + seconds + 1
	err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: total, Max: unix.RLIM_INFINITY})
	if err != nil {
		return fmt.Errorf("limit processor time: %w", err)
	}
	return nil
}

// denied lists what the kernel keeps from this process, as far as it can see itself.
func denied() []string {
	var list []string
	if v, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && v == 1 {
		list = append(list, "privileges")
	}
	if loopbackIsDown() {
		list = append(list, "network")
	}
	if filesAreClosed() {
		list = append(list, "files")
	}
	return list
}

// loopbackIsDown is true in a fresh network namespace, where nothing has been switched on.
func loopbackIsDown() bool {
	table, err := os.ReadFile("/proc/self/net/dev")
	return err == nil && strings.Count(string(table), ":") <= 1
}

// filesAreClosed is true under Landlock: the root folder cannot even be listed.
func filesAreClosed() bool {
	_, err := os.ReadDir("/")
	return errors.Is(err, syscall.EACCES)
}

// systemFiles are readable in addition: the loader and its libraries, zone names, and what
// Go and DuckDB ask about the machine. Missing ones are skipped.
func systemFiles() []string {
	return []string{
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/nix/store", "/etc/ld.so.cache",
		"/usr/share/zoneinfo", "/proc/self", "/proc/" + strconv.Itoa(os.Getpid()), "/proc/meminfo",
		"/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage", "/sys/devices/system/cpu",
		"/dev/urandom", "/dev/null", "/dev/zero",
	}
}

const (
	accessRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	accessExec = accessRead | unix.LANDLOCK_ACCESS_FS_EXECUTE
	// accessFile is what a rule about a single file may name.
	accessFile = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	accessWrite = accessRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_REFER
)

// handledFiles is every file right of each Landlock version: what is handled and not granted
// is denied.
func handledFiles(abi int) uint64 {
	handled := uint64(1<<13 - 1) // version 1: execute ... make symbolic link
	if abi >= 2 {
		handled |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		handled |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 5 {
		handled |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return handled
}

// landlock restricts this thread to the files of a worker, and where the kernel knows how,
// denies TCP, signals and abstract sockets. A kernel without Landlock is accepted: the
// limits of DuckDB itself remain, and the hello says what is missing.
func landlock(s settings, program string) error {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return nil
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: handledFiles(int(abi))}
	if abi >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET,
		uintptr(unsafe.Pointer(&attr)), rulesetSize(int(abi)), 0) //nolint:gosec // the kernel takes an address; attr outlives the call
	if errno != 0 {
		return fmt.Errorf("create Landlock rules: %w", errno)
	}
	defer unix.Close(int(fd)) //nolint:errcheck // exec closes it otherwise
	if err := allowAll(int(fd), attr.Handled_access_fs, s, program); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("apply Landlock rules: %w", errno)
	}
	return nil
}

// rulesetSize is how much of the attributes a kernel of that version reads.
func rulesetSize(abi int) uintptr {
	switch {
	case abi < 4:
		return unsafe.Offsetof(unix.LandlockRulesetAttr{}.Handled_access_net)
	case abi < 6:
		return unsafe.Offsetof(unix.LandlockRulesetAttr{}.Scoped)
	}
	return unsafe.Offsetof(unix.LandlockRulesetAttr{}.Quiet_access_fs)
}

func allowAll(fd int, handled uint64, s settings, program string) error {
	if err := allow(fd, program, accessExec&handled); err != nil {
		return err
	}
	for _, path := range systemFiles() {
		if err := allow(fd, path, accessExec&handled); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, path := range s.Read {
		if err := allow(fd, path, accessRead&handled); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return allow(fd, s.Scratch, accessWrite&handled)
}

// allow grants rights below path, or on path when it is a file.
func allow(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "allow", Path: path, Err: err}
	}
	defer unix.Close(fd) //nolint:errcheck // only a handle on a name
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return &os.PathError{Op: "allow", Path: path, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= accessFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset),
		unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0) //nolint:gosec // as above
	if errno != 0 {
		return &os.PathError{Op: "allow", Path: path, Err: errno}
	}
	return nil
}

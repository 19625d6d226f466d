package history

import (
	"testing"
	"time"
)

// played is a history that is written down: calls begin in order, and end in the
// order of ends.
func played(h *History, calls []call, ends []int, answers map[int]answer) {
	finish := make([]func(answer), len(calls))
	for i, c := range calls {
		finish[i] = h.begin(i, c)
	}
	for _, i := range ends {
		finish[i](answers[i])
	}
}

func set(version int64, value string) call {
	return call{write: true, State: State{Version: version, Value: value}}
}

func saw(version int64, value string) answer {
	return answer{State: State{Version: version, Value: value}}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		build func(h *History)
		right bool
	}{
		"one after another": {right: true, build: func(h *History) {
			played(h, []call{set(0, "a")}, []int{0}, map[int]answer{0: {}})
			played(h, []call{{}}, []int{0}, map[int]answer{0: saw(1, "a")})
		}},
		"both win": {build: func(h *History) {
			played(h, []call{set(0, "a"), set(0, "b")}, []int{0, 1}, map[int]answer{0: {}, 1: {}})
		}},
		"one loses": {right: true, build: func(h *History) {
			played(h, []call{set(0, "a"), set(0, "b")}, []int{1, 0}, map[int]answer{0: {}, 1: {outcome: Conflict}})
		}},
		"nobody was faster": {build: func(h *History) {
			played(h, []call{set(0, "a")}, []int{0}, map[int]answer{0: {outcome: Conflict}})
		}},
		"an acknowledged update is lost": {build: func(h *History) {
			played(h, []call{set(0, "a")}, []int{0}, map[int]answer{0: {}})
			played(h, []call{{}}, []int{0}, map[int]answer{0: saw(0, "")})
		}},
		"an update without an answer is seen": {right: true, build: func(h *History) {
			played(h, []call{set(0, "a")}, []int{0}, map[int]answer{0: {outcome: Unknown}})
			played(h, []call{{}}, []int{0}, map[int]answer{0: saw(0, "")})
			played(h, []call{{}}, []int{0}, map[int]answer{0: saw(1, "a")})
		}},
		"an update without an answer is seen, and gone": {build: func(h *History) {
			played(h, []call{set(0, "a")}, []int{0}, map[int]answer{0: {outcome: Unknown}})
			played(h, []call{{}}, []int{0}, map[int]answer{0: saw(1, "a")})
			played(h, []call{{}}, []int{0}, map[int]answer{0: saw(0, "")})
		}},
		"an update without an answer explains a conflict": {right: true, build: func(h *History) {
			played(h, []call{set(0, "a")}, []int{0}, map[int]answer{0: {outcome: Unknown}})
			played(h, []call{set(0, "b")}, []int{0}, map[int]answer{0: {outcome: Conflict}})
		}},
	} {
		h := &History{}
		c.build(h)
		if err := h.Check(time.Minute); (err == nil) != c.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}

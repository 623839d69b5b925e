package driver

import (
	"errors"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

func TestIntakeIsBounded(t *testing.T) {
	t.Parallel()
	i := &intake{}
	if i.take(maxInput) != nil || i.failure() != nil {
		t.Fatal("what fits is refused")
	}
	if i.take(smallFile) != nil || i.failure() != nil {
		t.Error("a small file is refused, whose findings would be lost")
	}
	if !errors.Is(i.take(smallFile+1), errInput) || i.failure() == nil {
		t.Error("a large file is read beyond the bound, or the run counts as complete")
	}
}

func TestNamedFileThatIsTooLargeFailsTheRun(t *testing.T) {
	t.Parallel()
	i := &intake{}
	i.refused("a.yaml", errors.New("permission denied"))
	if i.failure() != nil {
		t.Error("another error counts")
	}
	i.refused("a.yaml", source.ErrTooLarge)
	if i.failure() == nil {
		t.Error("the run counts as complete")
	}
}

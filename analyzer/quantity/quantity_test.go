package quantity_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubeknot/kubeknot/analyzer/quantity"
)

func TestAbsurd(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1e999999999", "1e-777777777", "-1E+10000", "1.5e0099999", ".e99999", "1e4294967297"} {
		if !quantity.Absurd(text) || !quantity.MayHold([]byte(`{"cpu":"`+text+`"}`)) {
			t.Errorf("%s is not absurd", text)
		}
	}
	for _, text := range []string{"", "1", "500m", "1e3", "1E", "12e6", "1e9999", "1e00000001", "10Gi", "v1e99999", "1e99999m"} {
		if quantity.Absurd(text) {
			t.Errorf("%s is absurd", text)
		}
	}
}

// TestOthersEnd shows that what is not absurd can be computed with.
func TestOthersEnd(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1e9999", "-1e9999", "1e-9999", "123456789012345678901234567890e9999"} {
		q, err := resource.ParseQuantity(text)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = q.Value(), q.String(), q.Cmp(resource.MustParse("1"))
	}
}

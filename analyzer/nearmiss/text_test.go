package nearmiss_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

func TestClosest(t *testing.T) {
	t.Parallel()
	words := []string{"bare-pod", "selectors-overlap", "lint"}
	for name, want := range map[string]string{
		"bare-pd": "bare-pod", "selectors-overalp": "selectors-overlap", "lnt": "lint", "": "", "x": "", "li": "", "bare-replicaset": "",
	} {
		if got := nearmiss.Closest(name, words); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want nearmiss.Likeness
	}{
		{"reids", "redis", nearmiss.Slip},
		{"wbe", "web", nearmiss.Slip},
		{"ngnix", "nginx", nearmiss.Slip},
		{"pubilc", "public", nearmiss.Slip},
		{"app-secerts", "app-secrets", nearmiss.Slip},
		{"webb", "web", nearmiss.Slip},
		{"Web", "web", nearmiss.Slip},
		{"apiserver", "api-server", nearmiss.Slip},
		{"pvc-001", "pvc-0001", nearmiss.Slip},
		{"carts", "cart", nearmiss.Slip},
		{"web-1", "web-2", nearmiss.Unlike},
		{"web", "web-1", nearmiss.Unlike},
		{"east", "west", nearmiss.Unlike},
		{"db-eu", "db-us", nearmiss.Unlike},
		{"app-a", "app-b", nearmiss.Unlike},
		{"http", "https", nearmiss.Part},
		{"blue", "green", nearmiss.Unlike},
		{"redis-cash", "redis-cache", nearmiss.Changed},
		{"todo-web", "todo-we", nearmiss.Slip},
		{"rook-ceph-mgr", "rook-cph-mgr", nearmiss.Slip},
		{"web-app", "web", nearmiss.Reworded},
		{"server-api", "api-server", nearmiss.Reworded},
		{"policies", "policy", nearmiss.Reworded},
		{"db-credentials", "db-creds", nearmiss.Reworded},
		{"mysql-pvc", "mysql-pv-claim", nearmiss.Reworded},
		{"prometheus-k8s-config", "prometheus-k8s", nearmiss.Reworded},
		{"proxy-role", "kfserving-proxy-role", nearmiss.Part},
		{"whereami", "whereami-grpc", nearmiss.Part},
		{"kube-state-metrics-addon-resizer", "kube-state-metrics", nearmiss.Part},
		{"echo-no-reference-grant", "echo-reference-grant", nearmiss.Kindred},
		{"demo", "canary-release-demo", nearmiss.Kindred},
		{"", "", nearmiss.Unlike},
	} {
		if got := nearmiss.Compare(test.a, test.b); got != test.want {
			t.Errorf("%s, %s: got %d, want %d", test.a, test.b, got, test.want)
		}
		if got := nearmiss.Compare(test.b, test.a); got != test.want {
			t.Errorf("%s, %s: got %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ a, b, wantA, wantB string }{
		{"app-secerts", "app-secrets", "app-sec[er]ts", "app-sec[re]ts"},
		{"web", "webb", "web", "web[b]"},
		{"prometheus-k8s-config", "prometheus-k8s", "prometheus-k8s[-config]", "prometheus-k8s"},
	} {
		if a, b := nearmiss.Mark(test.a, test.b); a != test.wantA || b != test.wantB {
			t.Errorf("got %s and %s, want %s and %s", a, b, test.wantA, test.wantB)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"htpt", []string{"http", "metrics"}, "http"},
		{"metricz", []string{"metrics"}, "metrics"},
		{"wb", []string{"web"}, "web"},
		{"wb", []string{"web", "api"}, ""},
		{"cat", []string{"car"}, "car"},
		{"part", []string{"port", "pert"}, ""},
		{"x", nil, ""},
	} {
		got, ok := nearmiss.Nearest(test.name, test.candidates)
		if !ok {
			got = ""
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

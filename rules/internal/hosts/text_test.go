package hosts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key, text string
		want      []named
	}{
		{"CATALOG_URL", "http://catalog:8080/api", []named{{"catalog", 8080, true}}},
		{"CATALOG_URL", "http://user:pw@catalog.shop.svc/api", []named{{"catalog.shop.svc", 0, true}}},
		{"DB_HOST", "db", []named{{host: "db"}}},
		{"DB_NAME", "db", nil},
		{"BROKERS", "kafka-0.kafka:9092,kafka-1.kafka:9092", []named{{"kafka-0.kafka", 9092, false}, {"kafka-1.kafka", 9092, false}}},
		{"args", "--server=http://etcd:2379", []named{{"etcd", 2379, true}}},
		{"args", "--image=postgres:15", nil},
		{"args", "--runner=postgres:15", nil},
		{"URL", "http://10.0.0.1:80", nil},
		{"URL", "http://$(HOST):80", nil},
		{"LISTEN", ":8080", nil},
		{"nginx.conf", "# server old:80;\n  server web:8080;\n", []named{{"web", 8080, false}}},
		{"app.json", `{"url":"http://catalog","at":"web:81"}`, []named{{"catalog", 0, true}, {"web", 81, false}}},
	} {
		if diff := cmp.Diff(c.want, inText(c.key, c.text), cmp.AllowUnexported(named{})); diff != "" {
			t.Errorf("%s=%s (-want +got):\n%s", c.key, c.text, diff)
		}
	}
}

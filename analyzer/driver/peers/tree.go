package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// shapes are the trees that are measured: where the files of an application lie.
var shapes = []struct {
	name, dir string
	place     func(app int) string
}{
	{"Many directories", "many", func(app int) string { return fmt.Sprintf("team-%d/%d", app/30, app/3%10) }},
	{"One directory", "one", func(int) string { return "." }},
}

// writeTree writes applications of four objects in two files.
func writeTree(dir string, objects int, place func(app int) string) (files []string, size int, err error) {
	for i := range objects / 4 {
		name := fmt.Sprintf("app-%d", i)
		for suffix, text := range map[string]string{"": workload, "-more": more} {
			file := filepath.Join(dir, filepath.FromSlash(place(i)), name+suffix+".yaml")
			text = strings.ReplaceAll(text, "NAME", name)
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				return nil, 0, err
			}
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				return nil, 0, err
			}
			files, size = append(files, file), size+len(text)
		}
	}
	time.Sleep(3 * time.Second) // a cache trusts no file that has just been written
	return files, size, nil
}

const workload = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels:
    app.kubernetes.io/name: NAME
spec:
  replicas: 2
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
        tier: backend
    spec:
      serviceAccountName: default
      containers:
        - name: main
          image: registry.example.com/shop/NAME:1.2.3
          imagePullPolicy: IfNotPresent
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
          readinessProbe:
            httpGet:
              path: /ready
              port: http
            periodSeconds: 10
          volumeMounts:
            - name: config
              mountPath: /etc/shop
      volumes:
        - name: config
          configMap:
            name: NAME
---
apiVersion: v1
kind: Service
metadata:
  name: NAME
spec:
  selector:
    app: NAME
  ports:
    - name: http
      port: 80
      targetPort: http
`

const more = `apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
data:
  log.format: json
  shop.properties: |
    # what the application reads when it starts
    currency=EUR
    cache.size=1000
    features=search,reviews
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: NAME
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: NAME
  minReplicas: 2
  maxReplicas: 6
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 75
`

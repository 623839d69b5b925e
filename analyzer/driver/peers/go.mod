module github.com/kubeknot/kubeknot/analyzer/driver/peers

go 1.26.8

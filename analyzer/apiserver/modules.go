//go:build modules

package apiserver

// k8s.io/kubernetes requires these modules at the version v0.0.0, which exists
// nowhere, and replaces them in its own tree. Nothing here needs them, but
// tools that look at the whole module graph ("go list -m all", dependency and
// vulnerability scanners) fail on them, so go.mod must name real versions. One
// import of each, behind a tag that no build sets, keeps "go mod tidy" from
// dropping them.
import (
	_ "k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/cloud-provider/credentialconfig"
	_ "k8s.io/cluster-bootstrap/token/api"
	_ "k8s.io/code-generator/pkg/util"
	_ "k8s.io/cri-api/pkg/errors"
	_ "k8s.io/cri-streaming/pkg/streaming/portforward"
	_ "k8s.io/csi-translation-lib/plugins"
	_ "k8s.io/dynamic-resource-allocation/deviceclass/extendedresourcecache"
	_ "k8s.io/externaljwt/apis/v1"
	_ "k8s.io/kms/pkg/util"
	_ "k8s.io/kube-aggregator/pkg/apis/apiregistration"
	_ "k8s.io/kube-controller-manager/config/v1alpha1"
	_ "k8s.io/kube-proxy/config/v1alpha1"
	_ "k8s.io/kube-scheduler/config/v1"
	_ "k8s.io/kubectl/pkg/apps"
	_ "k8s.io/metrics/pkg/apis/metrics"
	_ "k8s.io/mount-utils"
	_ "k8s.io/sample-apiserver/pkg/apis/wardle"
)

package references

import (
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// madeKeys returns the keys of the Secret that a controller makes of a
// resource. open reports that it may have others: the resource does not say
// which, or is of a kind whose controller decides.
func madeKeys(r *manifest.Resource) (keys []missing.DataKey, open bool) {
	switch r.Group + "/" + r.Kind {
	case "bitnami.com/SealedSecret":
		keys = slices.Concat(keysAt(r, "spec", "encryptedData"), keysAt(r, "spec", "template", "data"))
	case "external-secrets.io/ExternalSecret":
		keys, open = externalKeys(r)
	case "cert-manager.io/Certificate":
		for _, name := range certificateKeys {
			keys = append(keys, missing.DataKey{Name: name, Path: []string{"spec", "secretName"}})
		}
	default:
		return nil, true
	}
	unknown := func(k missing.DataKey) bool { return manifest.IsPlaceholder(k.Name) }
	return keys, open || len(keys) == 0 || slices.ContainsFunc(keys, unknown)
}

// certificateKeys are all keys that cert-manager can write
// (https://cert-manager.io/docs/usage/certificate/).
var certificateKeys = []string{
	"tls.crt", "tls.key", "ca.crt", "tls-combined.pem", "key.der",
	"keystore.jks", "truststore.jks", "keystore.p12", "truststore.p12",
}

// externalKeys returns the keys that an ExternalSecret names, or its template,
// which takes the place of them unless it is merged
// (https://external-secrets.io/latest/guides/templating/). What it finds at the
// provider, or adds to a Secret that is there, has any keys.
func externalKeys(r *manifest.Resource) (keys []missing.DataKey, open bool) {
	target := r.Get("spec", "target")
	template := manifest.Get(target, "template")
	policy := manifest.String(target, "creationPolicy")
	if r.Get("spec", "dataFrom") != nil || manifest.Get(template, "templateFrom") != nil || policy != "" && policy != "Owner" && policy != "Orphan" {
		return nil, true
	}
	templated := keysAt(r, "spec", "target", "template", "data")
	if len(templated) > 0 && manifest.String(template, "mergePolicy") != "Merge" {
		return templated, false
	}
	for i, item := range manifest.Items(r.Get("spec", "data")) {
		keys = append(keys, missing.DataKey{Name: manifest.String(item, "secretKey"), Path: []string{"spec", "data", strconv.Itoa(i), "secretKey"}})
	}
	return append(keys, templated...), false
}

// keysAt returns the keys of a mapping of a resource.
func keysAt(r *manifest.Resource, path ...string) []missing.DataKey {
	var keys []missing.DataKey
	for name := range manifest.Fields(r.Get(path...)) {
		keys = append(keys, missing.DataKey{Name: name, Path: append(slices.Clone(path), name)})
	}
	return keys
}

package manifest

import (
	"bytes"
	"slices"
)

// sopsKey holds what SOPS needs to decrypt a file, which it removes when it
// does (https://getsops.io/docs/, "Encrypting only parts of a file").
const sopsKey = "sops"

// sopsFields are the fields of that block of which at least one is there.
var sopsFields = []string{"mac", "lastmodified", "version", "age", "pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "hckms"}

// isEncrypted reports whether SOPS has encrypted a mapping.
func isEncrypted(n *Node) bool {
	block := Field(n, sopsKey).Value
	return IsMapping(block) && slices.ContainsFunc(sopsFields, func(f string) bool { return Field(block, f).Key != nil })
}

// decrypted returns the object that SOPS makes of an encrypted one, as far as
// that is known: without the block that only SOPS reads. The values stay as they
// are: see IsPlaceholder. What is not encrypted is returned as it is.
func decrypted(n *Node) *Node {
	if !isEncrypted(n) {
		return n
	}
	plain := *n
	plain.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != sopsKey {
			plain.Content = append(plain.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &plain
}

// isCiphertext reports whether nothing of a document can be read, not even its
// kind: SOPS encrypts all values unless it is told which, and a file that is no
// YAML or JSON becomes one value.
func isCiphertext(root *Node) bool {
	if !isEncrypted(root) {
		return false
	}
	apiVersion, kind := String(root, "apiVersion"), String(root, "kind")
	return apiVersion == "" && kind == "" && IsPlaceholder(String(root, "data")) || IsPlaceholder(apiVersion+kind)
}

// mayBeCiphertext reports whether a text may be that of a document that SOPS
// has encrypted.
func mayBeCiphertext(text []byte) bool {
	return bytes.Contains(text, []byte("ENC[")) && bytes.Contains(text, []byte(sopsKey))
}

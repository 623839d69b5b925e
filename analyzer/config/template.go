package config

import _ "embed"

// Template is a kubeknot.yaml with every section, all of it commented out.
// Lines of prose start with "# ", lines to uncomment with "#" alone.
//
//go:embed template.yaml
var Template []byte

package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// denied are the built-in functions that a policy may not call, with the
// reason. What a policy finds follows from the manifests alone: the same tree
// gives the same findings on every machine and every day, and linting somebody
// else's tree with somebody else's policies sends nothing anywhere.
var denied = map[string]string{
	"http.send":            network,
	"net.lookup_ip_addr":   network,
	"json.match_schema":    "it may fetch the schemas that a schema refers to",
	"json.verify_schema":   "it may fetch the schemas that a schema refers to",
	"opa.runtime":          "it reads the environment",
	"time.now_ns":          clock,
	"io.jwt.decode_verify": clock,
	"crypto.x509.parse_and_verify_certificates":              clock,
	"crypto.x509.parse_and_verify_certificates_with_options": clock,
	"io.jwt.encode_sign":                                     chance,
	"io.jwt.encode_sign_raw":                                 chance,
	"rand.intn":                                              chance,
	"uuid.rfc4122":                                           chance,
}

const (
	network = "it reaches out to the network"
	clock   = "it depends on the time"
	chance  = "its result is random"
)

// foreign are the built-in functions that conftest (builtins/parse_config.go) and
// Gatekeeper add to OPA's, with the reason why they are not here.
var foreign = map[string]string{
	"external_data":               network,
	"parse_combined_config_files": "it reads files",
	"parse_config":                "the parsers of conftest are no part of kubeknot",
	"parse_config_file":           "it reads files",
}

// capabilities are what OPA offers without what is denied. A built-in function
// of a later OPA that is not deterministic is left out too.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		_, no := denied[b.Name]
		return no || b.Nondeterministic
	})
	c.AllowNet = []string{}
	return c
}

// forbidden returns the function that an error says is undefined, and why
// policies may not call it; "" if that is not so.
func forbidden(e *ast.Error) (name, why string) {
	name, ok := strings.CutPrefix(e.Message, "undefined function ")
	if !ok {
		return "", ""
	}
	return name, cmp.Or(denied[name], foreign[name])
}

// explain writes an error as file:line:column: code: message, with its details
// below. Of a call to a denied function it says why it is undefined.
func explain(e *ast.Error) error {
	if name, why := forbidden(e); why != "" {
		return fmt.Errorf("%s: a policy may not call %s: %s", at(e.Location), name, why)
	}
	text := fmt.Sprintf("%s: %s: %s", at(e.Location), e.Code, e.Message)
	if e.Details != nil {
		for _, line := range e.Details.Lines() {
			text += "\n\t" + line
		}
	}
	return errors.New(text)
}

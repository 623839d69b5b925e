package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

func newFn() *cobra.Command {
	return &cobra.Command{
		Use:   "fn",
		Short: "Judge a ResourceList, as a function of kustomize or kpt",
		Long: `Judge the items of the ResourceList that comes in on standard input, all of which
are applied together, and write it to standard output with the findings as its
results. Those that fail the run are said on standard error too.

A ConfigMap as functionConfig sets flags of lint by their names: fail-on,
kubernetes-version, namespace, rule and skip-rule.

Exit code: 0 if nothing is at or above fail-on, 1 if something is, 2 if the
command could not do its work.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runFn(cmd) },
	}
}

func runFn(cmd *cobra.Command) error {
	data, err := source.ReadAll(cmd.InOrStdin())
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	list, err := readResourceList(data)
	if err != nil {
		return err
	}
	flags, err := functionConfig(list.file.Documents[0].Root)
	if err != nil {
		return fmt.Errorf("functionConfig: %w", err)
	}
	options, err := flags.options()
	if err != nil {
		return fmt.Errorf("functionConfig: %w", err)
	}
	result, failure := driver.RunFile(cmd.Context(), list.file, options)
	if result == nil {
		return failure
	}
	if err := list.write(cmd.OutOrStdout(), result.Findings); err != nil {
		return err
	}
	failing := flags.failing(result)
	for i := range failing { // an orchestrator may show nothing else
		fmt.Fprintf(printable{cmd.ErrOrStderr()}, "%s [%s]\n", newResult(&failing[i]), failing[i].Rule)
	}
	switch {
	case failure != nil:
		return failure
	case len(failing) > 0:
		return errFindings
	}
	return nil
}

// resourceList is the input of a function
// (https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md).
type resourceList struct {
	file *manifest.File
	text []byte // the only document
}

// readResourceList reads a text that is one ResourceList or List. Its items
// are the resources of the file.
func readResourceList(data []byte) (resourceList, error) {
	f := manifest.ParseAny(source.NewFile("<stdin>", "<stdin>", data))
	for _, d := range f.Documents {
		for _, p := range d.Problems {
			if p.Kind == manifest.SyntaxError {
				at := f.Position(p.Span.Start)
				return resourceList{}, fmt.Errorf("%s:%d:%d: %s", f.Path, at.Line, at.Column, p.Message)
			}
		}
	}
	if len(f.Documents) != 1 || f.Documents[0].Role != manifest.Object {
		return resourceList{}, errors.New("standard input is no ResourceList")
	}
	d := f.Documents[0]
	if kind := manifest.String(d.Root, "kind"); kind != "ResourceList" && kind != "List" {
		return resourceList{}, fmt.Errorf("standard input is a %s, not a ResourceList", kind)
	}
	d.Resources = slices.DeleteFunc(d.Resources, func(r *manifest.Resource) bool {
		isList := len(r.Path) == 0 // without items
		local := manifest.String(r.Node, "metadata", "annotations", localConfig)
		return isList || local != "" && local != "false"
	})
	return resourceList{f, data[d.Span.Start:d.Span.End]}, nil
}

// localConfig marks what is meant for tools and never applied
// (sigs.k8s.io/kustomize/kyaml/kio/filters LocalConfigAnnotation).
const localConfig = "config.kubernetes.io/local-config"

// configKeys are the flags of lint that a functionConfig sets.
var configKeys = []string{"fail-on", "kubernetes-version", "namespace", "rule", "skip-rule"}

// functionConfig returns the flags of lint as the list's functionConfig, if
// there is one, sets them.
func functionConfig(list *manifest.Node) (*lintFlags, error) {
	lint, flags := lintCommand()
	config := manifest.Get(list, "functionConfig")
	if config == nil {
		return flags, nil
	}
	if kind := manifest.String(config, "kind"); kind != "ConfigMap" {
		return nil, fmt.Errorf("kind %q is not known: use a ConfigMap", kind)
	}
	data := manifest.Get(config, "data")
	if data != nil && !manifest.IsMapping(data) {
		return nil, errors.New("data is no mapping")
	}
	for key := range manifest.Fields(data) {
		if !slices.Contains(configKeys, key) {
			return nil, fmt.Errorf("no setting %q%s", key, suggestion(key, configKeys))
		}
		if err := lint.Flags().Set(key, manifest.String(data, key)); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return flags, nil
}

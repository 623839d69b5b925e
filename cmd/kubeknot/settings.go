package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// settings are the flags that override the configuration file.
type settings struct {
	failOn           oneOf
	nodes, namespace string
	kubernetes       string
	config           string
	noRepoConfig     bool // use no configuration that is found
}

// settingFlags maps keys of the configuration to the flags that override them.
var settingFlags = map[string]string{
	"fail-on": "fail-on", "nodes": "nodes", "namespace": "namespace", "kubernetes-version": "kubernetes-version",
}

func (s *settings) register(cmd *cobra.Command) {
	s.failOn = oneOf{"error", []string{"error", "warning", "info", "never"}}
	s.failOn.register(cmd, "fail-on", "the lowest severity that makes the exit code 1")
	cmd.Flags().StringVar(&s.nodes, "nodes", "", "`FILE` of Node objects, as kubectl get nodes -o yaml prints them; - reads standard input")
	cmd.Flags().StringVarP(&s.namespace, "namespace", "n", "", "the namespace of objects that name none")
	cmd.Flags().StringVar(&s.kubernetes, "kubernetes-version", "", "the `VERSION` of the cluster, as 1.31 (default "+apiserver.Served.String()+")")
}

// configure reads the configuration and puts into the options what no flag
// says.
func (f *lintFlags) configure(cmd *cobra.Command, o *driver.Options) error {
	c, err := loadConfig(f.config, !f.noRepoConfig)
	if err != nil {
		return err
	}
	o.Config = c
	if len(c.Policies) > 0 {
		for _, p := range c.Policies {
			f.policies = append(f.policies, p.Abs)
		}
		again, err := f.options()
		if err != nil {
			return err
		}
		o.Rules, o.Policies, o.Suppress.Known = again.Rules, again.Policies, again.Suppress.Known
	}
	for _, id := range f.rules {
		c.Enable(id)
	}
	given := cmd.Flags().Changed
	if !given("namespace") {
		o.Namespace = string(c.Namespace)
	}
	if !given("values") {
		for _, p := range c.Values {
			o.Values = append(o.Values, p.Abs)
		}
	}
	if !given("kubernetes-version") {
		o.Kubernetes = string(c.Kubernetes)
	}
	if !given("nodes") {
		o.Nodes = c.Nodes.File.Abs
	}
	if !given("fail-on") && c.FailOn != "" {
		f.failOn.value = string(c.FailOn)
	}
	return nil
}

// loadConfig reads the configuration file that is named or, for "", the one
// that is found from the working directory up, if find says so.
func loadConfig(file string, find bool) (*config.Config, error) {
	dir, err := workingDirectory()
	if err != nil {
		return nil, err
	}
	switch {
	case file == "" && !find:
		return config.Load("", dir, "", rulesWith)
	case file == "":
		if file, err = config.Find(dir); err != nil {
			return nil, err
		}
		return config.Load(file, dir, source.Repository(filepath.Dir(file)), rulesWith)
	case !filepath.IsAbs(file):
		file = filepath.Join(dir, file)
	}
	if err := checkTarget(file); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return config.Load(file, dir, config.Bounds(file, dir), rulesWith)
}

// workingDirectory returns the working directory with its links followed, as
// the paths of manifests are.
func workingDirectory() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// rulesWith returns all rules, and those of further policies.
func rulesWith(paths []config.Path) ([]*analyzer.Rule, error) {
	var files []string
	for _, p := range paths {
		files = append(files, p.Abs)
	}
	return allRules(files...)
}

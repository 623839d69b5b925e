package driver

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/analyzer/unit/argocd"
	"github.com/kubeknot/kubeknot/analyzer/unit/flux"
)

// deliverers find what GitOps tools apply of a tree.
var deliverers = []func(context.Context, unit.Workspace) ([]unit.Delivered, error){flux.Find, argocd.Find}

// delivered asks all GitOps tools what they apply of the tree.
func (w *world) delivered(ctx context.Context, plan unit.Tree) ([]unit.Delivered, error) {
	space := unit.Workspace{
		Files: plan.Files, Charts: plan.Charts, Kustomizations: w.kustomizations, Remotes: remotes(w.tree.root), Show: w.show,
		Text: func(rel string) []byte {
			if _, err := os.Lstat(w.abs(rel)); err != nil {
				return nil
			}
			f, err := w.source(rel)
			if err != nil {
				return nil
			}
			return f.Data
		},
		Parse: func(rel string) *manifest.File { return w.read(rel, manifest.Parse) },
		IsDir: func(rel string) bool { return isDir(w.abs(rel)) },
		Build: func(ctx context.Context, all []*kustomize.Overlay) ([]*kustomize.Build, error) {
			if len(all) == 0 {
				return nil, nil
			}
			defer w.options.Stats.Stage("build kustomizations")()
			return w.kustomizeTree(nil).BuildOverlays(ctx, all)
		},
	}
	var all []unit.Delivered
	for _, find := range deliverers {
		found, err := find(ctx, space)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// remotes returns the URLs of the git remotes of a repository, nil if it has none.
func remotes(root string) []string {
	text, err := os.ReadFile(filepath.Join(root, ".git", "config"))
	if err != nil {
		return nil
	}
	var urls []string
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == "url" {
			urls = append(urls, strings.TrimSpace(value))
		}
	}
	return urls
}

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/policies"
)

func newCache() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Look after what earlier runs have left",
		Long: `Look after what earlier runs of lint have left, by which unchanged files and
units need not be judged again. What lint says is the same with it and without.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "dir",
		Short: "Print the directory of the cache",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := cacheDir()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), dir)
			return err
		},
	}, &cobra.Command{
		Use:   "clean",
		Short: "Remove what earlier runs have left",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := cacheDir()
			if err != nil {
				return err
			}
			n, err := (&cache.Dir{Path: dir}).Clean()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "removed from %s: %d\n", dir, n)
			return err
		},
	})
	return cmd
}

// cacheDir is the user's directory for caches, and ours in it.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for caches: %w", err)
	}
	return filepath.Join(dir, "kubeknot"), nil
}

// openCache returns the cache for runs of a judge.
func openCache(judge string) (*cache.Dir, error) {
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return &cache.Dir{Path: dir, Judge: judge}, nil
}

// judgeOf stands for this build with the given policies.
func judgeOf(given []string) (string, error) {
	parts := [][]byte{[]byte(versionText())}
	// Two builds can have one version, as those of a working copy have.
	if name, err := os.Executable(); err == nil {
		if info, err := os.Stat(name); err == nil {
			parts = append(parts, fmt.Appendf(nil, "%s %d %d", name, info.Size(), info.ModTime().UnixNano()))
		}
	}
	inputs, err := policies.Inputs(given...)
	if err != nil {
		return "", fmt.Errorf("cache not used: %w", err)
	}
	for _, p := range inputs {
		text, err := everything(p)
		if err != nil {
			return "", fmt.Errorf("cache not used: %w", err)
		}
		parts = append(parts, text)
	}
	judge := cache.Sum(parts...)
	return string(judge[:]), nil
}

// ofPolicies are the extensions of what policies and their data are read from.
var ofPolicies = []string{".rego", ".yaml", ".yml", ".json", ".toml"}

// everything stands for the names and contents of the files of a directory that
// policies can be read from, or of one file.
func everything(root string) ([]byte, error) {
	var all bytes.Buffer
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || p != root && !slices.Contains(ofPolicies, filepath.Ext(p)) {
			return err
		}
		info, err := os.Stat(p)
		switch {
		case err != nil:
			return err
		case p == root && !info.Mode().IsRegular():
			return fmt.Errorf("%s is no regular file", root) // a pipe can be read once only
		case !info.Mode().IsRegular():
			return nil
		}
		data, err := source.ReadNamed(p)
		if err != nil {
			return err
		}
		sum := cache.Sum([]byte(p), data)
		all.Write(sum[:])
		return nil
	})
	return all.Bytes(), err
}

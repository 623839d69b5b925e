package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newDocs makes what comes with the program. Who builds a release calls it, and
// nobody else has to know it.
func newDocs() *cobra.Command {
	docs := &cobra.Command{
		Use:    "docs",
		Short:  "Write the pages of the commands, and the completions of shells",
		Hidden: true,
	}
	for _, part := range []struct {
		name, short string
		write       func(root *cobra.Command, dir string) error
	}{
		{"markdown", "Write a Markdown page for each command", doc.GenMarkdownTree},
		{"man", "Write a manual page for each command, of the day in SOURCE_DATE_EPOCH if it is set", writeMan},
		{"completions", "Write the completions of bash, fish, PowerShell and zsh", writeCompletions},
	} {
		docs.AddCommand(&cobra.Command{
			Use:   part.name + " DIR",
			Short: part.short,
			Args:  cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := os.MkdirAll(args[0], 0o777); err != nil {
					return err
				}
				root := cmd.Root()
				// Or each page would end with the day it was made.
				root.DisableAutoGenTag = true
				return part.write(root, args[0])
			},
		})
	}
	return docs
}

func writeMan(root *cobra.Command, dir string) error {
	return doc.GenManTree(root, &doc.GenManHeader{Source: "kubeknot " + versionText(), Manual: "kubeknot"}, dir)
}

// writeCompletions writes each file under the name by which its shell looks for
// it.
func writeCompletions(root *cobra.Command, dir string) error {
	for _, shell := range []struct {
		file     string
		generate func(*bytes.Buffer) error
	}{
		{"kubeknot.bash", func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) }},
		{"kubeknot.fish", func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) }},
		{"kubeknot.ps1", func(b *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(b) }},
		{"_kubeknot", func(b *bytes.Buffer) error { return root.GenZshCompletion(b) }},
	} {
		var b bytes.Buffer
		if err := shell.generate(&b); err != nil {
			return fmt.Errorf("%s: %w", shell.file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, shell.file), b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return nil
}

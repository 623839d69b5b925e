package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/config"
)

func newInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a kubeknot.yaml that explains itself",
		Long: `Write a kubeknot.yaml with every section in it, commented out. A file that is
there already is left alone.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			for _, name := range config.Names {
				if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
					return fmt.Errorf("%s is there already", filepath.Join(dir, name))
				}
			}
			name := filepath.Join(dir, config.Names[0])
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already", name)
			} else if err != nil {
				return err
			}
			_, err = f.Write(config.Template)
			if err := errors.Join(err, f.Close()); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", name)
			return err
		},
	}
}

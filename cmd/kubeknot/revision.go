package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
)

// revision returns a baseline of what the same run finds in a revision of the
// git repository that the paths lie in, and lets the run know what the
// directories defined then. Files that git takes for moved are called as they
// are now.
func revision(ctx context.Context, rev string, o *driver.Options) (suppress.Baseline, error) {
	root, err := repository(ctx, o.Paths)
	if err != nil {
		return nil, err
	}
	tree, err := git(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{tree}")
	if err != nil {
		return nil, errors.New("git does not know this revision; a shallow clone lacks the earlier ones")
	}
	dir, err := os.MkdirTemp("", "kubeknot-")
	if err != nil {
		return nil, err
	}
	unfinished.Store(dir, nil)
	defer unfinished.Delete(dir)
	defer os.RemoveAll(dir)
	if err := checkOut(ctx, root, strings.TrimSpace(string(tree)), dir); err != nil {
		return nil, err
	}
	old := *o
	old.Dir, old.Paths, old.Suppress.Baselines = dir, []string{"."}, nil
	if err := keepInputs(o, &old); err != nil {
		return nil, err
	}
	o.Earlier = &driver.History{}
	old.Record, old.Cache = o.Earlier, nil // what is recalled has no objects
	result, err := driver.Run(ctx, old)
	if err != nil && !errors.Is(err, driver.ErrNothing) {
		return nil, err
	}
	moved, err := renames(ctx, root, rev)
	if err != nil {
		return nil, err
	}
	b := suppress.Baseline{}
	for i := range result.Findings {
		id := result.Findings[i].Identity()
		if now, ok := moved[id.File]; ok {
			id.File = now
		}
		b = append(b, suppress.Line(id))
	}
	slices.Sort(b)
	return b, nil
}

// repository returns the root of the git repository of all paths.
func repository(ctx context.Context, paths []string) (string, error) {
	root := ""
	for _, p := range paths {
		if p == "-" {
			return "", errors.New("standard input has no revisions")
		}
		dir, err := directory(p)
		if err != nil {
			return "", err
		}
		out, err := git(ctx, dir, "rev-parse", "--show-toplevel")
		if err != nil {
			return "", err
		}
		found := filepath.FromSlash(strings.TrimRight(string(out), "\r\n"))
		if root != "" && found != root {
			return "", fmt.Errorf("%s and %s are two repositories", root, found)
		}
		root = found
	}
	return root, nil
}

// keepInputs lets two runs read the same nodes, values and policies: names are relative
// to the working directory, and standard input comes once.
func keepInputs(now, old *driver.Options) error {
	if now.Nodes == "-" {
		data, err := source.ReadAll(now.Stdin)
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		now.Stdin, old.Stdin = bytes.NewReader(data), bytes.NewReader(data)
	} else if old.Nodes != "" {
		abs, err := filepath.Abs(old.Nodes)
		if err != nil {
			return err
		}
		old.Nodes = abs
	}
	old.Values, old.Policies = slices.Clone(old.Values), slices.Clone(old.Policies)
	for _, names := range [][]string{old.Values, old.Policies} {
		for i, name := range names {
			abs, err := filepath.Abs(name)
			if err != nil {
				return err
			}
			names[i] = abs
		}
	}
	return nil
}

// git runs git and returns what it prints.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("git is needed and not installed")
	case err != nil && stderr.Len() > 0:
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(stderr.String()))
	case err != nil:
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// checkOut writes the files of a tree of a repository into an empty directory,
// which becomes the root of a repository of its own to who looks for one. Of
// submodules there is nothing.
func checkOut(ctx context.Context, repository, tree, dir string) error {
	list, err := git(ctx, repository, "ls-tree", "-r", "-z", "--full-tree", tree)
	if err != nil {
		return err
	}
	var names, ids []string
	links := map[string]bool{}
	for entry := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		about, name, _ := strings.Cut(entry, "\t")
		if f := strings.Fields(about); len(f) == 3 && f[1] == "blob" {
			names, ids = append(names, name), append(ids, f[2])
			links[name] = f[0] == "120000"
		}
	}
	root, err := os.OpenRoot(dir) // nothing is written outside, whatever the tree says
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(".git", 0o777); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "git", "-C", repository, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	in := bufio.NewReader(out)
	for _, name := range names {
		if err := write(root, name, links[name], in); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), cmd.Cancel(), cmd.Wait())
		}
	}
	return cmd.Wait()
}

// write writes the next file that git cat-file prints: "ID blob SIZE", the
// content, and a line break.
func write(root *os.Root, name string, link bool, in *bufio.Reader) error {
	var id, kind string
	var size int64
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(line, "%s %s %d", &id, &kind, &size); err != nil {
		return fmt.Errorf("git cat-file: %s", strings.TrimSpace(line))
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(in, data); err != nil {
		return err
	}
	if _, err := in.Discard(1); err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(name), 0o777); err != nil {
		return err
	}
	if link {
		return root.Symlink(string(data), name)
	}
	return root.WriteFile(name, data, 0o666)
}

// renames returns the files that git takes for moved since a revision, by their
// old names.
func renames(ctx context.Context, root, rev string) (map[string]string, error) {
	out, err := git(ctx, root, "diff", "--no-ext-diff", "--find-renames", "--diff-filter=R", "--name-status", "-z", "--end-of-options", rev, "--")
	if err != nil {
		return nil, err
	}
	moved := map[string]string{}
	words := strings.Split(string(out), "\x00") // R100, old, new
	for i := 0; i+2 < len(words); i += 3 {
		moved[words[i+1]] = words[i+2]
	}
	return moved, nil
}

package driver

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// notApplied returns the files of a tree that nothing applies as they stand: parts
// of objects, and what tests compare or feed to policies. Only files whose place
// lets them be one are looked at.
func (w *world) notApplied(ctx context.Context, plan unit.Tree) (map[string]unit.PassedOver, error) {
	unnamed := unit.Unnamed(plan)
	rels := slices.Collect(maps.Keys(unnamed))
	for _, f := range plan.Files {
		if unit.MayBeTest(f) && unnamed[f] == nil {
			rels = append(rels, f)
		}
	}
	parsed := make([]*manifest.File, len(rels))
	if err := w.options.parallel(ctx, "reading", len(rels), func(i int) { parsed[i] = w.preview(rels[i]) }); err != nil {
		return nil, err
	}
	files := map[string]*manifest.File{}
	for i, rel := range rels {
		files[rel] = parsed[i]
	}
	preview := func(rel string) *manifest.File {
		f, ok := files[rel]
		if !ok {
			f = w.preview(rel)
			files[rel] = f
		}
		return f
	}
	all := unit.Parts(plan, unnamed, preview)
	maps.Copy(all, unit.Tested(plan, preview))
	return all, nil
}

// preview parses a file whose documents are not kept, because it may not be judged
// at all. It returns nil for one that cannot be read or holds no object.
func (w *world) preview(rel string) *manifest.File {
	text, err := w.source(rel)
	if err != nil {
		return nil
	}
	parse := manifest.Parse
	switch has := func(word string) bool { return bytes.Contains(text.Data, []byte(word)) }; {
	case unit.IsKyvernoTest(rel), !has("apiVersion") && has("op") && has("path") && has("-"): // a list of operations has no kind
		parse = manifest.ParseAny
	case !has("kind"):
		return nil
	}
	return parse(source.NewFile(text.Path, text.Rel, text.Data)) // a copy, which has no hidden secrets of its own yet
}

package manifest

import "github.com/kubeknot/kubeknot/analyzer/source"

// NotReadable returns a file that is one broken document, because of what the
// message says, one sentence without a full stop. Nothing of it is shown.
func NotReadable(f *source.File, message string) *File {
	return &File{File: f, Documents: []*Document{broken(f, message)}}
}

func broken(f *source.File, message string) *Document {
	f.Hide(source.Span{End: len(f.Data)})
	return &Document{File: f, Span: source.Span{End: len(f.Data)}, Role: Broken, Problems: []Problem{{Kind: SyntaxError, Message: message}}}
}

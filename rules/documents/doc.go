// Package documents holds the rules about documents and files as such: syntax,
// keys and objects that are defined twice, and the order of files.
package documents

// Package near finds what was probably meant where a name or a selector matches
// nothing.
package near

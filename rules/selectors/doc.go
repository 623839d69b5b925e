// Package selectors holds the rules about the selectors of controllers: whether
// they match their own pods, and whose other pods they match.
package selectors

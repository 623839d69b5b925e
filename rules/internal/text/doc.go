// Package text puts counts, ports and keys into the words of messages.
package text

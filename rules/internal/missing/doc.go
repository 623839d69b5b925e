// Package missing reports references to objects that do not exist.
package missing

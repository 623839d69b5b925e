// Package references holds the rules about what pods refer to by name: ConfigMaps,
// Secrets, ServiceAccounts and classes.
package references

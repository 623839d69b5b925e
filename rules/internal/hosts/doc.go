// Package hosts finds the names of Services in the configuration of programs:
// environment variables, arguments and the texts of ConfigMaps.
package hosts

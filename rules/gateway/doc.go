// Package gateway holds the rules about the Gateway API: what a controller decides
// between Gateways, listeners, routes, Services, grants and certificates.
package gateway

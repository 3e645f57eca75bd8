// Package plan says what flowctl is going to do, as values: targets,
// sessions, changes and findings, and the contract a provider keeps. It does
// no I/O and knows neither HCL nor Azure's SDK.
package plan

// Package sandbox is an Azure that runs in the process.
package sandbox

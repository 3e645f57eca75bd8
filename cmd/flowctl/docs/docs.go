// Package docs holds the documentation that ships inside the program.
package docs

import "embed"

// Files are the documents: the language, the sandbox, the answers, the schema of the
// summary and the changelog.
//
//go:embed *.md *.json
var Files embed.FS

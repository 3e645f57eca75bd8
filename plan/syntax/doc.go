// Package syntax reads the HCL that people write, in investigations, variables,
// conditions and the sandbox's worlds. What the parser or the arithmetic behind
// it could not bear is refused before, on its line: text that is not UTF-8, deep
// nesting, and numbers of millions of digits.
package syntax

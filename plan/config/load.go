package config

import "github.com/hashicorp/hcl/v2"

// Load reads the file or folder at path.
func Load(path string, in Inputs) (*Config, hcl.Diagnostics) {
	return &Config{Path: path, Files: map[string]*hcl.File{}}, nil
}

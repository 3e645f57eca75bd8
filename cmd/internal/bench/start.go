package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// bareProgram links what flowctl links and does nothing.
const bareProgram = `package main

import (
	"fmt"

	"charm.land/log/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/spf13/cobra"
)

var links = []any{log.New, azidentity.NewDefaultAzureCredential, armcompute.NewClientFactory, armnetwork.NewClientFactory,
	armstorage.NewClientFactory, azblob.NewClient, hclparse.NewParser, (*cobra.Command).Execute}

func main() { fmt.Println(len(links)) }
`

const startFile = `investigation "bench" {
  reason = "to measure the start"
  owner  = "bench@example.com"
  window = "1h"
  watch "vnet" "hub" {
    name           = "hub"
    resource_group = "rg"
  }
}
`

// startWork measures how long programs take to start. The bare program can
// only be built where flowctl's source and the Go tool are at hand.
func startWork(ctx context.Context, s Streams, self, dir string, runs int) (work, error) {
	file := filepath.Join(dir, "start.hcl")
	if err := os.WriteFile(file, []byte(startFile), 0o600); err != nil {
		return work{}, err
	}
	w := work{title: "Start-up", runs: runs, self: self}
	bare, err := buildBare(ctx, dir)
	if err != nil {
		s.say("No bare program to compare the start with: %v\n", err)
	} else {
		w.contenders = append(w.contenders, contender{name: "a bare Go program that links the same SDKs", args: []string{bare}})
	}
	w.contenders = append(w.contenders,
		contender{name: "flowctl version", args: []string{self, "version"}},
		contender{name: "flowctl validate", args: []string{self, "validate", file}},
	)
	return w, nil
}

// buildBare builds bareProgram with the versions of flowctl's go.mod.
func buildBare(ctx context.Context, dir string) (string, error) {
	src := filepath.Join(dir, "bare")
	if err := os.MkdirAll(src, 0o700); err != nil {
		return "", err
	}
	for _, f := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(f)
		if err != nil {
			return "", errors.New("the working directory is not flowctl's source")
		}
		if err := os.WriteFile(filepath.Join(src, f), b, 0o600); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(src, "main.go"), []byte(bareProgram), 0o600); err != nil {
		return "", err
	}
	out := filepath.Join(src, "bare.exe")
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=mod", "-o", out, ".")
	cmd.Dir = src
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %.300s", err, b)
	}
	return out, nil
}

package command

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"
	"unicode"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan/syntax"
)

// pipelines are the workflows that init writes, with the steps that they share.
//
//go:embed ci
var pipelines embed.FS

// pipelineFiles are where each service looks for its file.
var pipelineFiles = map[string]string{"github": ".github/workflows/flowctl.yml", "gitlab": ".gitlab-ci.yml", "azure-pipelines": "azure-pipelines.yml"}

// pipeline is what a workflow is written for.
type pipeline struct {
	File   string // or folder that is carried out
	Policy string // folder of policies; empty for none
	Branch string // that is merged into
}

func newInitCI(e *env.Env) *cobra.Command {
	o := pipeline{}
	out := ""
	cmd := &cobra.Command{
		Use:   "ci github|gitlab|azure-pipelines",
		Short: "Write a workflow: plan as a comment, approval, apply of that plan, reports on a schedule",
		Long: `init ci writes the workflow by which a repository's files are reviewed and carried out: the plan
as a comment on a pull request, the merged file planned once more, that very plan applied after an
approval, and on a schedule all that goes on: sessions that end, drift, reports, what is to be
swept. It signs in without a secret. flowctl docs ci says how to set the service up.`,
		Example:   "  flowctl init ci github --file watch --policy policies",
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"github", "gitlab", "azure-pipelines"},
		RunE: func(_ *cobra.Command, args []string) error {
			if pipelineFiles[args[0]] == "" {
				return fmt.Errorf("no workflow is known for %q. %s", args[0], syntax.Hint(args[0], []string{"github", "gitlab", "azure-pipelines"}))
			}
			if out == "" {
				out = pipelineFiles[args[0]]
			}
			text, err := o.workflow(args[0])
			if err != nil {
				return err
			}
			if err := writeNew(out, text); err != nil {
				return err
			}
			fmt.Fprintf(e.Stdout, "Wrote %s. Keep the state where every run finds it, with state \"azblob\", and see flowctl docs ci for identities and approvals.\n", terminal.Escape(out))
			return nil
		},
	}
	cmd.Flags().StringVar(&o.File, "file", ".", "the file or `folder` that is carried out")
	cmd.Flags().StringVar(&o.Policy, "policy", "", "a `folder` of policies that every plan is held against")
	cmd.Flags().StringVar(&o.Branch, "branch", "main", "the branch that is merged into")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file` and not to where the service looks for it")
	return cmd
}

// workflow is the text of the file for a service.
func (p pipeline) workflow(service string) (string, error) {
	for what, s := range map[string]string{"--file": p.File, "--policy": p.Policy, "--branch": p.Branch} {
		if strings.HasPrefix(s, "-") || strings.ContainsFunc(s, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_./", r)
		}) {
			return "", fmt.Errorf("%s %q: a workflow can name it only if it has letters, digits, spaces and -_./ in it", what, s)
		}
	}
	q := p
	q.File, q.Policy = fmt.Sprintf("%q", p.File), fmt.Sprintf("%q", p.Policy)
	t := template.New(service + ".yml")
	src, err := fs.ReadFile(pipelines, "ci/"+service+".yml")
	if err != nil {
		return "", err
	}
	steps, err := fs.ReadFile(pipelines, "ci/steps.txt")
	if err != nil {
		return "", err
	}
	shared, err := template.New("steps").Parse(string(steps))
	if err != nil {
		return "", err
	}
	t.Funcs(template.FuncMap{"step": func(name string, n int) (string, error) {
		var b bytes.Buffer
		err := shared.ExecuteTemplate(&b, name, q)
		return strings.ReplaceAll(b.String(), "\n", "\n"+strings.Repeat(" ", n)), err
	}})
	if _, err := t.Parse(string(src)); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, q); err != nil {
		return "", err
	}
	return b.String(), nil
}

package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/terminal"
)

func newDocs(e *env.Env) *cobra.Command {
	man := ""
	cmd := &cobra.Command{
		Use:   "docs [NAME] [WORD…]",
		Short: "Print or search the documents that ship with flowctl",
		Long: `docs lists the documents inside the program, prints one, or prints what they say about
some words: the sections whose heading has all of them, else the paragraphs and rows that do.
On a terminal lines fit its width, and what is longer than the screen is shown by $PAGER, or
by less where it is installed.`,
		Example: "  flowctl docs\n  flowctl docs language\n  flowctl docs findings capture-shorter\n  flowctl docs \"time zone\"\n  flowctl docs --man ~/.local/share/man/man1",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case man != "":
				return manPages(cmd.Root(), man)
			case len(args) == 0:
				return listDocs(e)
			}
			return showDocs(e, args)
		},
	}
	cmd.Flags().StringVar(&man, "man", "", "write a manual page for each verb into this `folder`, instead")
	return cmd
}

// docNames are the documents, with what each is about.
func docNames(e *env.Env, wanted bool) (list []string) {
	names, err := fs.Glob(e.Docs, "*")
	if err != nil || !wanted {
		return nil
	}
	for _, n := range names {
		list = append(list, strings.TrimSuffix(n, ".md")+"\t"+titleOf(e, n))
	}
	return list
}

// titleOf is what a document is about: its first heading, or the title of a schema.
func titleOf(e *env.Env, name string) string {
	b, err := fs.ReadFile(e.Docs, name)
	if err != nil {
		return ""
	}
	if path.Ext(name) == ".json" {
		var schema struct{ Title string }
		if json.Unmarshal(b, &schema) != nil {
			return ""
		}
		return "JSON Schema: " + schema.Title
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimPrefix(line, "# ")
}

func listDocs(e *env.Env) error {
	list := docNames(e, true)
	width := 0
	for _, line := range list {
		name, _, _ := strings.Cut(line, "\t")
		width = max(width, len(name))
	}
	for _, line := range list {
		name, title, _ := strings.Cut(line, "\t")
		if _, err := fmt.Fprintf(e.Stdout, "%-*s  %s\n", width, name, title); err != nil {
			return err
		}
	}
	return nil
}

// showDocs prints a document, or what one or all of them say about some words.
func showDocs(e *env.Env, args []string) error {
	name, words := args[0], args[1:]
	b, err := readDoc(e, name)
	switch {
	case err == nil && len(words) == 0:
		return page(e, fitted(e, string(b)))
	case err == nil:
		if found := search(name, string(b), words); found != "" {
			return page(e, fitted(e, found))
		}
		return fmt.Errorf("%s says nothing about %q; flowctl docs %s searches all documents", name, strings.Join(words, " "), strings.Join(words, " "))
	}
	var all strings.Builder
	for _, line := range docNames(e, true) {
		n, _, _ := strings.Cut(line, "\t")
		if b, err := readDoc(e, n); err == nil && path.Ext(n) == "" {
			all.WriteString(search(n, string(b), args))
		}
	}
	if all.Len() == 0 {
		return fmt.Errorf("no document %q, and none says anything about it; flowctl docs lists them", strings.Join(args, " "))
	}
	return page(e, fitted(e, all.String()))
}

func readDoc(e *env.Env, name string) ([]byte, error) {
	b, err := fs.ReadFile(e.Docs, name)
	if err != nil {
		b, err = fs.ReadFile(e.Docs, name+".md")
	}
	return b, err
}

// search returns what a document says about words: whole sections if their headings
// have them, else paragraphs and rows of tables.
func search(name, text string, words []string) string {
	has := func(s string) bool {
		s = strings.ToLower(s)
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s, strings.ToLower(w)) })
	}
	var sections, parts strings.Builder
	for _, s := range sectionsOf(text) {
		if has(s.heading) {
			fmt.Fprintf(&sections, "%s: %s\n%s\n", name, s.heading, s.body)
		}
		for _, p := range partsOf(s.body) {
			if has(p) {
				fmt.Fprintf(&parts, "%s: %s\n\n%s\n\n", name, s.heading, p)
			}
		}
	}
	if sections.Len() > 0 {
		return sections.String()
	}
	return parts.String()
}

type section struct{ heading, body string }

func sectionsOf(text string) (list []section) {
	code := false
	for line := range strings.Lines(text) {
		code = code != strings.HasPrefix(line, "```")
		if rest := strings.TrimLeft(line, "#"); rest != line && strings.HasPrefix(rest, " ") && !code {
			list = append(list, section{heading: strings.Trim(strings.TrimSpace(rest), "`")})
		} else if len(list) > 0 {
			list[len(list)-1].body += line
		}
	}
	return list
}

// partsOf are the paragraphs of a section, and the rows of its tables.
func partsOf(body string) (list []string) {
	for _, p := range strings.Split(body, "\n\n") {
		p = strings.Trim(p, "\n")
		if strings.HasPrefix(p, "|") || strings.HasPrefix(p, "- ") {
			list = append(list, strings.Split(p, "\n")...)
		} else {
			list = append(list, p)
		}
	}
	return list
}

// fitted wraps what is prose to the screen; anywhere else text stays as it is.
func fitted(e *env.Env, text string) string {
	if !terminal.Is(e.Stdout) {
		return text
	}
	return wrapped(text, terminal.Width(e.Stdout))
}

// wrapped fills the paragraphs and items of a document to a width; tables, code and
// headings keep their lines.
func wrapped(text string, width int) string {
	var out strings.Builder
	paragraph, indent, code := "", "", false
	flush := func() {
		if paragraph != "" {
			out.WriteString(terminal.Wrap(paragraph, width-len(indent), indent) + "\n")
		}
		paragraph, indent = "", ""
	}
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		fence := strings.HasPrefix(line, "```")
		switch {
		case code || fence || bare == "" || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "{"):
			flush()
			out.WriteString(line)
		case strings.HasPrefix(bare, "- "):
			flush()
			paragraph, indent = bare, "  "
		default:
			paragraph = strings.TrimSpace(paragraph + " " + bare)
		}
		code = code != fence
	}
	flush()
	return out.String()
}

// page shows text: by a pager where somebody looks and it is long.
func page(e *env.Env, text string) error {
	pager := strings.Fields(e.Getenv("PAGER"))
	if len(pager) == 0 {
		pager = []string{"less", "-FRX"}
	}
	program, err := exec.LookPath(pager[0])
	screen, ok := terminal.File(e.Stdout)
	if !ok || !e.Interactive() || !terminal.Is(e.Stdout) || err != nil {
		_, err := io.WriteString(e.Stdout, text)
		return err
	}
	cmd := exec.Command(program, pager[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), screen, e.Stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return fmt.Errorf("show the document by %s: %w", pager[0], err)
	}
	return nil
}

// manPages writes a manual page for each verb.
func manPages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root.DisableAutoGenTag = true
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "flowctl " + version(), Manual: "flowctl"}, dir); err != nil {
		return fmt.Errorf("write manual pages: %w", err)
	}
	return nil
}

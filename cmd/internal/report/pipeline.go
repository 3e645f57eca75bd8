package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"flowctl/cmd/internal/terminal"
)

// Pipeline is a service that shows what a step of it says in its log as annotations.
type Pipeline struct {
	annotation func(c Check, file string) string
	root       string // of the repository, from which files are named
}

// mostAnnotations is how many of a kind GitHub shows of a step.
const mostAnnotations = 10

// GitHub is GitHub Actions.
func GitHub(root string) Pipeline {
	return Pipeline{annotation: func(c Check, file string) string {
		fields := []string{"title=" + githubProperty.Replace(terminal.Escape(c.Kind+" "+c.Name))}
		if file != "" {
			fields = append(fields, "file="+githubProperty.Replace(file), "line="+strconv.Itoa(c.Place.Line))
		}
		return "::" + c.severity("notice") + " " + strings.Join(fields, ",") + "::" + githubData.Replace(terminal.Escape(c.Text))
	}, root: root}
}

// AzurePipelines is Azure Pipelines.
func AzurePipelines(root string) Pipeline {
	return Pipeline{annotation: func(c Check, file string) string {
		fields := "type=" + c.severity("warning") + ";"
		if file != "" {
			fields += "sourcepath=" + azureProperty.Replace(file) + ";linenumber=" + strconv.Itoa(c.Place.Line) + ";"
		}
		return "##vso[task.logissue " + fields + "]" + azureData.Replace(terminal.Escape(c.Kind+" "+c.Name+": "+c.Text))
	}, root: root}
}

// How texts are written in the commands of either, so that they cannot end one and
// begin another.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	azureData      = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A")
	azureProperty  = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", ";", "%3B", "]", "%5D")
)

func (c Check) severity(open string) string {
	if c.Level == Open {
		return open
	}
	return "error"
}

// UploadSummary has the agent of Azure Pipelines show a file as part of the run's summary.
func UploadSummary(w io.Writer, path string) {
	fmt.Fprintln(w, "##vso[task.uploadsummary]"+azureData.Replace(path))
}

// Annotate writes an annotation for each check that did not pass, and one for those
// that are more than are shown.
func (p Pipeline) Annotate(w io.Writer, list []Checked) {
	said, left := map[string]int{}, 0
	for _, c := range list {
		for _, check := range c.Checks() {
			if check.Level == Passed {
				continue
			}
			kind := check.severity("open")
			if said[kind] == mostAnnotations-1 {
				left++
				continue
			}
			said[kind]++
			file := ""
			if check.Place.File != "" {
				file, _ = below(p.root, check.Place.File)
			}
			fmt.Fprintln(w, p.annotation(check, file))
		}
	}
	if left > 0 {
		more := Check{Kind: "checks", Name: "not shown", Level: NotMet}
		more.Text = fmt.Sprintf("%s more did not pass; the summary of this step has them all.", Many(uint64(left), "check"))
		fmt.Fprintln(w, p.annotation(more, ""))
	}
}

// StepSummary is the reports of answers as Markdown of no more than limit bytes: of those
// that would be too much, what came of their checks.
func StepSummary(list []Checked, limit int) ([]byte, error) {
	var out bytes.Buffer
	for i, c := range list {
		var whole bytes.Buffer
		if err := Markdown(&whole, c.Doc, c.Meta); err != nil {
			return nil, err
		}
		whole.WriteString("\n")
		if share := (limit - out.Len()) / (len(list) - i); whole.Len() > share {
			whole.Reset()
			c.brief(&whole, share)
		}
		out.Write(whole.Bytes())
	}
	return out.Bytes(), nil
}

const tooLarge = "\nThe report is larger than a summary of a step may be.\n"

// brief writes the headline and as many of the checks that did not pass as there is room for.
func (c Checked) brief(w *bytes.Buffer, limit int) {
	fmt.Fprintf(w, "# %s\n\n**%s**\n\n", plain(c.Meta.Name), plain(Sentence(c.Doc)))
	for _, check := range c.Checks() {
		line := fmt.Sprintf("- %s %s: %s\n", check.Kind, plain(check.Name), plain(check.Text))
		if check.Level != Passed && w.Len()+len(line)+len(tooLarge) <= limit {
			w.WriteString(line)
		}
	}
	w.WriteString(tooLarge)
}

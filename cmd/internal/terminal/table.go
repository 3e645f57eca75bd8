package terminal

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Column is one column of a table.
type Column struct {
	Title string
	Right bool // numbers stand to the right
	Drop  int  // where width is short, columns with the highest number go first; 0 never
}

// minColumn is how narrow a column of text can get before it is cut no further.
const minColumn = 8

const gap = 2

// Table lays rows out in lines of at most width columns of the screen: columns
// that can be dropped go first, then the widest text is cut. Cells must be
// escaped. The first line is the header.
func Table(columns []Column, rows [][]string, width int) []string {
	keep, widths := fit(columns, rows, width)
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	lines := make([]string, 0, len(rows)+1)
	for _, r := range append([][]string{titles}, rows...) {
		lines = append(lines, layOut(columns, r, keep, widths))
	}
	return lines
}

func fit(columns []Column, rows [][]string, width int) (keep []int, widths []int) {
	widths = make([]int, len(columns))
	for i, c := range columns {
		widths[i] = ansi.StringWidth(c.Title)
		for _, r := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(r[i]))
		}
		keep = append(keep, i)
	}
	for total(keep, widths) > width {
		if next := drop(columns, keep); next != nil {
			keep = next
			continue
		}
		if !squeeze(columns, keep, widths, total(keep, widths)-width) {
			break
		}
	}
	return keep, widths
}

func total(keep, widths []int) int {
	n := -gap
	for _, i := range keep {
		n += widths[i] + gap
	}
	return n
}

// drop leaves out the column that can best be spared.
func drop(columns []Column, keep []int) []int {
	worst := -1
	for at, i := range keep {
		if columns[i].Drop > 0 && (worst < 0 || columns[i].Drop > columns[keep[worst]].Drop) {
			worst = at
		}
	}
	if worst < 0 {
		return nil
	}
	return append(append([]int{}, keep[:worst]...), keep[worst+1:]...)
}

// squeeze makes the widest column of text narrower by up to excess.
func squeeze(columns []Column, keep, widths []int, excess int) bool {
	widest, second := -1, 0
	for _, i := range keep {
		switch {
		case columns[i].Right || widths[i] <= minColumn:
		case widest < 0 || widths[i] > widths[widest]:
			if widest >= 0 {
				second = widths[widest]
			}
			widest = i
		default:
			second = max(second, widths[i])
		}
	}
	if widest < 0 {
		return false
	}
	less := excess
	if second > 0 && widths[widest] > second {
		less = min(excess, widths[widest]-second)
	} else if second > 0 {
		less = 1
	}
	widths[widest] = max(minColumn, widths[widest]-less)
	return true
}

func layOut(columns []Column, row []string, keep, widths []int) string {
	var b strings.Builder
	for at, i := range keep {
		if at > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		cell := Cut(row[i], widths[i])
		pad := strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(cell)))
		if columns[i].Right {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// Wrap breaks text at its spaces into lines of at most width columns, all but
// the first indented. A word that fits in no line is cut into several.
func Wrap(text string, width int, indent string) string {
	room := max(20, width-ansi.StringWidth(indent))
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case ansi.StringWidth(line)+1+ansi.StringWidth(word) <= room:
			line += " " + word
			continue
		default:
			lines = append(lines, line)
			line = word
		}
		for ansi.StringWidth(line) > room {
			head := ansi.Truncate(line, room, "")
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	return strings.Join(append(lines, line), "\n"+indent)
}

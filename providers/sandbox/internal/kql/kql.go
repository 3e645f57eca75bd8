// Package kql reads and answers queries of Azure Resource Graph: the part of
// the Kusto Query Language in which resources are selected. What it does not
// serve it refuses by name, where Resource Graph might have an answer.
//
// The language is that of Microsoft's documentation of Kusto and of "Understand
// the Azure Resource Graph query language".
package kql

import (
	"fmt"
	"sync"
	"time"
)

// Row is a row of a table, by column. Values are those of JSON: nil, bool,
// float64, string, []any and map[string]any; also time.Time, and *Later for
// what is drawn only if a query asks for it.
type Row map[string]any

// Later is a value that costs something to draw.
type Later struct {
	once sync.Once
	draw func() any
	v    any
}

// NewLater returns a value that draw returns when it is first wanted.
func NewLater(draw func() any) *Later { return &Later{draw: draw} }

func (l *Later) value() any {
	l.once.Do(func() { l.v = l.draw() })
	return l.v
}

// Table is what a query begins with, or ends in: rows and the order of their
// columns. A row need not have all of them.
type Table struct {
	Columns []string
	Rows    []Row
}

// Tables finds a table by its name, which has no case; nil if there is none.
// Rows may be left out whose column type is one that wants refuses.
type Tables func(name string, wants func(typ string) bool) *Table

// Error tells what is wrong with a query, and where in it.
type Error struct {
	Code    string // ParserFailure, UnknownFunction, SemanticError, NotServed
	Message string
	Line    int // from 1; 0 if it is nowhere in particular
	Column  int // in characters, from 0
	Token   string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprintf("%s at line %d, column %d, %q: %s", e.Code, e.Line, e.Column, e.Token, e.Message)
}

// The codes of errors.
const (
	ParserFailure   = "ParserFailure"
	UnknownFunction = "UnknownFunction"
	SemanticError   = "SemanticError"
	NotServed       = "NotServed"
)

// Query is a query that can be read.
type Query struct{ pipe *pipeline }

// Parse reads a query that is asked at a moment.
func Parse(text string, now time.Time) (*Query, error) {
	p, err := newParser(text, now)
	if err != nil {
		return nil, err
	}
	pipe, err := p.pipeline()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind == mark && t.text == ";" {
		p.next()
	}
	if t := p.peek(); t.kind != end {
		return nil, p.unexpected()
	}
	return &Query{pipe}, nil
}

// Run answers a query. The tables' rows are not changed.
func (q *Query) Run(tables Tables) (*Table, error) { return q.pipe.run(tables) }

// Limits of Resource Graph for a single query.
const (
	maxJoins    = 3
	maxExpanded = 2000 // rows that mv-expand makes of one
)

package storage

// Changes is how often a blob may change between a look and a read before
// that is an error; a growing flow log changes once a minute.
const Changes = 3

// Tail is how a flow log's blob ends; it moves when the blob grows, what is
// before it stays.
const Tail = "]}"

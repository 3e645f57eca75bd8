package template

// Lenient makes strict JSON of what Resource Manager takes of deployments, and
// az sends: names without quotes, and comments.
func Lenient(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '"':
			end := quotedEnd(text, i)
			out = append(out, text[i:end]...)
			i = end - 1
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			for i < len(text) && text[i] != '\n' {
				i++
			}
			out = append(out, '\n')
		case c == '/' && i+1 < len(text) && text[i+1] == '*':
			for i += 2; i < len(text) && !(text[i] == '/' && text[i-1] == '*' && text[i-2] != '/'); i++ {
			}
		case letter(c):
			begin := i
			for i < len(text) && letter(text[i]) {
				i++
			}
			word := text[begin:i]
			i--
			if next := nextByte(text, i+1); next == ':' {
				out = append(append(append(out, '"'), word...), '"')
				continue
			}
			out = append(out, word...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// quotedEnd is behind the text that begins at i.
func quotedEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '.' || c == '-' || c == '+'
}

func nextByte(text []byte, i int) byte {
	for ; i < len(text); i++ {
		if c := text[i]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

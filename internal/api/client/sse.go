package client

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strings"
)

// maxLine is how many bytes a line of a stream may have: an operation's record
// goes into a small part of it.
const maxLine = 4 << 20

// message is one event of a stream.
type message struct{ id, name, data string }

// messages reads a stream of events (HTML Living Standard, section 9.2.6,
// "Interpreting an event stream"), from an UTF-8 reader with lines that end in LF
// or CRLF. An event whose end is missing is not given. The sequence ends with the
// stream, or with the error that ended it: io.ErrUnexpectedEOF where the stream
// ended within an event.
func messages(r io.Reader) iter.Seq2[message, error] {
	return func(yield func(message, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		var m message
		var id string
		var data []string
		for lines.Scan() {
			line := strings.TrimSuffix(lines.Text(), "\r")
			if line == "" {
				if data != nil {
					m.id, m.data = id, strings.Join(data, "\n")
					if !yield(m, nil) {
						return
					}
				}
				m, data = message{}, nil
				continue
			}
			field, value, _ := strings.Cut(line, ":") // a comment is a field without a name
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "event":
				m.name = value
			case "data":
				data = append(data, value)
			case "id":
				if !strings.Contains(value, "\x00") {
					id = value
				}
			}
		}
		err := lines.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			yield(message{}, errLongLine)
			return
		}
		if err == nil && data != nil {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(message{}, err)
		}
	}
}

var errLongLine = errors.New("a line of the stream is too long")

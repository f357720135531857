package annotation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scan reads JSON (RFC 8259) as it comes, once from its beginning to its end: a file of half a gigabyte takes no more room than the longest text
// that is asked for. Whoever reads an object or an array is called for each of its members and takes it by one of the methods.
type scan struct {
	r     *bufio.Reader
	depth int
	room  []byte
}

func newScan(r io.Reader) *scan { return &scan{r: bufio.NewReaderSize(r, 1<<16)} }

var errShort = errors.New("it ends too early")

// peek is the next byte that is no blank.
func (s *scan) peek() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, errShort
		case err != nil:
			return 0, err
		case c != ' ' && c != '\n' && c != '\t' && c != '\r':
			return c, s.r.UnreadByte()
		}
	}
}

// take reads the byte that has to come.
func (s *scan) take(want byte) error {
	c, err := s.peek()
	if err == nil && c != want {
		err = fmt.Errorf("%q where %q is due", c, want)
	}
	if err == nil {
		_, err = s.r.Discard(1)
	}
	return err
}

// members reads what lies between two brackets, with commas between.
func (s *scan) members(open, end byte, one func() error) error {
	if err := s.take(open); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return fmt.Errorf("values lie in one another more than %d deep", maxDepth)
	}
	for first := true; ; first = false {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c == end {
			s.depth--
			return s.take(end)
		}
		if !first {
			if err := s.take(','); err != nil {
				return err
			}
		}
		if err := one(); err != nil {
			return err
		}
	}
}

// object reads an object; member takes the value of a key, or passes over it by skip.
func (s *scan) object(member func(key string) error) error {
	return s.members('{', '}', func() error {
		key, err := s.text()
		if err == nil {
			err = s.take(':')
		}
		if err != nil {
			return err
		}
		return member(key)
	})
}

// array reads an array; one takes the next value.
func (s *scan) array(one func() error) error { return s.members('[', ']', one) }

// text reads a string.
func (s *scan) text() (string, error) {
	s.room = s.room[:0]
	err := s.letters(true)
	return string(bytes.ToValidUTF8(s.room, []byte("\uFFFD"))), err
}

// letters reads a string, and keeps what it holds in the room where that is asked for.
func (s *scan) letters(keep bool) error {
	if err := s.take('"'); err != nil {
		return err
	}
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return early(err)
		}
		switch {
		case c == '"':
			return nil
		case c < ' ':
			return fmt.Errorf("%q in a text", c)
		case c != '\\':
			if keep {
				s.room = append(s.room, c)
			}
		default:
			if err := s.escaped(keep); err != nil {
				return err
			}
		}
		if len(s.room) > maxText {
			return fmt.Errorf("a text of more than %d KiB", maxText>>10)
		}
	}
}

// escaped reads what follows a backslash.
func (s *scan) escaped(keep bool) error {
	c, err := s.r.ReadByte()
	if err != nil {
		return early(err)
	}
	r := rune(c)
	switch c {
	case '"', '\\', '/':
	case 'b':
		r = '\b'
	case 'f':
		r = '\f'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 't':
		r = '\t'
	case 'u':
		if r, err = s.point(); err != nil {
			return err
		}
		if utf16.IsSurrogate(r) {
			next, _ := s.r.Peek(2)
			if string(next) != `\u` {
				r = utf8.RuneError
			} else {
				s.r.Discard(2)
				second, err := s.point()
				if err != nil {
					return err
				}
				r = utf16.DecodeRune(r, second)
			}
		}
	default:
		return fmt.Errorf("%q behind a backslash", c)
	}
	if keep {
		s.room = utf8.AppendRune(s.room, r)
	}
	return nil
}

// point reads four hexadecimal digits.
func (s *scan) point() (rune, error) {
	var b [4]byte
	if _, err := io.ReadFull(s.r, b[:]); err != nil {
		return 0, early(err)
	}
	v, err := strconv.ParseUint(string(b[:]), 16, 16)
	if err != nil {
		return 0, fmt.Errorf(`\u%q in a text`, b)
	}
	return rune(v), nil
}

func early(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errShort
	}
	return err
}

// word reads a number, true, false or null as it is written.
func (s *scan) word() (string, error) {
	if _, err := s.peek(); err != nil {
		return "", err
	}
	var b []byte
	for {
		c, err := s.r.ReadByte()
		if err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.') {
			if err := s.r.UnreadByte(); err != nil {
				return "", err
			}
			break
		}
		if b = append(b, c); len(b) > 512 {
			return "", errors.New("a number of more than 512 digits")
		}
	}
	if len(b) == 0 {
		c, _ := s.r.ReadByte()
		return "", fmt.Errorf("%q where a value is due", c)
	}
	return string(b), nil
}

// scalar reads a value that is neither an object nor an array: a text, or a word; of others it is nothing, and they are passed over.
func (s *scan) scalar() (text string, quoted, ok bool, err error) {
	switch c, err := s.peek(); {
	case err != nil:
		return "", false, false, err
	case c == '"':
		text, err = s.text()
		return text, true, err == nil, err
	case c == '{' || c == '[':
		return "", false, false, s.skip()
	}
	text, err = s.word()
	return text, false, err == nil, err
}

// skip passes over a value.
func (s *scan) skip() error {
	switch c, err := s.peek(); {
	case err != nil:
		return err
	case c == '"':
		s.room = s.room[:0]
		return s.letters(false)
	case c == '{':
		return s.object(func(string) error { return s.skip() })
	case c == '[':
		return s.array(s.skip)
	}
	text, err := s.word()
	if err != nil {
		return err
	}
	switch text {
	case "true", "false", "null", "NaN", "Infinity", "-Infinity": // the last three as Python writes them
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%q where a value is due", short(text))
	}
	return nil
}

// end says whether nothing follows.
func (s *scan) end() error {
	c, err := s.peek()
	if err == errShort {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%q behind its end", c)
	}
	return err
}

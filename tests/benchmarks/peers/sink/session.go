package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"strconv"
	"sync/atomic"
)

const (
	buffer    = 64 * 1024
	mostBytes = 50_000_000 // what SIZE says
)

type server struct {
	counted  counters
	security *tls.Config
	missing  map[string]bool // extensions that it does not offer
}

// session is one connection. Each method answers one command; a method's false ends the connection.
type session struct {
	server     *server
	connection net.Conn
	in         *bufio.Reader
	out        *bufio.Writer
	encrypted  bool
	transaction
}

// transaction is what RSET forgets (RFC 5321 section 4.1.1.5).
type transaction struct {
	mail       bool
	recipients int
	chunks     bool // a BDAT without LAST has been taken
}

// flushing sends what has been answered before each read that may wait, as Postfix does: replies to commands that came
// together leave together (RFC 2920 section 3.2).
type flushing struct{ session *session }

func (f flushing) Read(into []byte) (int, error) {
	if err := f.session.out.Flush(); err != nil {
		return 0, err
	}
	return f.session.connection.Read(into)
}

func (s *session) run(encrypted bool) {
	defer func() { s.connection.Close() }()
	s.out = bufio.NewWriterSize(s.connection, 4096)
	s.in = bufio.NewReaderSize(flushing{s}, buffer)
	if encrypted && !s.encrypt() {
		return
	}
	s.reply("220 sink.example ESMTP")
	for {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			return // gone, or a command of more than 64 kB
		}
		if !s.command(bytes.TrimRight(line, "\r\n")) {
			s.out.Flush()
			return
		}
	}
}

// encrypt does the handshake. What came in the clear behind STARTTLS is forgotten (RFC 3207 section 4.2, and a command
// put there by somebody between would be obeyed).
func (s *session) encrypt() bool {
	secure := tls.Server(s.connection, s.server.security)
	if secure.Handshake() != nil {
		return false
	}
	atomic.AddInt64(&s.server.counted.encrypted, 1)
	if secure.ConnectionState().DidResume {
		atomic.AddInt64(&s.server.counted.resumed, 1)
	}
	s.connection, s.encrypted, s.transaction = secure, true, transaction{}
	s.out.Reset(secure)
	s.in.Reset(flushing{s})
	return true
}

func (s *session) reply(text string) bool {
	s.out.WriteString(text)
	s.out.WriteString("\r\n")
	return true
}

func (s *session) command(line []byte) bool {
	verb, argument, _ := bytes.Cut(line, []byte{' '})
	is := func(name string) bool { return bytes.EqualFold(verb, []byte(name)) }
	switch {
	case is("MAIL"):
		return s.mailFrom(argument)
	case is("RCPT"):
		return s.rcptTo(argument)
	case is("BDAT") && !s.server.missing["CHUNKING"]:
		return s.bdat(argument)
	case is("DATA"):
		return s.data()
	case is("RSET"):
		s.transaction = transaction{}
		return s.reply("250 2.0.0 Ok")
	case is("NOOP"):
		return s.reply("250 2.0.0 Ok")
	case is("EHLO"):
		return s.ehlo()
	case is("HELO"):
		s.transaction = transaction{}
		return s.reply("250 sink.example")
	case is("STARTTLS") && !s.encrypted && !s.server.missing["STARTTLS"]:
		s.reply("220 2.0.0 Ready to start TLS")
		return s.out.Flush() == nil && s.encrypt()
	case is("QUIT"):
		s.reply("221 2.0.0 Bye")
		return false
	}
	return s.reply("502 5.5.2 Error: command not recognized")
}

func (s *session) ehlo() bool {
	s.transaction = transaction{}
	s.reply("250-sink.example")
	for _, extension := range []string{"PIPELINING", "CHUNKING", "8BITMIME", "DSN", "STARTTLS"} {
		if !s.server.missing[extension] && !(extension == "STARTTLS" && s.encrypted) {
			s.reply("250-" + extension)
		}
	}
	s.reply("250-SIZE " + strconv.Itoa(mostBytes))
	return s.reply("250 ENHANCEDSTATUSCODES")
}

func (s *session) mailFrom(argument []byte) bool {
	if s.mail {
		return s.reply("503 5.5.1 Error: nested MAIL command")
	}
	if !hasPath(argument, "FROM:<") {
		return s.reply("501 5.5.4 Syntax: MAIL FROM:<address>")
	}
	s.mail = true
	return s.reply("250 2.1.0 Ok")
}

func (s *session) rcptTo(argument []byte) bool {
	if !s.mail {
		return s.reply("503 5.5.1 Error: need MAIL command")
	}
	if !hasPath(argument, "TO:<") {
		return s.reply("501 5.5.4 Syntax: RCPT TO:<address>")
	}
	s.recipients++
	return s.reply("250 2.1.5 Ok")
}

func hasPath(argument []byte, start string) bool {
	return len(argument) > len(start) && bytes.EqualFold(argument[:len(start)], []byte(start)) &&
		bytes.IndexByte(argument, '>') >= 0
}

func (s *session) accepted() bool {
	atomic.AddInt64(&s.server.counted.messages, 1)
	s.transaction = transaction{}
	return s.reply("250 2.0.0 Ok: queued")
}

// bdat reads the whole chunk whatever it thinks of the command (RFC 3030 section 2: "the receiver must discard"), so that
// no octet of it is ever taken for a command; without a size nobody can tell where it ends, and the connection must.
func (s *session) bdat(argument []byte) bool {
	number, word, _ := bytes.Cut(argument, []byte{' '})
	size, err := strconv.ParseUint(string(number), 10, 31)
	last := bytes.EqualFold(word, []byte("LAST"))
	if err != nil || (len(word) > 0 && !last) {
		s.reply("501 5.5.4 Syntax: BDAT count [LAST]")
		return false
	}
	if _, err := s.in.Discard(int(size)); err != nil {
		return false
	}
	switch {
	case s.recipients == 0:
		return s.reply("503 5.5.1 Error: need RCPT command")
	case size > mostBytes:
		return s.reply("552 5.3.4 Message size exceeds fixed limit")
	case !last:
		s.chunks = true
		return s.reply("250 2.0.0 Ok: " + strconv.FormatUint(size, 10) + " bytes")
	}
	atomic.AddInt64(&s.server.counted.chunked, 1)
	return s.accepted()
}

func (s *session) data() bool {
	if s.recipients == 0 {
		return s.reply("503 5.5.1 Error: need RCPT command")
	}
	if s.chunks {
		return s.reply("503 5.5.1 Error: DATA after BDAT") // RFC 3030 section 2
	}
	s.reply("354 End data with <CR><LF>.<CR><LF>")
	for begins := true; ; {
		line, err := s.in.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return false
		}
		if begins && string(line) == ".\r\n" {
			return s.accepted()
		}
		begins = err == nil
	}
}

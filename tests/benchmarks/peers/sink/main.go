// An SMTP server that takes messages, counts them and throws them away: the benchmark's own, for what smtp-sink does not
// speak (CHUNKING, TLS).
//
//	go-sink [--port PORT] [--tls-port PORT] [--certificate FILE] [--without CHUNKING,STARTTLS]
//
// Listens on 127.0.0.1: on --port without TLS (STARTTLS is offered), on --tls-port with TLS from the first byte; 0 is a
// free port. Its own certificate, for localhost and 127.0.0.1, is made at the start and written to --certificate, for
// senders to trust. The first line of standard output says both ports; then, whenever they have changed, the counters,
// each time ended by CR as smtp-sink -c does.
//
// Limits: it accepts every sender and recipient that has a path, looks at no message, and waits for ever.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// counters are what has happened so far; mesg stands last in what is printed, where smtp-sink has it.
type counters struct{ connections, encrypted, resumed, chunked, messages int64 }

func (c *counters) String() string {
	read := atomic.LoadInt64
	return fmt.Sprintf("sess=%d tls=%d resumed=%d bdat=%d mesg=%d\r",
		read(&c.connections), read(&c.encrypted), read(&c.resumed), read(&c.chunked), read(&c.messages))
}

func (c *counters) printForever() {
	for last := ""; ; time.Sleep(20 * time.Millisecond) {
		if now := c.String(); now != last {
			os.Stdout.WriteString(now)
			last = now
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func listen(port string) net.Listener {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	check(err)
	return listener
}

func main() {
	port := flag.String("port", "0", "without TLS, STARTTLS is offered; 0: a free one")
	tlsPort := flag.String("tls-port", "0", "TLS from the first byte; 0: a free one")
	certificate := flag.String("certificate", "", "file that the certificate is written to")
	without := flag.String("without", "", "extensions not to offer, with commas between")
	flag.Parse()
	security, public := selfSigned()
	if *certificate != "" {
		check(os.WriteFile(*certificate, public, 0o644))
	}
	s := &server{security: security, missing: map[string]bool{}}
	for _, name := range strings.Split(strings.ToUpper(*without), ",") {
		s.missing[name] = true
	}
	plain, encrypted := listen(*port), listen(*tlsPort)
	fmt.Printf("port=%d tls-port=%d\n", plain.Addr().(*net.TCPAddr).Port, encrypted.Addr().(*net.TCPAddr).Port)
	go s.serve(plain, false)
	go s.serve(encrypted, true)
	s.counted.printForever()
}

func (s *server) serve(listener net.Listener, encrypted bool) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Print(err)
			time.Sleep(10 * time.Millisecond) // too many open files passes
			continue
		}
		atomic.AddInt64(&s.counted.connections, 1)
		go (&session{server: s, connection: connection}).run(encrypted)
	}
}

// A Go sender on the standard library: net/smtp, html/template, mime, HS256 by hand.
//
//	go-sender --workload DIR --host HOST --port PORT --connections N [--certificate PEM]
//
// Sends to everybody in DIR/contacts.csv, one goroutine a connection, remembers nothing, and exits with 1 at the first
// error. With a certificate to trust: over TLS, by STARTTLS.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	html "html/template"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/template"
	"time"
)

type Terms struct {
	Secret      string `json:"secret"`
	Domain      string `json:"domain"`
	RedirectTo  string `json:"redirect_to"`
	Lifetime    int64  `json:"lifetime"`
	Sender      string `json:"sender"`
	ReturnPath  string `json:"return_path"`
	Unsubscribe string `json:"unsubscribe"`
}

type Contact struct{ Email, FirstName, LastName, Plan, OrderID, Link string }

type Claims struct {
	Sub        string `json:"sub"`
	Nbf        int64  `json:"nbf"`
	Exp        int64  `json:"exp"`
	Iat        int64  `json:"iat"`
	RedirectTo string `json:"redirect_to"`
}

type Composer struct {
	terms         Terms
	secret        []byte
	header        string
	subject, text *template.Template
	html          *html.Template
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newComposer(folder string) *Composer {
	read := func(name string) string { return string(must(os.ReadFile(filepath.Join(folder, name)))) }
	c := &Composer{header: base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))}
	check(json.Unmarshal([]byte(read("terms.json")), &c.terms))
	c.secret = []byte(c.terms.Secret)
	c.subject = template.Must(template.New("").Parse(strings.TrimSpace(read("subject.txt.tmpl"))))
	c.text = template.Must(template.New("").Parse(read("body.txt.tmpl")))
	c.html = html.Must(html.New("").Parse(read("body.html.tmpl")))
	return c
}

func (c *Composer) mint(email string) string {
	now := time.Now().Unix()
	claims := Claims{email + ":" + c.terms.Domain, now, now + c.terms.Lifetime, now, c.terms.RedirectTo}
	signed := c.header + "." + base64.RawURLEncoding.EncodeToString(must(json.Marshal(claims)))
	mac := hmac.New(sha256.New, c.secret)
	io.WriteString(mac, signed)
	token := signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return "https://" + c.terms.Domain + "/sso?identifier=" + url.QueryEscape(email) + "&strategy=email&token=" + token
}

// compose writes the contact's message; scratch and out are emptied and used again, to spare the collector.
func (c *Composer) compose(contact *Contact, scratch, out *bytes.Buffer) {
	contact.Link = c.mint(contact.Email)
	var nonce [12]byte
	must(rand.Read(nonce[:]))
	out.Reset()
	parts := multipart.NewWriter(out)
	scratch.Reset()
	check(c.subject.Execute(scratch, contact))
	fmt.Fprintf(out, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%x@acme.example>\r\n",
		c.terms.Sender, contact.Email, mime.QEncoding.Encode("utf-8", scratch.String()),
		time.Now().Format(time.RFC1123Z), nonce)
	fmt.Fprintf(out, "List-Unsubscribe: <%s%s>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
		c.terms.Unsubscribe, contact.OrderID)
	fmt.Fprintf(out, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=%q\r\n\r\n", parts.Boundary())
	add := func(kind string, render func(io.Writer, any) error) {
		scratch.Reset()
		check(render(scratch, contact))
		part := must(parts.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		}))
		encoded := quotedprintable.NewWriter(part)
		must(encoded.Write(scratch.Bytes()))
		check(encoded.Close())
	}
	add("text/plain", c.text.Execute)
	add("text/html", c.html.Execute)
	check(parts.Close())
}

func (c *Composer) deliver(address string, security *tls.Config, contacts <-chan *Contact) {
	client := must(smtp.Dial(address))
	check(client.Hello("sender.example"))
	if security != nil {
		check(client.StartTLS(security))
	}
	var scratch, message bytes.Buffer
	for contact := range contacts {
		c.compose(contact, &scratch, &message)
		check(client.Mail(c.terms.ReturnPath))
		check(client.Rcpt(contact.Email))
		body := must(client.Data())
		must(body.Write(message.Bytes()))
		check(body.Close())
	}
	check(client.Quit())
}

func main() {
	folder := flag.String("workload", "", "folder with contacts.csv, terms.json and the template")
	host := flag.String("host", "", "SMTP server")
	port := flag.String("port", "", "its port")
	connections := flag.Int("connections", 1, "connections at once")
	certificate := flag.String("certificate", "", "what to trust, in PEM; none: without TLS")
	flag.Parse()
	var security *tls.Config
	if *certificate != "" {
		security = &tls.Config{ServerName: *host, RootCAs: x509.NewCertPool()}
		if !security.RootCAs.AppendCertsFromPEM(must(os.ReadFile(*certificate))) {
			log.Fatal("no certificate in ", *certificate)
		}
	}
	composer := newComposer(*folder)
	rows := csv.NewReader(must(os.Open(filepath.Join(*folder, "contacts.csv"))))
	must(rows.Read())
	contacts := make(chan *Contact, 2*(*connections))
	var deliveries sync.WaitGroup
	for i := 0; i < *connections; i++ {
		deliveries.Add(1)
		go func() {
			defer deliveries.Done()
			composer.deliver(net.JoinHostPort(*host, *port), security, contacts)
		}()
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		check(err)
		contacts <- &Contact{Email: row[0], FirstName: row[1], LastName: row[2], Plan: row[3], OrderID: row[4]}
	}
	close(contacts)
	deliveries.Wait()
}

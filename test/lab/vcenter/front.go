package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// front is the network side: TLS, faults of the whole service, one writer at a time.
type front struct {
	lab  *lab
	cert tls.Certificate
	mu   sync.Mutex
	srv  *http.Server
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

var (
	methodName = regexp.MustCompile(`Body[^>]*>\s*<(?:\w+:)?(\w+)`)
	thisRef    = regexp.MustCompile(`<(?:\w+:)?_this[^>]*type="(\w+)"[^>]*>([^<]+)<`)
	reads      = regexp.MustCompile(`^(Fetch|Retrieve\w*|ContinueRetrieve\w*|Find\w+|CurrentTime|SessionIsActive|Query\w+|Validate\w+|Create(Container|List|Inventory)View|CreateFilter|CreatePropertyCollector|Login|Logout|ListView\w*|Destroy(View|PropertyFilter|PropertyCollector)|HttpNfcLeaseGetManifest)$`)
	waits      = regexp.MustCompile(`<(?:\w+:)?version>[^<]`)
)

const emptyFetch = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><FetchResponse xmlns="urn:vim25"></FetchResponse></soapenv:Body></soapenv:Envelope>`

func newFront(l *lab) (*front, error) {
	cert, err := makeCertificate(l.dir)
	return &front{lab: l, cert: cert}, err
}

// open starts to listen; close ends it and cuts every connection, as a stopped vCenter does.
func (f *front) open() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.srv != nil {
		return nil
	}
	ln, err := net.Listen("tcp", f.lab.listen)
	if err != nil {
		return err
	}
	f.srv = &http.Server{
		Handler:   f,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{f.cert}},
		// HTTP/1.1 only, as vCenter's API: a broken upload is a cut connection.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	go f.srv.ServeTLS(ln, "", "")
	return nil
}

func (f *front) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.srv != nil {
		f.srv.Close()
		f.srv = nil
	}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.lab.faults.on("hang") {
		<-r.Context().Done()
		return
	}
	if f.lab.faults.on("unavailable") {
		http.Error(w, "503 Service Unavailable (Failed to connect to endpoint: vpxd)", http.StatusServiceUnavailable)
		return
	}
	if d := f.lab.faults.duration("slow", 500*time.Millisecond); d > 0 {
		time.Sleep(d)
	}
	if strings.HasPrefix(r.URL.Path, "/nfc/") {
		f.lab.receiveDisk(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	out := f.call(r, body)
	for k, v := range out.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(out.Code)
	_, _ = w.Write(out.Body.Bytes())
}

// call hands a request to the library, with the lab's version of the object it is for, under the right lock.
func (f *front) call(r *http.Request, body []byte) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	method := ""
	if m := methodName.FindSubmatch(body); m != nil {
		method = string(m[1])
	}
	r.Body = readCloser{bytes.NewReader(body)}
	serve := func() { f.lab.service.ServeMux.ServeHTTP(out, r) }
	guarded(method, out, func() { f.dispatch(r, body, method, out, serve) })
	f.lab.shortenLists(body, out)
	f.lab.stopClock(out)
	return out
}

// guarded answers for the library where it panics: it does for an unset property, which has an empty answer.
func guarded(method string, out *httptest.ResponseRecorder, serve func()) {
	defer func() {
		if p := recover(); p != nil && method != "Fetch" {
			log.Printf("%s: %v\n%s", method, p, debug.Stack())
			soapFault(out, "SystemError", fmt.Sprintf("A general system error occurred: %v", p))
		} else if p != nil {
			out.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(out, emptyFetch)
		}
	}()
	serve()
}

func (f *front) dispatch(r *http.Request, body []byte, method string, out *httptest.ResponseRecorder, serve func()) {
	switch {
	case method == "Login":
		f.login(out, serve)
	case method == "WaitForUpdatesEx" && waits.Match(body):
		serve() // may last for minutes; holds no lock of ours
	case method == "" || method == "WaitForUpdatesEx" || reads.MatchString(method):
		f.read(serve)
	default:
		f.change(r, body, serve)
	}
}

// login gives the refusal the text that people know from vCenter.
func (f *front) login(out *httptest.ResponseRecorder, serve func()) {
	if !f.lab.faults.on("refuse-logins") {
		f.read(serve)
		if out.Code == http.StatusOK {
			return
		}
	}
	*out = *httptest.NewRecorder()
	soapFault(out, "InvalidLogin", messageOf(&types.InvalidLogin{}))
}

func (f *front) read(serve func()) {
	f.lab.world.RLock()
	defer f.lab.world.RUnlock()
	serve()
}

func (f *front) change(r *http.Request, body []byte, serve func()) {
	f.lab.world.Lock()
	defer f.lab.world.Unlock()
	if m := thisRef.FindSubmatch(body); m != nil {
		ref := types.ManagedObjectReference{Type: string(m[1]), Value: strings.TrimSpace(string(m[2]))}
		if session := f.lab.sessionOf(r); session != nil && session.Get(ref) == nil {
			if o := f.lab.overlay(ref); o != nil {
				session.Put(o)
				defer session.Remove(ref)
			}
		}
	}
	serve()
}

func soapFault(w http.ResponseWriter, kind, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>`+
		`<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring><detail><%sFault xmlns="urn:vim25" xsi:type="%s">`+
		`</%sFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`, escape(message), kind, kind, kind)
}

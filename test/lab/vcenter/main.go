// A simulated vCenter for regrow's lab: govmomi's simulator library behind an own front, with what the stock simulator
// lacks and unsafe code would pass on: checked logins, unique names, fresh uuids, upload leases, change versions, guests
// that really boot, a record of every operation, and faults by command. docs/adr/0006-test-lab.md says why.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are the command line of the simulator.
type settings struct {
	listen     string
	dir        string
	user       string
	password   string
	hook       string
	bridge     string
	lease      time.Duration
	fakeBoot   time.Duration
	toolsGray  time.Duration
	toolsRed   time.Duration
	uploadRate int
	hosts      int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "ctl" {
		os.Exit(controlClient(os.Args[2:]))
	}
	s := settings{}
	flag.StringVar(&s.listen, "listen", "127.0.0.1:8989", "address of the API, TLS")
	flag.StringVar(&s.dir, "dir", "", "the lab's folder: certificate, record and control socket go there")
	flag.StringVar(&s.user, "user", "svc-regrow@vsphere.local", "the only login")
	passwordFile := flag.String("password-file", "", "file with the login's password")
	flag.StringVar(&s.hook, "hook", "", "script that boots guests; without it guests are make-believe")
	flag.StringVar(&s.bridge, "bridge", "rgbr0", "bridge that guests are plugged into")
	flag.DurationVar(&s.lease, "lease", 20*time.Second, "an upload lease without progress ends after this")
	flag.DurationVar(&s.fakeBoot, "fake-boot", time.Second, "a make-believe guest has its address after this")
	flag.DurationVar(&s.toolsGray, "tools-gray", 3*time.Second, "heartbeat turns gray after this silence")
	flag.DurationVar(&s.toolsRed, "tools-red", 8*time.Second, "heartbeat turns red after this silence")
	flag.IntVar(&s.uploadRate, "upload-rate", 0, "bytes a second of an upload, 0 for no limit")
	flag.IntVar(&s.hosts, "hosts", 2, "ESXi hosts in the cluster")
	flag.Parse()
	// The lock of the lab comes as an open file, and must not go on to the guests.
	syscall.CloseOnExec(9)
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	if err := run(&s, *passwordFile); err != nil {
		log.Fatal(err)
	}
}

func run(s *settings, passwordFile string) error {
	secret, err := os.ReadFile(passwordFile)
	if err != nil {
		return fmt.Errorf("-password-file: %w", err)
	}
	s.password = strings.TrimSpace(string(secret))
	record, err := openRecord(s.dir + "/operations.jsonl")
	if err != nil {
		return err
	}
	lab := &lab{settings: s, record: record, faults: newFaults(), machines: map[string]*machine{}, leases: map[string]*labLease{}}
	if err := lab.prepareGuests(); err != nil {
		return err
	}
	if err := lab.createInventory(); err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	front, err := newFront(lab)
	if err != nil {
		return err
	}
	if err := front.open(); err != nil {
		return err
	}
	lab.front = front
	if err := lab.serveControl(); err != nil {
		return err
	}
	go lab.watchLeases()
	go lab.watchTools()
	log.Printf("vCenter %s, folder %s", s.listen, s.dir)
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
	lab.stopAllGuests()
	return nil
}

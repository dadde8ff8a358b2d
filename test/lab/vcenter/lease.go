package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// labLease is an upload lease: without progress it ends, and what was imported under it is removed. While it is open, its
// VM can be neither powered nor destroyed.
//
//	initializing -> ready -> done (complete)
//	                      -> error (abort, timeout): the VM is removed
type labLease struct {
	*simulator.HttpNfcLease
	lab  *lab
	vm   types.ManagedObjectReference
	task types.ManagedObjectReference
	ctx  *simulator.Context
	seen time.Time
	open bool
	disk string
}

// Get lets the property collector read the library's object.
func (l *labLease) Get() mo.Reference { return l.HttpNfcLease }

func (l *lab) openLease(ctx *simulator.Context, stock *simulator.HttpNfcLease) *labLease {
	lease := &labLease{HttpNfcLease: stock, lab: l, vm: stock.Info.Entity, seen: time.Now(), open: true}
	who := *ctx
	who.Caller = nil
	lease.ctx = &who
	lease.task = simulator.CreateTask(simulator.Map.Get(lease.vm), "importVApp", nil).Self
	stock.Info.LeaseTimeout = int32(l.lease / time.Second)
	stock.State = types.HttpNfcLeaseStateInitializing
	ctx.Session.Registry.Put(lease)
	l.leases[stock.Self.Value] = lease
	time.AfterFunc(20*time.Millisecond, func() {
		l.world.Lock()
		defer l.world.Unlock()
		if lease.open {
			simulator.Map.Update(stock, []types.PropertyChange{{Name: "state", Val: types.HttpNfcLeaseStateReady}})
		}
	})
	return lease
}

// leaseOf is the open lease of the VM, nil without one.
func (l *lab) leaseOf(vm types.ManagedObjectReference) *labLease {
	for _, lease := range l.leases {
		if lease.open && lease.vm == vm {
			return lease
		}
	}
	return nil
}

// HttpNfcLeaseProgress keeps the lease alive.
func (l *labLease) HttpNfcLeaseProgress(ctx *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	if !l.open {
		return &methods.HttpNfcLeaseProgressBody{Fault_: refuse(&types.InvalidState{})}
	}
	l.seen = time.Now()
	return l.HttpNfcLease.HttpNfcLeaseProgress(ctx, req)
}

// HttpNfcLeaseComplete ends the import: from now on the VM is an ordinary one.
func (l *labLease) HttpNfcLeaseComplete(ctx *simulator.Context, _ *types.HttpNfcLeaseComplete) soap.HasFault {
	body := &methods.HttpNfcLeaseCompleteBody{}
	if !l.open {
		body.Fault_ = refuse(&types.InvalidState{})
		return body
	}
	l.end(types.HttpNfcLeaseStateDone, nil)
	if m := l.lab.machines[l.vm.Value]; m != nil {
		m.disk = l.disk
	}
	if vm := machineOf(l.vm); vm != nil {
		l.lab.record.vm(ctx, vm, "upload_complete", "success", detail{"disk": l.disk})
	}
	body.Res = &types.HttpNfcLeaseCompleteResponse{}
	return body
}

// HttpNfcLeaseAbort ends the import and removes the VM.
func (l *labLease) HttpNfcLeaseAbort(ctx *simulator.Context, _ *types.HttpNfcLeaseAbort) soap.HasFault {
	if l.open {
		l.fail("aborted", &types.RequestCanceled{})
	}
	return &methods.HttpNfcLeaseAbortBody{Res: &types.HttpNfcLeaseAbortResponse{}}
}

func (l *labLease) end(state types.HttpNfcLeaseState, fault types.BaseMethodFault) {
	l.open = false
	delete(l.lab.leases, l.Self.Value)
	changes := []types.PropertyChange{{Name: "state", Val: state}}
	if fault != nil {
		changes = append(changes, types.PropertyChange{Name: "error", Val: &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: messageOf(fault)}})
	}
	simulator.Map.Update(l.HttpNfcLease, changes)
}

// fail removes the half-imported VM, as vCenter itself.
func (l *labLease) fail(why string, fault types.BaseMethodFault) {
	l.end(types.HttpNfcLeaseStateError, fault)
	vm := machineOf(l.vm)
	if vm == nil {
		return
	}
	by := vpxd()
	res := vm.DestroyTask(by, &types.Destroy_Task{This: l.vm}).(*methods.Destroy_TaskBody)
	l.lab.record.vm(by, vm, "import_removed", resultOf(dress(by, res.Res.Returnval)), detail{"reason": why, "user": l.ctx.Session.UserName})
	l.lab.removeMachine(l.vm)
}

func (l *lab) watchLeases() {
	for range time.Tick(200 * time.Millisecond) {
		l.world.Lock()
		for _, lease := range l.leases {
			if lease.open && time.Since(lease.seen) > l.lease {
				lease.fail("lease timed out", &types.Timedout{})
			}
		}
		l.world.Unlock()
	}
}

// receiveDisk takes an uploaded disk: https://host/nfc/LEASE/FILE, no login, the lease is the token.
func (l *lab) receiveDisk(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	id := parts[len(parts)-2]
	l.world.RLock()
	lease := l.leases[id]
	l.world.RUnlock()
	if lease == nil || r.Method != http.MethodPut && r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	limit := int64(-1)
	if l.faults.strike("fail-upload") {
		limit = r.ContentLength / 2
	}
	disk, err := l.store(r.Body, limit)
	if err != nil {
		log.Printf("upload %s: %v", id, err)
		if c, _, hijackErr := w.(http.Hijacker).Hijack(); hijackErr == nil {
			c.Close()
		}
		return
	}
	l.world.Lock()
	lease.disk = disk
	l.world.Unlock()
	w.WriteHeader(http.StatusCreated)
}

// store writes the disk to the lab's folder and unpacks it, once for each content. The name is the content's hash.
func (l *lab) store(in io.Reader, limit int64) (string, error) {
	file, err := os.CreateTemp(l.dir+"/vcenter", "upload-")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	hash := sha256.New()
	buf := make([]byte, 64<<10)
	var total int64
	for {
		n, err := in.Read(buf)
		total += int64(n)
		if limit >= 0 && total >= limit {
			return "", fmt.Errorf("broken after %d bytes by fault", total)
		}
		if _, werr := io.MultiWriter(file, hash).Write(buf[:n]); werr != nil {
			return "", werr
		}
		if rate := l.rate(); rate > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
	}
	name := hex.EncodeToString(hash.Sum(nil))
	return name, l.unpack(file.Name(), name)
}

// rate is how many bytes a second an upload gets now, 0 for no limit.
func (l *lab) rate() int {
	arg, slow := l.faults.arg("slow-upload")
	if !slow {
		return l.uploadRate
	}
	if n, err := strconv.Atoi(arg); err == nil && n > 0 {
		return n
	}
	return 1 << 20
}

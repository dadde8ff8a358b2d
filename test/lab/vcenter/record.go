package main

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// operation is one line of operations.jsonl: what changed in vCenter, who asked, and what came of it.
type operation struct {
	Time         string                 `json:"time"`
	User         string                 `json:"user"`
	From         string                 `json:"from"`
	VM           string                 `json:"vm"`
	Moid         string                 `json:"moid"`
	InstanceUUID string                 `json:"instance_uuid"`
	Operation    string                 `json:"operation"`
	Result       string                 `json:"result"`
	Detail       map[string]interface{} `json:"detail,omitempty"`
}

type record struct {
	mu   sync.Mutex
	file *os.File
}

func openRecord(path string) (*record, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0600)
	return &record{file: f}, err
}

type detail = map[string]interface{}

func (r *record) write(ctx *simulator.Context, o operation) {
	o.Time = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	o.User, o.From = ctx.Session.UserName, ctx.Session.IpAddress
	line, _ := json.Marshal(o)
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.file.Write(append(line, '\n'))
}

func (r *record) vm(ctx *simulator.Context, vm *simulator.VirtualMachine, op, result string, d detail) {
	o := operation{VM: vm.Name, Moid: vm.Self.Value, Operation: op, Result: result, Detail: d}
	if vm.Config != nil {
		o.InstanceUUID = vm.Config.InstanceUuid
	}
	r.write(ctx, o)
}

func (r *record) folder(ctx *simulator.Context, ref types.ManagedObjectReference, op, result string, d detail) {
	r.write(ctx, operation{Moid: ref.Value, Operation: op, Result: result, Detail: d})
}

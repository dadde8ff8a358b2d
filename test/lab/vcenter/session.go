package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// The library looks an object up in the caller's session before its own registry. So an overridden object is put into the
// session for the length of one call, and the library's objects stay what its type assertions expect. The session is
// private to the library; a hook object, called with the client's cookie, hands it out.

const hookID = "lab-session-hook"

var sessions sync.Map // cookie -> *simulator.Registry

type sessionHook struct{ mo.ServiceInstance }

func addSessionHook() {
	h := &sessionHook{}
	h.Self = types.ManagedObjectReference{Type: "ServiceInstance", Value: hookID}
	simulator.Map.Put(h)
}

// CurrentTime remembers the registry of the calling session.
func (h *sessionHook) CurrentTime(ctx *simulator.Context, _ *types.CurrentTime) soap.HasFault {
	sessions.Store(ctx.Session.Key, ctx.Session.Registry)
	return &methods.CurrentTimeBody{Res: &types.CurrentTimeResponse{}}
}

var hookCall = []byte(fmt.Sprintf(`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>`+
	`<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">%s</_this></CurrentTime></Body></Envelope>`, hookID))

// sessionOf is the registry of the request's session, nil when it has none.
func (l *lab) sessionOf(r *http.Request) *simulator.Registry {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return nil
	}
	if reg, ok := sessions.Load(cookie.Value); ok {
		return reg.(*simulator.Registry)
	}
	probe := r.Clone(r.Context())
	probe.Body = readCloser{bytes.NewReader(hookCall)}
	l.service.ServeSDK(httptest.NewRecorder(), probe)
	if reg, ok := sessions.Load(cookie.Value); ok {
		return reg.(*simulator.Registry)
	}
	return nil
}

// overlay is the lab's version of an object, nil where the library's own is good enough.
func (l *lab) overlay(ref types.ManagedObjectReference) mo.Reference {
	switch o := simulator.Map.Get(ref).(type) {
	case *simulator.VirtualMachine:
		return &labVM{o, l}
	case *simulator.Folder:
		return &labFolder{o, l}
	case *simulator.ResourcePool:
		return &labPool{o, l}
	case *simulator.OvfManager:
		return &labOvf{o, l}
	}
	return nil
}

package main

import (
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

func faultName(f types.BaseMethodFault) string { return reflect.TypeOf(f).Elem().Name() }

// messageOf is the text that vCenter shows for a fault.
func messageOf(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.DuplicateName:
		return fmt.Sprintf("The name '%s' already exists.", f.Name)
	case *types.InvalidPowerState:
		state := map[types.VirtualMachinePowerState]string{"poweredOn": "Powered on", "poweredOff": "Powered off"}[f.ExistingState]
		return fmt.Sprintf("The attempted operation cannot be performed in the current state (%s).", state)
	case *types.TaskInProgress:
		return "Another task is already in progress."
	case *types.ConcurrentAccess:
		return "The virtual machine configuration has been modified since it was read."
	case *types.NoDiskSpace:
		return fmt.Sprintf("Insufficient disk space on datastore '%s'.", f.Datastore)
	case *types.InsufficientMemoryResourcesFault:
		return "The host does not have sufficient memory resources to satisfy the reservation. Insufficient memory resources."
	case *types.HostNotConnected:
		return "Unable to communicate with the remote host, since it is disconnected."
	case *types.ManagedObjectNotFound:
		return "The object has already been deleted or has not been completely created"
	case *types.Timedout:
		return "Operation timed out."
	case *types.RequestCanceled:
		return "The task was canceled by a user."
	case *types.InvalidLogin:
		return "Cannot complete login due to an incorrect user name or password."
	case *types.InvalidState:
		return "The operation is not allowed in the current state."
	case *types.InvalidName:
		return fmt.Sprintf("The name '%s' is invalid.", f.Name)
	}
	return "A general system error occurred: " + faultName(f)
}

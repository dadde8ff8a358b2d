import type { FailureClass } from './outcome.ts';

/** What to do about a failed rebuild, by its class. */
export function remedyFor(failure: FailureClass): string {
  switch (failure) {
    case 'vcenter_unreachable':
      return 'See that vCenter answers from this machine (name, port, certificate, ca_file): `regrow doctor`.';
    case 'auth_failed':
      return 'See user and password of vcenter in regrow.yml, and the privileges of that user on the pool folder: `regrow doctor`.';
    case 'template_missing':
      return 'Put the complete image (the OVF and every file that it names) where image.ovf says: `regrow doctor`.';
    case 'no_capacity':
      return 'Make room on the datastore or on the hosts, then rebuild again.';
    case 'address_timeout':
      return 'See that the new VM gets an address: its network, the DHCP server, VMware Tools in the image; or raise remediation.address_timeout.';
    case 'ssh_unreachable':
      return 'See that sshd starts in the image, that it takes the public-keys property (or holds the key), and ssh in regrow.yml.';
    case 'configure_failed':
      return 'Read the failed task in `regrow logs`; the new VM could not be loaded, or is not what regrow.yml declares.';
    case 'verify_failed':
      return 'The new VM came up and did not pass the checks of the pool: see `regrow logs`, and whether image and checks agree.';
    case 'timed_out':
      return 'The rebuild took longer than remediation.deadline: see the slow task in `regrow show`.';
    case 'ansible_missing':
      return 'Install ansible-core, community.vmware, ansible.posix and pyVmomi here: `regrow doctor`.';
    case 'playbook_error':
      return 'Read the failed task in `regrow logs`.';
  }
}

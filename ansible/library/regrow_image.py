#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r'''
module: regrow_image
short_description: Checks the template image on this machine and makes a marked copy of its descriptor
description:
  - C(complete) proves that the OVF can be read and that every file it refers to is there with the size it names. An image
    under construction (a file C(.incomplete) beside the OVF) is not complete.
  - With C(checksums) every file is read, and must have the checksum that the manifest beside the OVF (C(.mf)) says, where there is one.
  - C(marked) writes a copy of the OVF with an annotation, so that the VM carries its mark from its first moment, beside
    links to the disks.
options:
  state: {type: str, required: true, choices: [complete, marked], description: see above}
  ovf: {type: path, required: true, description: the OVF descriptor}
  checksums: {type: bool, default: false, description: 'with C(complete): read every file, too'}
  directory: {type: path, description: where the marked copy goes}
  annotation: {type: str, description: the annotation of the marked copy}
author: [regrow]
'''
EXAMPLES = r'''
- name: Is the image complete?
  regrow_image:
    state: complete
    ovf: /var/lib/regrow/image/coreimage.ovf
'''
RETURN = r'''
regrow:
  description: >-
    ovf (path to use), carried (all files, with the OVF and its manifest), version, files (name, path, size), disks (number),
    capacity_bytes, populated_bytes; with checksums also sums, as sha256sum writes them
  returned: success
  type: dict
'''

import hashlib
import os
import re
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from ansible.module_utils.basic import AnsibleModule

OVF = '{http://schemas.dmtf.org/ovf/envelope/1}'
# A line of a manifest: SHA256(coreimage-disk1.vmdk)= 9f86...
MANIFEST = re.compile(r'^(SHA1|SHA256|SHA512)\s*\(([^)]+)\)\s*=\s*([0-9a-fA-F]+)\s*$', re.M)
UNITS = re.compile(r'^byte(?:\s*\*\s*2\^(\d+))?$')


class Incomplete(Exception):
    pass


def read_text(path):
    try:
        with open(path, encoding='utf-8') as handle:
            text = handle.read(8 * 1024 * 1024)
    except (OSError, UnicodeDecodeError) as error:
        raise Incomplete('the image %s cannot be read: %s' % (path, error))
    return text


def read_ovf(path):
    text = read_text(path)
    if '<!DOCTYPE' in text or '<!ENTITY' in text:
        raise Incomplete('the image %s has a DOCTYPE; an OVF has none' % path)
    return text


def describe(path):
    text = read_ovf(path)
    try:
        root = ElementTree.fromstring(text.encode('utf-8'))
    except ElementTree.ParseError as error:
        raise Incomplete('the image %s is not well-formed XML: %s' % (path, error))
    directory = os.path.dirname(os.path.abspath(path))
    if os.path.exists(os.path.join(directory, '.incomplete')):
        raise Incomplete('the image in %s is under construction' % directory)
    files = [file_of(item, directory) for item in root.iter(OVF + 'File')]
    if not files:
        raise Incomplete('the image %s names no file' % path)
    manifest = re.sub(r'\.ovf$', '', path) + '.mf'
    manifest = manifest if os.path.exists(manifest) else None
    disks = list(root.iter(OVF + 'Disk'))
    return {
        'ovf': os.path.abspath(path), 'directory': directory, 'files': files, 'disks': len(disks), 'manifest': manifest,
        'carried': [os.path.abspath(path)] + ([os.path.abspath(manifest)] if manifest else []) + [item['path'] for item in files],
        # The manifest has the checksums of all. src/remediation/image.ts makes the same.
        'version': hashlib.sha256((read_text(manifest) if manifest else text).encode('utf-8')).hexdigest()[:12],
        'capacity_bytes': sum(capacity(disk) for disk in disks),
        # A thin disk takes at least what is uploaded, whatever the descriptor says of it.
        'populated_bytes': max(sum(int(disk.get(OVF + 'populatedSize') or 0) for disk in disks),
                               sum(item['size'] for item in files)),
        'networks': [net.get(OVF + 'name') for net in root.iter(OVF + 'Network')],
        'properties': [prop.get(OVF + 'key') for prop in root.iter(OVF + 'Property')],
    }


def file_of(item, directory):
    name = item.get(OVF + 'href') or ''
    if not name or '/' in name or name.startswith('.'):
        raise Incomplete('the image names a file outside its folder: %r' % name)
    path = os.path.join(directory, name)
    wanted = item.get(OVF + 'size')
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise Incomplete('the image lacks %s: %s' % (path, error.strerror))
    if wanted and int(wanted) != size:
        raise Incomplete('%s has %d bytes, the OVF says %s: torn, or still being copied' % (path, size, wanted))
    return {'name': name, 'path': path, 'size': size}


def checked(image):
    expected = MANIFEST.findall(read_text(image['manifest'])) if image['manifest'] else []
    if image['manifest'] and not expected:
        raise Incomplete('%s holds no checksums' % image['manifest'])
    for algorithm, name, digest in expected:
        path = os.path.join(image['directory'], os.path.basename(name))
        if digest_of(path, algorithm) != digest.lower():
            raise Incomplete('%s has another checksum than %s says: torn, or changed since' % (path, image['manifest']))
    sums = ['%s  %s' % (digest_of(path, 'sha256'), os.path.basename(path)) for path in image['carried']]
    return dict(image, sums='\n'.join(sums) + '\n')


def digest_of(path, algorithm):
    digest = hashlib.new(algorithm.lower())
    try:
        with open(path, 'rb') as handle:
            for piece in iter(lambda: handle.read(1024 * 1024), b''):
                digest.update(piece)
    except OSError as error:
        raise Incomplete('the image %s cannot be read: %s' % (path, error))
    return digest.hexdigest()


def capacity(disk):
    match = UNITS.match((disk.get(OVF + 'capacityAllocationUnits') or 'byte').strip())
    return int(disk.get(OVF + 'capacity') or 0) * 2 ** int((match.group(1) or 0) if match else 0)


def marked(path, directory, annotation):
    image = describe(path)
    text = re.sub(r'<AnnotationSection\b.*?</AnnotationSection>', '', read_ovf(path), flags=re.S)
    section = ('<AnnotationSection><Info>What this VM is</Info><Annotation>%s</Annotation></AnnotationSection>'
               % escape(annotation))
    head = re.search(r'<VirtualSystem\b[^>]*>\s*<Info\b[^>]*>.*?</Info>(\s*<Name\b[^>]*>.*?</Name>)?', text, re.S)
    if head is None:
        raise Incomplete('the image %s has no VirtualSystem with an Info' % path)
    text = text[:head.end()] + section + text[head.end():]
    os.makedirs(directory, mode=0o700, exist_ok=True)
    for item in image['files']:
        link = os.path.join(directory, item['name'])
        if not os.path.lexists(link):
            os.symlink(item['path'], link)
    copy = os.path.join(directory, 'image.ovf')
    with open(copy + '.part', 'w', encoding='utf-8') as handle:
        handle.write(text)
    os.rename(copy + '.part', copy)
    return dict(image, ovf=copy)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type='str', required=True, choices=['complete', 'marked']),
            ovf=dict(type='path', required=True),
            checksums=dict(type='bool', default=False),
            directory=dict(type='path'),
            annotation=dict(type='str'),
        ),
        required_if=[('state', 'marked', ['directory', 'annotation'])],
        supports_check_mode=True)
    params = module.params
    try:
        if params['state'] == 'complete':
            image = describe(params['ovf'])
            module.exit_json(changed=False, regrow=checked(image) if params['checksums'] else image)
        if module.check_mode:
            module.exit_json(changed=True, regrow=describe(params['ovf']))
        module.exit_json(changed=True, regrow=marked(params['ovf'], params['directory'], params['annotation']))
    except Incomplete as incomplete:
        module.fail_json(msg=str(incomplete), error_class='template_missing')
    except OSError as error:
        module.fail_json(msg='%s: %s' % (params['directory'], error), error_class='playbook_error')


if __name__ == '__main__':
    main()

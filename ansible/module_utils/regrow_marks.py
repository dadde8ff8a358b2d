"""Names and marks of regrow in vCenter: pure text, no I/O.

The annotation's last line is regrow's; what people wrote above it stays. Folder names fit vCenter's limit of 80
characters. docs/protocol.md holds the rules.
"""
from __future__ import annotations

import hashlib
import re

__metaclass__ = type

NO_VM = 'none'
_MARK = re.compile(r'^regrow: (certified|building) (.*)$')
_FIELD = re.compile(r'([a-z]+)=(\S+)')


def parse_mark(annotation):
    """The mark in an annotation: {'kind': 'certified'|'building', field: value, ...}, or None when there is none."""
    lines = (annotation or '').rstrip().splitlines()
    match = _MARK.match(lines[-1].strip()) if lines else None
    if match is None:
        return None
    fields = dict(_FIELD.findall(match.group(2)))
    mark = dict(fields, kind=match.group(1))
    wanted = ('pool', 'run', 'by') if mark['kind'] == 'certified' else ('pool', 'incident', 'g', 'by', 'run')
    if any(name not in mark for name in wanted):
        return None
    if mark['kind'] == 'building':
        if not mark['g'].isdigit():
            return None
        mark['g'] = int(mark['g'])
    return mark


def text_above_mark(annotation):
    """What people wrote: the annotation without regrow's last line."""
    lines = (annotation or '').rstrip().splitlines()
    if lines and lines[-1].strip().startswith('regrow: '):
        lines = lines[:-1]
    return '\n'.join(lines)


def with_mark(annotation, mark_line):
    """The annotation with its mark replaced, people's text kept above it."""
    above = text_above_mark(annotation)
    return above + '\n' + mark_line if above else mark_line


def building_line(pool, incident, generation, builder, run, until):
    return 'regrow: building pool=%s incident=%s g=%d by=%s run=%s until=%s' % (
        pool, incident, generation, builder, run, until)


def certified_line(pool, builder, run, at):
    return 'regrow: certified pool=%s by=%s run=%s at=%s' % (pool, builder, run, at)


def incident_id(pool, node, moid, instance_uuid):
    """I = node + judged moid + judged instance uuid, short enough for a folder's name.

    The moid stays readable; pool, node and uuid go into the digest.
    """
    identity = '\0'.join((pool, node, moid or NO_VM, instance_uuid or ''))
    digest = hashlib.sha256(identity.encode('utf-8')).hexdigest()[:10]
    return '%s.%s.%s' % (node[:24], moid or NO_VM, digest)


def moid_of_incident(incident):
    """The judged VM's moid, or None when the incident has no judged VM."""
    moid = incident.rsplit('.', 2)[1] if incident.count('.') >= 2 else NO_VM
    return None if moid == NO_VM else moid


def quarantine_name(node, moid):
    """A name per incident, not per run, so that repeating the rename is harmless."""
    return '%s.q.%s' % (node, moid)


def claim_name(incident, generation):
    return '%s.%d.claim' % (incident, generation)


def token_name(incident, generation, run):
    return '%s.%d.tok.%s' % (incident, generation, run)


def end_name(incident, generation):
    return '%s.%d.end' % (incident, generation)


def commit_name(run, moid):
    return 'commit.%s.%s' % (run, moid)


def built_name(moid):
    return 'built.%s' % moid


class Generation:
    """What the folders say about one generation of one incident."""

    def __init__(self, number):
        self.number = number
        self.claimed = False
        self.tokens = {}
        self.ended = False
        self.commit = None
        self.built = False

    @property
    def decision(self):
        """'none', 'abort' or 'commit'; a decision never changes."""
        if not self.ended:
            return 'none'
        return 'commit' if self.commit else 'abort'

    def facts(self):
        facts = {'generation': self.number, 'claimed': self.claimed, 'runs': sorted(self.tokens),
                 'decision': self.decision, 'built': self.built}
        if self.commit:
            facts['commit'] = self.commit
        return facts


def incidents_of(folders, node, moid):
    """Incidents of one VM that are on record. A moid names one VM for ever, so there is at most one in practice."""
    prefix = '%s.%s.' % (node[:24], moid)
    return sorted({folder['name'][:len(prefix) + 10] for folder in folders if folder['name'].startswith(prefix)})


def read_commits(folders):
    """Every commit on record: [{'incident', 'generation', 'run', 'moid'}]."""
    found = []
    for folder in folders:
        match = re.match(r'^(.+)\.(\d+)\.end$', folder['name'])
        for child in (folder.get('children') or []) if match else []:
            parts = child.split('.', 2)
            if parts[0] == 'commit' and len(parts) == 3:
                found.append({'incident': match.group(1), 'generation': int(match.group(2)), 'run': parts[1],
                              'moid': parts[2]})
    return found


def read_generations(folders, incident):
    """Generations of one incident: {number: Generation}.

    folders: [{'name', 'moid', 'children': [names]}] as listed under .regrow.
    """
    found = {}
    pattern = re.compile(r'^%s\.(\d+)\.(claim|end|tok\.([0-9A-Za-z_-]+))$' % re.escape(incident))
    for folder in folders:
        match = pattern.match(folder['name'])
        if match is None:
            continue
        generation = found.setdefault(int(match.group(1)), Generation(int(match.group(1))))
        children = folder.get('children') or []
        generation.built = generation.built or any(child.startswith('built.') for child in children)
        if match.group(2) == 'claim':
            generation.claimed = True
        elif match.group(2) == 'end':
            generation.ended = True
            for child in children:
                parts = child.split('.', 2)
                if parts[0] == 'commit' and len(parts) == 3:
                    generation.commit = {'run': parts[1], 'moid': parts[2]}
        else:
            generation.tokens[match.group(3)] = folder['moid']
    return found

"""The order of the roles, read from their YAML: what each task file does, step by step, and under which condition."""
from __future__ import annotations

import pathlib

import yaml

ROLES = pathlib.Path(__file__).resolve().parents[2] / 'ansible' / 'roles'
KEYWORDS = frozenset(['name', 'when', 'vars', 'loop', 'loop_control', 'register', 'delegate_to', 'failed_when', 'changed_when',
                      'check_mode', 'retries', 'delay', 'until', 'block', 'rescue', 'module_defaults', 'no_log'])


def tasks(path):
    return yaml.safe_load((ROLES / path).read_text())


def action(task):
    """What one task does, in a word: an operation of the hypervisor's role, a task file, a module with its state."""
    module = next(key for key in task if key not in KEYWORDS)
    arguments = task[module]
    short = module.rsplit('.', 1)[-1]
    if short == 'include_role':
        name = arguments['name']
        return 'do ' + task['vars']['operation'] if 'regrow_hypervisor' in name else 'role ' + name
    if short == 'include_tasks':
        return arguments if isinstance(arguments, str) else arguments['file']
    if short in ('set_fact', 'set_stats', 'meta'):
        return '%s %s' % (short, ','.join(sorted(arguments)) if isinstance(arguments, dict) else arguments)
    state = arguments.get('state') if isinstance(arguments, dict) else None
    return short + (' ' + state if state else '')


def order(path):
    """['action', 'action | condition', ...]; a rescue's steps are marked."""
    def walk(found, prefix='', outer=()):
        for task in found:
            when = task.get('when', [])
            conditions = outer + tuple(when if isinstance(when, list) else [when])
            if 'block' in task:
                yield from walk(task['block'], prefix, conditions)
                yield from walk(task.get('rescue', []), prefix + 'rescue: ', outer)
                continue
            yield prefix + action(task) + (' | ' + ' and '.join(map(str, conditions)) if conditions else '')
    return list(walk(tasks(path)))


def arguments(path, module):
    """The arguments of the one task of a file that runs this module."""
    def walk(found):
        for task in found:
            if 'block' in task:
                yield from walk(task['block'])
            elif module in task:
                yield task[module]
    [only] = walk(tasks(path))
    return only


def values(path):
    """The vars of all tasks of a file together."""
    def walk(found):
        for task in found:
            if 'block' in task:
                yield from walk(task['block'])
            yield from (task.get('vars') or {}).items()
    return dict(walk(tasks(path)))

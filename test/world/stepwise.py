"""Loads the product's own protocol code so that it can be stopped before every single call to vCenter.

The functions are the real ones: their source is parsed, and only the calls change. `vcenter.op(...)` becomes a `yield`
of ('op', arguments), which hands control to the scheduler; a call of a function that reaches such a yield becomes a
`yield from`. test_world.py holds the result against the unchanged modules. A mutation is a patch of the source text.
"""
from __future__ import annotations

import ast
import pathlib
import re
import types

ANSIBLE = pathlib.Path(__file__).resolve().parents[2] / 'ansible'
SOURCES = {
    'marks': ANSIBLE / 'module_utils' / 'regrow_marks.py',
    'protocol': ANSIBLE / 'module_utils' / 'regrow_protocol.py',
    'incident': ANSIBLE / 'library' / 'regrow_incident.py',
    'vm': ANSIBLE / 'library' / 'regrow_vm.py',
}


class Clock:
    """Time that passes only when somebody looks at it: waiting loops end after a few rounds."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 25.0
        return self.now

    CLOCK_BOOTTIME = 7

    def clock_gettime(self, clock):
        return self.now

    @staticmethod
    def strftime(form, moment=None):
        return '2026-01-01T00:00:00Z'

    @staticmethod
    def gmtime():
        return None


def vcenter_op(node):
    """The operation's name when a call goes to vCenter or sleeps, else None."""
    function = node.func
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value
    if isinstance(owner, ast.Name) and owner.id in ('clock', 'time') and function.attr == 'sleep':
        return 'sleep'
    if isinstance(owner, ast.Name) and owner.id == 'vcenter':
        return function.attr
    if isinstance(owner, ast.Attribute) and owner.attr == 'vcenter':
        return function.attr
    return None


class Touching:
    """Which functions, methods and classes reach vCenter, found until nothing more is found."""

    def __init__(self, tree, imported):
        self.imported = imported          # {module name: Touching} of modules that this one calls
        self.functions, self.methods, self.classes = set(), set(), set()
        defs = [(node, None) for node in tree.body if isinstance(node, ast.FunctionDef)]
        for cls in tree.body:
            if isinstance(cls, ast.ClassDef):
                defs += [(node, cls) for node in cls.body if isinstance(node, ast.FunctionDef)]
        while True:
            before = len(self.functions) + len(self.methods) + len(self.classes)
            for node, cls in defs:
                if not any(isinstance(each, ast.Call) and self.reaches(each) for each in ast.walk(node)):
                    continue
                if cls is None:
                    self.functions.add(node.name)
                elif node.name == '__init__':
                    self.classes.add(cls.name)
                else:
                    self.methods.add(node.name)
            if before == len(self.functions) + len(self.methods) + len(self.classes):
                return

    def reaches(self, call):
        function = call.func
        if vcenter_op(call):
            return True
        if isinstance(function, ast.Name):
            return function.id in self.functions or function.id in self.classes
        if isinstance(function, ast.Attribute):
            if isinstance(function.value, ast.Name) and function.value.id in self.imported:
                other = self.imported[function.value.id]
                return function.attr in other.functions or function.attr in other.classes
            return function.attr in self.methods
        return False


class Rewrite(ast.NodeTransformer):
    def __init__(self, touching, name):
        self.touching, self.name = touching, name
        self.inside = 0

    def comprehension(self, node):
        """Python allows a yield in the outermost iterable only."""
        first = node.generators[0]
        rest = [each for each in ast.walk(node) if isinstance(each, ast.Call) and self.touching.reaches(each)]
        if any(each not in list(ast.walk(first.iter)) for each in rest):
            raise SyntaxError('%s:%d calls vCenter in a comprehension: write a loop' % (self.name, node.lineno))
        first.iter = self.visit(first.iter)
        return node

    def visit_Lambda(self, node):
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_ClassDef(self, node):
        self.generic_visit(node)
        if node.name in self.touching.classes:
            for each in node.body:
                if isinstance(each, ast.FunctionDef) and each.name == '__init__':
                    each.name = 'begin'
        return node

    def visit_Call(self, node):
        if not self.touching.reaches(node):
            return self.generic_visit(node)
        operation = vcenter_op(node)
        self.generic_visit(node)
        if operation is not None:
            request = ast.Call(ast.Name('op_', ast.Load()), [ast.Constant(operation)] + node.args, node.keywords)
            return ast.copy_location(ast.YieldFrom(request), node)
        if isinstance(node.func, ast.Name) and node.func.id in self.touching.classes:
            node = ast.Call(ast.Name('new_', ast.Load()), [node.func] + node.args, node.keywords)
        return ast.YieldFrom(node)


def op_(name, *arguments):
    """One operation; a listing is read again VM by VM, and the folders' children after their parents, as regrow_vcenter does."""
    if name == 'named':
        found = []
        for vm in (yield ('listing', arguments)):
            found.append((yield ('vm', (vm['moid'],))) or vm)
        return found
    if name == 'folders':
        parents = yield ('parents', ())
        return (yield ('children', (parents,)))
    if name in ('rename_folder',):
        try:
            return (yield (name, arguments))
        except Exception:
            return False        # as regrow_vcenter: whatever it says, the decision is read afterwards
    if name == 'set_hardware':
        return False
    return (yield (name, arguments))


def new_(cls, *arguments):
    made = cls.__new__(cls)
    yield from made.begin(*arguments)
    return made


class Skip(Exception):
    """A patch whose place is not in the source (any more)."""


def patched(name, patches):
    text = SOURCES[name].read_text()
    for where, old, new in patches:
        if where != name:
            continue
        if text.count(old) != 1:
            raise Skip('%d places in %s read: %s' % (text.count(old), SOURCES[name].name, old))
        text = text.replace(old, new)
    return text


class Code:
    """The four modules, stepwise. patches: [(module, old text, new text)]."""

    def __init__(self, patches=()):
        self.clock = Clock()
        self.module_errors = []
        touching, self.namespaces = {}, {}
        for name in ('marks', 'protocol', 'incident', 'vm'):
            tree = ast.parse(patched(name, patches), str(SOURCES[name]))
            tree.body = [node for node in tree.body if not self.is_foreign(node)]
            touching[name] = Touching(tree, {} if name == 'marks' else dict(touching))
            tree = ast.fix_missing_locations(Rewrite(touching[name], SOURCES[name].name).visit(tree))
            space = {'__name__': name, 'op_': op_, 'new_': new_, 'time': self.clock}
            space.update({other: types.SimpleNamespace(**self.namespaces[other]) for other in self.namespaces})
            exec(compile(tree, str(SOURCES[name]), 'exec'), space)
            self.namespaces[name] = space
        self.marks = types.SimpleNamespace(**self.namespaces['marks'])
        self.protocol = types.SimpleNamespace(**self.namespaces['protocol'])
        self.incident_states = self.namespaces['incident']['STATES']
        self.vm_states = self.namespaces['vm']['STATES']
        self.context_of = self.namespaces['incident']['context_of']

    @staticmethod
    def is_foreign(node):
        """What a module needs of Ansible and pyVmomi, and of real time."""
        if isinstance(node, ast.Import):
            return any(alias.name == 'time' for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            return bool(re.match('ansible', node.module or ''))
        return isinstance(node, ast.FunctionDef) and node.name == 'main' or isinstance(node, ast.If)

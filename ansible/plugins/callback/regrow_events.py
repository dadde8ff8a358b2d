# Copyright: the regrow authors
# SPDX-License-Identifier: Apache-2.0
"""Writes what a run does as JSON lines to the file named by REGROW_EVENTS (event format v1, docs/adr/0003).

Runs unchanged on ansible-core 2.14, 2.19 and 2.22. It stands beside the stdout callback, which keeps the log for people.
"""
from __future__ import annotations

DOCUMENTATION = """
    name: regrow_events
    type: notification
    short_description: The events of a run as JSON lines in a file
    description:
      - Appends one JSON object a line to the file that the environment variable E(REGROW_EVENTS) names.
      - Does nothing when that variable is not set.
      - Values of the environment variables that E(REGROW_SECRETS) lists by name never reach the file.
      - Removes the file that E(REGROW_UNLINK) names when the first play starts; by then the extra-vars have been read.
    options: {}
"""

import json
import os
import time

from ansible.playbook.block import Block
from ansible.plugins.callback import CallbackBase

try:
    from ansible.parsing.ajson import AnsibleJSONEncoder
except ImportError:  # the module is on its way out of ansible-core

    class AnsibleJSONEncoder(json.JSONEncoder):
        """Names the type of what it does not know: a value could be a decrypted secret."""

        def default(self, o):
            return "<%s>" % type(o).__name__


RESULT_LIMIT = 64 * 1024
FIELD_LIMIT = 2 * 1024
TEXT_LIMIT = 8 * 1024
# A line is never longer; the reader skips lines over twice this length.
LINE_LIMIT = 2 * 1024 * 1024

# Modules' arguments, the controller's environment and gathered facts: long, and places where secrets turn up.
DROPPED = ("invocation", "ansible_env", "ansible_facts")
KEPT_TEXTS = ("msg", "module_stderr", "exception")


def encode(value):
    """JSON in ASCII. Lone surrogates become escapes; keys of odd types become strings."""
    try:
        return json.dumps(value, cls=AnsibleJSONEncoder, ensure_ascii=True)
    except (TypeError, ValueError):
        return json.dumps(plain(value), ensure_ascii=True)


def plain(value, depth=0):
    """A copy that any JSON encoder takes."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if depth < 20 and isinstance(value, dict):
        return {str(k): plain(v, depth + 1) for k, v in value.items()}
    if depth < 20 and isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v, depth + 1) for v in value]
    return "<%s>" % type(value).__name__


def without_dropped(result):
    """A shallow copy without the dropped fields, also in the results of a loop. The original belongs to Ansible."""
    kept = {k: v for k, v in result.items() if k not in DROPPED}
    items = kept.get("results")
    if isinstance(items, list):
        kept["results"] = [without_dropped(i) if isinstance(i, dict) else i for i in items]
    return kept


def capped(result):
    """The result as JSON; over the limit its small fields, the texts that explain a failure, and `regrow` whole."""
    result = without_dropped(result)
    text = encode(result)
    if len(text) <= RESULT_LIMIT:
        return text
    small = {"truncated": True, "size": len(text)}
    room = RESULT_LIMIT // 2
    for key, value in result.items():
        size = len(encode(value))
        if key in KEPT_TEXTS:
            small[key] = value if size <= TEXT_LIMIT else (value if isinstance(value, str) else encode(value))[:TEXT_LIMIT]
        elif key == "regrow" and size <= LINE_LIMIT // 2:
            small[key] = value
        elif key not in small and size <= FIELD_LIMIT and size <= room:
            small[key] = value
            room -= size
    return encode(small)


def redacted(value, secrets):
    """The same value with every secret in its strings and keys replaced."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[redacted]")
        return value
    if isinstance(value, list):
        return [redacted(v, secrets) for v in value]
    if isinstance(value, dict):
        return {redacted(k, secrets): redacted(v, secrets) for k, v in value.items()}
    return value


def ancestors(task):
    """(parent, child) from the task outwards: blocks and the includes that brought them."""
    child, parent = task, getattr(task, "_parent", None)
    while parent is not None:
        yield parent, child
        child, parent = parent, getattr(parent, "_parent", None)


def inherited(task, name):
    """The nearest value of a variable on the task or its blocks, if that one is a plain string."""
    for holder in [task] + [parent for parent, child in ancestors(task)]:
        variables = getattr(holder, "vars", None) or {}
        if name in variables:
            value = variables[name]
            return str(value) if isinstance(value, str) and "{{" not in value else None
    return None


def section(task):
    """'rescue' or 'always' when the task is the aftermath of an earlier failure, by its nearest such block."""
    for parent, child in ancestors(task):
        if not isinstance(parent, Block):
            continue
        for name in ("rescue", "always"):
            if any(child._uuid == other._uuid for other in getattr(parent, name) or []):
                return name
    return None


def describe(task):
    return {
        "id": str(task._uuid),
        "name": str(task.get_name()),
        "action": str(getattr(task, "resolved_action", None) or task.action),
        "path": str(task.get_path()),
        "role": str(task._role.get_name()) if task._role else None,
        "step": inherited(task, "regrow_step"),
        "failure": inherited(task, "regrow_failure"),
        "section": section(task),
    }


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "regrow_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display=None):
        super().__init__(display)
        path = os.environ.get("REGROW_EVENTS")
        self.disabled = not path
        self._unlink = os.environ.get("REGROW_UNLINK")
        names = os.environ.get("REGROW_SECRETS", "").split(",")
        self._secrets = [value for value in (os.environ.get(name) for name in names if name) if len(value or "") >= 6]
        self._number = 0
        self._started = {}
        self._torn = False
        if path:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._write("start", pid=os.getpid())

    def _write(self, kind, raw="", **fields):
        """One line. `raw` is JSON text of further members, encoded already."""
        self._number += 1
        head = {"v": 1, "n": self._number, "t": time.time(), "e": kind}
        head.update(fields)
        line = encode(head)[:-1] + raw + "}\n"
        if len(line) > LINE_LIMIT:
            line = encode({"v": 1, "n": self._number, "t": head["t"], "e": kind, "oversize": len(line)}) + "\n"
        if any(encode(secret)[1:-1] in line for secret in self._secrets):
            line = encode(redacted(json.loads(line), self._secrets)) + "\n"
        data = (b"\n" if self._torn else b"") + line.encode("ascii")
        self._torn = True
        while data:
            data = data[os.write(self._fd, data):]
        self._torn = False

    def _result(self, kind, result, **fields):
        host, task = result._host.get_name(), result._task
        told = result._result
        if told.get("diff"):
            # As people read it; whole files before and after would be too much.
            told = dict(told, diff=str(self._get_diff(told["diff"]))[:TEXT_LIMIT])
        self._write(
            kind,
            raw=', "res": ' + capped(told),
            host=host,
            task=describe(task),
            start=self._started.get((host, task._uuid)),
            **fields
        )

    def v2_playbook_on_start(self, playbook):
        self._write("playbook_start", file=str(playbook._file_name))

    def v2_playbook_on_play_start(self, play):
        if self._unlink:
            try:
                os.unlink(self._unlink)
            except FileNotFoundError:
                pass
            self._unlink = None
        self._write("play_start", id=str(play._uuid), name=str(play.get_name()), hosts=play.hosts)

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._write("task_start", task=describe(task))

    def v2_playbook_on_handler_task_start(self, task):
        self._write("task_start", task=describe(task), handler=True)

    def v2_runner_on_start(self, host, task):
        self._started[(host.get_name(), task._uuid)] = time.time()
        self._write("host_start", host=host.get_name(), task=str(task._uuid))

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result, ignored=bool(result._task.ignore_unreachable))

    def v2_runner_item_on_ok(self, result):
        self._result("item_ok", result)

    def v2_runner_item_on_failed(self, result):
        self._result("item_failed", result)

    def v2_runner_item_on_skipped(self, result):
        self._result("item_skipped", result)

    def v2_runner_retry(self, result):
        self._result("retry", result)

    def v2_playbook_on_no_hosts_matched(self):
        self._write("no_hosts_matched")

    def v2_playbook_on_no_hosts_remaining(self):
        self._write("no_hosts_remaining")

    def v2_playbook_on_notify(self, handler, host):
        self._write("notify", host=host.get_name(), handler=str(handler.get_name()))

    def v2_playbook_on_include(self, included_file):
        hosts = [host.get_name() for host in included_file._hosts]
        self._write("include", file=str(included_file._filename), hosts=hosts)

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._write("stats", stats=hosts, custom={str(k): v for k, v in stats.custom.items()})

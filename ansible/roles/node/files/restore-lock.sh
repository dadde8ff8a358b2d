#!/bin/sh
# One restore of this machine at a time, and none straight after another controller's: what that one did takes time to show.
# restore-lock.sh take FILE BUILDER MINUTES REST: takes FILE for BUILDER, or ends with 9 and says who was faster.
# MINUTES: a lock older than this is left over. REST: seconds that a restore of another builder has to show its effect.
# restore-lock.sh release FILE BUILDER: others may restore it, and see for REST seconds who did.
# A builder's own lock is left over, too: a machine does one run at a time.
set -u
action=$1 lock=$2 builder=$3
holder() { cat "$lock" 2>/dev/null; }

case $action in
take)
  minutes=$4 rest=$5
  find "$lock" -mmin +"$minutes" -delete 2>/dev/null
  if ! (set -C && echo "$builder" >"$lock") 2>/dev/null && [ "$(holder)" != "$builder" ]; then
    echo "$(holder) is restoring it"
    exit 9
  fi
  last=$(cat "$lock.last" 2>/dev/null) || exit 0
  age=$(($(date +%s) - $(stat -c %Y "$lock.last")))
  if [ "$last" != "$builder" ] && [ "$age" -ge 0 ] && [ "$age" -lt "$rest" ]; then
    rm -f "$lock"
    echo "$last restored it $age s ago"
    exit 9
  fi
  ;;
release)
  [ "$(holder)" = "$builder" ] || exit 0
  touch "$lock" && mv -f "$lock" "$lock.last"
  ;;
esac

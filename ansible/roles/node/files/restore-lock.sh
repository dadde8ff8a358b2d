#!/bin/sh
# One restore of this machine at a time, and none straight after another controller's: what that one did takes time to show.
# restore-lock.sh take FILE BUILDER MINUTES REST: takes FILE for BUILDER, or ends with 9 and says who was faster.
# MINUTES: a lock older than this is left over. REST: seconds that a restore of another builder has to show its effect.
# restore-lock.sh release FILE BUILDER: others may restore it, and see for REST seconds who did.
# A builder's own lock is left over, too: a machine does one run at a time.
set -u
action=$1 lock=$2 builder=$3
holder() { cat "$lock" 2>/dev/null; }
# True three times.
tries=0
again() { tries=$((tries + 1)) && [ "$tries" -le 3 ]; }
age_of() { echo $(($(date +%s) - $(stat -c %Y "$1"))); }

case $action in
take)
  minutes=$4 rest=$5
  # Left over, too, is one that a clock set back has put into the future.
  if [ -e "$lock" ]; then
    age=$(age_of "$lock") || age=0
    if [ "$age" -gt $((minutes * 60)) ] || [ "$age" -lt -60 ]; then rm -f "$lock"; fi
  fi
  claim=$lock.$$
  trap 'rm -f "$claim"' EXIT
  echo "$builder" >"$claim" || exit 1
  # A link is made whole or not at all; one that was released just now is tried for again.
  until ln "$claim" "$lock" 2>/dev/null; do
    held=$(cat "$lock" 2>/dev/null) || { again && continue || exit 1; }
    [ "$held" != "$builder" ] || break
    echo "$held is restoring it"
    exit 9
  done
  last=$(cat "$lock.last" 2>/dev/null) || exit 0
  age=$(age_of "$lock.last")
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

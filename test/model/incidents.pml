/* Incidents in a row: the node fails again, verdicts are stale or missing, people clean the folders up.
 *
 * The same protocol as in rebuild.pml, with what one incident cannot show: which incident a run takes up, and that what is left
 * of an earlier one does no harm. Safety alone. A run looks once, claims at most once and ends; each controller does RUNS of
 * them. Every step may fail, and D may be over at any time.
 */
#ifndef CONTROLLERS
#define CONTROLLERS 2
#endif
#ifndef RUNS
#define RUNS 2
#endif
#ifndef GENERATIONS
#define GENERATIONS 1
#endif
#ifndef VMS
#define VMS 4
#endif

#define NONE      99
#define UNDECIDED 0
#define ABORT     1
#define COMMIT    2

typedef Vm {
  bit exists;
  bit on;
  bit uploading;
  bit certified;
  byte incident;                    /* the mark: the judged VM's id, ... */
  byte generation;
  byte maker                        /* ... and the run, which stays in the note */
}
Vm vm[VMS];
byte carrier = 0;
byte next_id = 1;
byte next_run = 1;

/* The folders of generation g of the incident about VM u. */
#define SLOT(u, g) ((u) * GENERATIONS + (g))
#define SLOTS      (VMS * GENERATIONS)
bit claim[SLOTS];
byte token[SLOTS];                  /* the run whose token is there; 0: none */
byte end[SLOTS];
byte committed[SLOTS];              /* what a COMMIT names: the VM ... */
byte committer[SLOTS];              /* ... and the run */

bit truly_committed[VMS];           /* nobody sees it: decided by the run that made it */
bit certified_once[VMS];
hidden byte S1, S2, S3, S4, S5;     /* never set: they name the promise */

#define MARK_SLOT(i)   SLOT(vm[i].incident, vm[i].generation)
#define QUARANTINED(i) (vm[i].exists && vm[i].certified && carrier != (i))
/* S1: what this run's verdict is about, what is in quarantine, and half-built VMs of aborted generations. */
#define MAY_TOUCH(i)   ((i) == looked_at || QUARANTINED(i) || (!vm[i].certified && end[MARK_SLOT(i)] == ABORT))

byte at, count;                     /* scratch */

inline power_off(i) {
  if
  :: vm[i].exists -> assert(MAY_TOUCH(i) || S1); vm[i].on = false
  :: else
  fi
}

inline rename_away(i) {
  if
  :: vm[i].exists && carrier == i -> assert(MAY_TOUCH(i) || S1); carrier = NONE
  :: else
  fi
}

inline destroy(i) {
  if
  :: vm[i].exists && !vm[i].on && !vm[i].uploading ->
     assert(MAY_TOUCH(i) || S1);
     at = i + 1; count = 0;
     do
     :: at < VMS -> count = count + certified_once[at]; at++
     :: else -> break
     od;
     assert(!certified_once[i] || count > 0 || S4);
     vm[i].exists = false;
     if :: carrier == i -> carrier = NONE :: else fi;
     at = 0; count = 0;
     do
     :: at < VMS -> count = count + (vm[at].exists && certified_once[at]); at++
     :: else -> break
     od;
     assert(count > 0 || S4);
     at = 0; count = 0
  :: else
  fi
}

inline power_on(i) {
  assert(vm[i].maker == me || S5);
  vm[i].on = true;
  at = 0; count = 0;
  do
  :: at < VMS -> count = count + vm[at].on; at++
  :: else -> break
  od;
  assert(count <= 1 || S2);
  at = 0; count = 0
}

inline certify(i) {
  assert(truly_committed[i] || S5);
  vm[i].certified = true; certified_once[i] = true
}

inline abort(slot) {
  if :: end[slot] == UNDECIDED -> end[slot] = ABORT :: else fi
}

inline newest_in_quarantine(found) {
  at = 0; found = NONE;
  do
  :: at < VMS && QUARANTINED(at) -> found = at; at++
  :: at < VMS && !QUARANTINED(at) -> at++
  :: else -> break
  od;
  at = 0
}

proctype Controller() {
  byte verdict = NONE;              /* the VM that the order is about; NONE: find it */
  byte judged = NONE;
  byte looked_at = NONE;            /* nobody sees it: the judged VM of its look */
  byte g, me, slot, seen = NONE, other = NONE, mine = NONE, runs;

begin:
  atomic {
    judged = NONE; looked_at = NONE; g = 0; me = 0; slot = 0; seen = NONE; other = NONE; mine = NONE;
    if
    :: runs == RUNS -> goto stopped
    :: runs < RUNS -> runs++
    fi;
    if
    :: carrier != NONE && vm[carrier].certified -> verdict = carrier     /* a fresh verdict, */
    :: verdict = NONE                                                    /* none, */
    :: verdict != NONE                                                   /* or the one from before: stale by now */
    fi
  };

  /* 1: one listing; then the folders. */
  atomic { seen = carrier; newest_in_quarantine(other) };
  atomic {
    if
    :: seen != NONE && vm[seen].certified && verdict != NONE -> judged = verdict
    :: seen != NONE && vm[seen].certified && verdict == NONE -> judged = seen
    :: seen != NONE && !vm[seen].certified -> judged = vm[seen].incident
    :: seen == NONE && other != NONE -> judged = other
    :: seen == NONE && other == NONE -> judged = verdict
    fi;
    other = NONE;
    if :: judged == NONE -> goto begin :: else fi;
    /* A VM that was committed and is gone, or was set aside in its turn, is the next incident's. */
    do
    :: g < GENERATIONS && end[SLOT(judged, g)] == COMMIT && carrier != committed[SLOT(judged, g)] && verdict != judged ->
       judged = committed[SLOT(judged, g)]; g = 0
    :: g < GENERATIONS && end[SLOT(judged, g)] == ABORT -> g++
    :: else -> break
    od;
    looked_at = judged;
    if :: g == GENERATIONS -> goto begin :: else -> slot = SLOT(judged, g) fi;
    if
    :: end[slot] == COMMIT -> goto finish
    :: end[slot] != COMMIT && seen != NONE && vm[seen].certified && seen != judged -> slot = MARK_SLOT(seen); goto finish
    :: else
    fi
  };
  /* 12: what is in the way and was unchanged for longer than D is ended; the half-built VM of any incident, and the claim. */
  if
  :: atomic { seen != NONE && !vm[seen].certified ->
       if
       :: end[MARK_SLOT(seen)] == COMMIT -> slot = MARK_SLOT(seen); goto finish
       :: end[MARK_SLOT(seen)] == UNDECIDED -> abort(MARK_SLOT(seen))
       :: end[MARK_SLOT(seen)] == UNDECIDED -> goto begin                /* held */
       :: end[MARK_SLOT(seen)] == ABORT
       fi }
  :: else
  fi;
  atomic {
    if
    :: claim[slot] -> abort(slot); goto begin
    :: claim[slot] -> goto begin
    :: !claim[slot]
    fi
  };

  /* 4, 5, 6 */
#ifdef WITHOUT_PINNED_CLAIM
  atomic { if :: carrier != NONE && vm[carrier].certified -> judged = carrier; slot = SLOT(judged, 0); g = 0 :: else fi };
#endif
  atomic {
    if :: claim[slot] -> goto begin :: !claim[slot] -> claim[slot] = true fi;
    me = next_run; next_run++; token[slot] = me
  };
  atomic { seen = carrier };
  atomic {
    if
    :: seen == NONE || seen == judged -> goto fence
    :: seen != NONE && seen != judged && vm[seen].certified -> goto release
    :: seen != NONE && seen != judged && !vm[seen].certified ->
       if
       :: end[MARK_SLOT(seen)] != ABORT || (vm[seen].incident == judged && vm[seen].generation >= g) -> goto release
       :: else
       fi
    fi
  };
  /* reap.yml: read again, after the decision. */
#ifndef WITHOUT_READING_AGAIN
  atomic { if :: vm[seen].exists && !vm[seen].certified && end[MARK_SLOT(seen)] == ABORT :: else -> goto fence fi };
#endif
  atomic { power_off(seen) };
  atomic { destroy(seen) };

fence:
#ifdef WITHOUT_OFF_BEFORE_RENAME
  atomic { rename_away(judged) };
#endif
#ifdef WITHOUT_PROOF_WHEN_ABSENT
  if :: carrier != judged -> goto create :: else fi;
#endif
  atomic { if :: power_off(judged) :: true fi };
  atomic { if :: vm[judged].exists && vm[judged].on -> goto release :: else fi };
  atomic { rename_away(judged) };

create:
  atomic {
    if
    :: carrier == NONE && next_id < VMS ->
       mine = next_id; next_id++; carrier = mine;
       vm[mine].exists = true; vm[mine].uploading = true;
       vm[mine].incident = judged; vm[mine].generation = g; vm[mine].maker = me
    :: carrier == NONE && next_id == VMS -> goto stopped                 /* no more room in this model */
    :: carrier != NONE -> goto release
    fi
  };
  atomic { if :: vm[mine].exists -> vm[mine].uploading = false :: else -> goto release fi };
  atomic { if :: vm[mine].exists -> power_on(mine) :: true -> goto release fi };
  /* 10: the token takes the name of the decision. A token that was cleaned up decides nothing. */
  atomic {
    if
    :: end[slot] == UNDECIDED && token[slot] == me && vm[mine].exists ->
       end[slot] = COMMIT; committed[slot] = mine; committer[slot] = me; truly_committed[mine] = true; token[slot] = 0
    :: true -> goto release
    fi
  };

finish: /* 11 */
  atomic {
#ifdef WITHOUT_COMPARING_IN_FINISH
    seen = carrier;
    if :: end[slot] == COMMIT && seen != NONE :: else -> goto begin fi
#elif defined(BY_MARK_AND_RUN)
    seen = carrier;
    if :: end[slot] == COMMIT && seen != NONE && MARK_SLOT(seen) == slot && vm[seen].maker == committer[slot] :: else -> goto begin fi
#elif defined(WITHOUT_RUN_IN_MARK)
    seen = carrier;
    if :: end[slot] == COMMIT && seen != NONE && MARK_SLOT(seen) == slot :: else -> goto begin fi
#else
    seen = committed[slot];
    if :: end[slot] == COMMIT && vm[seen].exists && carrier == seen && vm[seen].maker == committer[slot] :: else -> goto begin fi
#endif
  };
  atomic { if :: vm[seen].exists -> certify(seen) :: true -> goto begin fi };
retire:
#ifdef WITHOUT_ONE_LISTING
  atomic { if :: carrier == seen :: else -> goto begin fi };
  atomic { newest_in_quarantine(other); if :: other != NONE && other != seen :: else -> goto clean_up fi };
#else
  atomic { newest_in_quarantine(other); if :: carrier == seen && other != NONE :: else -> goto clean_up fi };
#endif
  atomic { power_off(other) };
  atomic { destroy(other) };
  goto retire;

clean_up: /* People remove the folders of an incident that is over, nothing being in quarantine: now, later or never. */
  atomic {
    other = NONE;
#ifdef CLEANED_UP
    newest_in_quarantine(other);
    if
    :: other == NONE && carrier == seen && carrier != NONE && vm[carrier].certified && carrier != 0 ->
       slot = vm[carrier].incident; g = 0;
       do
       :: g < GENERATIONS ->
          claim[SLOT(slot, g)] = false; token[SLOT(slot, g)] = 0; end[SLOT(slot, g)] = UNDECIDED;
          committed[SLOT(slot, g)] = 0; committer[SLOT(slot, g)] = 0; g++
       :: else -> break
       od
    :: true
    fi;
#endif
    goto begin
  };

release: /* abandon.yml: the own generation is ended, if vCenter answers; then what is half-built and aborted is removed. */
  atomic { if :: abort(slot) :: true -> goto begin fi };
  atomic { seen = carrier; if :: seen != NONE && !vm[seen].certified && vm[seen].incident == judged :: else -> goto begin fi };
  atomic { if :: end[MARK_SLOT(seen)] == ABORT :: else -> goto begin fi };
#ifndef WITHOUT_READING_AGAIN
  atomic { if :: vm[seen].exists && !vm[seen].certified && end[MARK_SLOT(seen)] == ABORT :: else -> goto begin fi };
#endif
  atomic { power_off(seen) };
  atomic { destroy(seen) };
  goto begin;

stopped:
  skip
}

active proctype Lease() {
end_lease:
  do
  :: atomic { carrier != NONE && vm[carrier].uploading ->
       vm[carrier].exists = false; vm[carrier].uploading = false; carrier = NONE }
  od
}

init {
  byte k = 0;
  atomic {
    vm[0].exists = true; vm[0].on = true; vm[0].certified = true; truly_committed[0] = true; certified_once[0] = true;
    do
    :: k < CONTROLLERS -> run Controller(); k++
    :: else -> break
    od;
    k = 0
  }
}

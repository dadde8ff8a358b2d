/* One incident: the rebuild of one node, by controllers that know nothing of each other but what stands in vCenter.
 *
 * Read docs/protocol.md first; the numbers in this file are its steps. A Controller does one run after the other, as the
 * playbook rebuild_node.yml does them. Between two of its operations anything may happen.
 *
 * Safety (no -DLIVE): a step may fail at any time, done or not done. A crash is a controller that gets no turn any more, a
 * hang is one that gets its turn late, a controller that was restarted is one more controller. "Unchanged for longer than D"
 * may be true at any moment: no promise rests on time.
 * Liveness (-DLIVE): a controller that is found dead is dead, D passes for dead owners alone, and up to CRASHES controllers
 * die. The node may get well and fail again (-DTURNS=n). For the first BROKEN controllers one operation fails always.
 *
 * -DWITHOUT_... takes one guard of the protocol out; test/model/run --guards shows that each of them is needed.
 */
#ifndef CONTROLLERS
#define CONTROLLERS 2
#endif
#ifndef CAP
#define CAP 2                       /* remediation.generations: builds that may fail */
#endif
#ifndef GENERATIONS
#define GENERATIONS CAP             /* how many this model has room for; those that built nothing are not under the cap */
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef BROKEN
#define BROKEN 0
#endif
#ifndef HASTY
#define HASTY 0
#endif
#ifndef TURNS
#define TURNS 0
#endif

#include "vcenter.pml"
#include "faults.pml"

byte failed_builds;                 /* scratch of look: it is 0 between two steps */
bit exhausted;                      /* somebody said so */
bit gave_up[CONTROLLERS];           /* its runs failed, and it waits for a person */

#define HALF_BUILT(i)     ((i) != NONE && (i) != JUDGED && !vm[i].certified)
/* Half-built, or certified while the VM that it replaced is still there. */
#define IS_LEFT_BEHIND(i) ((i) != NONE && (i) != JUDGED && (!vm[i].certified || vm[JUDGED].exists))

/* How a run ends its own generation (unclaim.yml, abandon.yml), or one that is over: what was decided before stands. */
inline abort(number) {
  if
  :: end[number] == UNDECIDED -> end[number] = ABORT
  :: else
  fi
}

/* 12b, reap.yml: only what was decided ABORT, read again after the decision, by id. An open upload is waited for. */
inline reap(it) {
  atomic {
    if
#ifdef WITHOUT_REAPING_ABORTED_ONLY
    :: it != NONE && vm[it].exists && !vm[it].certified
#else
    :: it != NONE && vm[it].exists && !vm[it].certified && READ(vm[it].generation) == ABORT
#endif
    :: else -> it = NONE
    fi
  };
  if
  :: it != NONE ->
     atomic { if DIES :: FAILS(POWER_OFF) && vm[it].on -> goto failed :: WORKS(POWER_OFF) || !vm[it].on -> power_off(it) fi };
     atomic { !vm[it].uploading -> if DIES :: FAILS(DESTROY) -> goto failed :: WORKS(DESTROY) -> destroy(it) fi }
  :: else
  fi
}

proctype Controller(byte me) {
  byte g;                           /* the generation that this run works on */
  byte seen = NONE;                 /* what carried the node's name when it was read */
  byte mine = NONE;                 /* the VM that this run created */
  bit claimed;                      /* this run made the claim of g */
  bit tried;                        /* and began a build */

again:
  /* 1, look.yml: first one listing of the VMs, then the folders. */
  atomic { seen = carrier; mine = NONE; claimed = false; tried = false; g = 0 };
  atomic {
    do
    :: g < GENERATIONS && READ(g) == ABORT ->
#ifdef WITHOUT_COUNTING_BUILDS_ONLY
       failed_builds++;
#else
       failed_builds = failed_builds + built[g];
#endif
       g++
    :: else -> break
    od;
    if
    :: g < GENERATIONS && READ(g) == COMMIT -> failed_builds = 0; goto finish
    :: else
    fi;
    if
    :: HALF_BUILT(seen) && READ(vm[seen].generation) == UNDECIDED ->
       failed_builds = 0; g = vm[seen].generation; goto held
    :: HALF_BUILT(seen) && READ(vm[seen].generation) == COMMIT ->
       failed_builds = 0; g = vm[seen].generation; goto finish
    :: !HALF_BUILT(seen) && seen != NONE && seen != JUDGED ->       /* replaced */
       failed_builds = 0; g = vm[seen].generation; goto finish
    :: else
    fi;
    if
    :: g < GENERATIONS && claim[g] -> failed_builds = 0; goto held
    :: else
    fi;
    if
    :: failed_builds >= CAP ->                      /* exhausted */
       failed_builds = 0;
       assert(builds_begun >= CAP || C1);
       assert((vm[JUDGED].exists && !vm[JUDGED].on && carrier != JUDGED) || C2);
       goto give_up
    :: failed_builds < CAP && g == GENERATIONS ->
       failed_builds = 0; NO_ROOM; goto stopped
    :: else -> failed_builds = 0
    fi
  };
  /* 2, probe.yml. For safety nothing hangs on it: whoever stops here is as one that gets no turn any more. */
#ifdef LIVE
  atomic { if :: seen == JUDGED && HEALTHY -> goto healthy :: else fi };
#endif

  /* 4 and 5, claim.yml: the folder is made by exactly one. Without an answer the claim stays, and nobody owns it. */
  atomic {
    if
    DIES
    :: FAILS(FOLDERS) -> goto failed
    :: UNANSWERED && !claim[g] -> claim[g] = true; goto again
#ifdef WITHOUT_CLAIM
    :: WORKS(FOLDERS) -> claim[g] = true; claimed = true; OWNS(g)
#else
    :: WORKS(FOLDERS) && !claim[g] -> claim[g] = true; claimed = true; OWNS(g)
    :: WORKS(FOLDERS) && claim[g] -> goto again
#endif
    fi
  };

  /* 6: the same gates, under the claim. */
  atomic { if DIES :: UNANSWERED -> goto failed :: true -> seen = carrier fi };
  atomic {
    if
#ifdef WITHOUT_ACCEPTING_ABSENT
    :: seen == NONE -> goto release
#else
    :: seen == NONE -> goto fence
#endif
    :: seen == JUDGED -> goto probe
    :: seen != NONE && seen != JUDGED && vm[seen].certified -> goto release
#ifdef WITHOUT_REAPING_ABORTED_ONLY
    :: HALF_BUILT(seen)
#else
    :: HALF_BUILT(seen) && (vm[seen].generation >= g || READ(vm[seen].generation) != ABORT) -> goto release
    :: HALF_BUILT(seen) && vm[seen].generation < g && READ(vm[seen].generation) == ABORT
#endif
    fi
  };
  reap(seen);
  goto fence;

probe: /* A node that answers by now is none of this run's business any more. */
  atomic {
    if
#ifdef WITHOUT_RELEASE_WHEN_HEALTHY
    :: SEEMS_HEALTHY -> goto healthy
#else
    :: SEEMS_HEALTHY -> abort(g); goto healthy
#endif
    :: SEEMS_SICK
    fi
  };

fence: /* 7 and 8, fence.yml: off by id, proven by reading, and only then renamed. A call may say that it worked, and lie. */
#ifdef WITHOUT_ID
  atomic { if :: carrier != NONE -> seen = carrier :: else -> seen = JUDGED fi };
#else
  seen = JUDGED;
#endif
#ifdef WITHOUT_OFF_BEFORE_RENAME
  atomic { rename_away(seen) };
#endif
#ifdef WITHOUT_PROOF_WHEN_ABSENT
  if :: carrier != JUDGED -> goto create :: else fi;
#endif
  atomic {
    if
    DIES
    :: FAILS(POWER_OFF) -> goto failed
    :: WORKS(POWER_OFF) -> power_off(seen)
    :: UNANSWERED
    fi
  };
#ifndef WITHOUT_PROOF_OF_OFF
  atomic { if :: vm[seen].exists && vm[seen].on -> goto release :: else fi };
#endif
  atomic { if DIES :: FAILS(RENAME) -> goto failed :: WORKS(RENAME) -> rename_away(seen) fi };

create: /* 9, create.yml: with the mark from its first moment; a name that is taken ends it. */
  atomic {
    tried = true; seen = NONE;
    if
    DIES
    :: FAILS(CREATE) -> builds_begun++; goto failed
#ifdef WITHOUT_FINAL_NAME
    :: WORKS(CREATE) -> create_vm(mine, g, me)
#else
    :: WORKS(CREATE) && carrier == NONE -> create_vm(mine, g, me); carrier = mine
#endif
#ifdef WITHOUT_OURS
    :: WORKS(CREATE) && carrier != NONE -> mine = carrier; builds_begun++
#else
    :: WORKS(CREATE) && carrier != NONE -> tried = false; goto release
#endif
    fi
  };
  atomic {
    if
    DIES
    :: UNANSWERED || !vm[mine].exists -> goto failed
    :: vm[mine].exists -> vm[mine].uploading = false
    fi
  };
  atomic { built[g] = true };       /* the folder built.MOID: this generation counts */
#ifdef WITHOUT_OLD_GOES_LAST
  atomic { destroy(JUDGED) };
#endif

  /* 10, boot.yml, verify.yml, certify.yml. Loading and verifying may fail; it is told apart from the step before by nothing. */
  atomic {
    if
    DIES
    :: FAILS(POWER_ON) || !vm[mine].exists -> goto failed
    :: WORKS(POWER_ON) && vm[mine].exists -> power_on(mine)
    fi
  };
#ifdef WITHOUT_COMMIT_FIRST
  atomic { certify(mine) };
#endif
  atomic {
    if
    DIES
    :: MAY_NOT_VERIFY -> goto failed
    :: FAILS(FOLDERS) -> abort(g)                   /* the commit was refused, or has no answer: no later one may come */
    :: WORKS(FOLDERS) && end[g] == UNDECIDED && vm[mine].exists -> commit(g, mine)
    :: WORKS(FOLDERS) && !(end[g] == UNDECIDED && vm[mine].exists) -> abort(g)
    fi
  };
#ifdef WITHOUT_FINAL_NAME
  atomic { if :: carrier == NONE && vm[mine].exists -> carrier = mine :: else fi };
#endif
#ifdef WITHOUT_OBEYING
  atomic { certify(mine) }; atomic { destroy(JUDGED) }; goto again;
#endif
  atomic { if :: READ(g) == COMMIT -> LEAVES(g); goto finish :: else -> LEAVES(g) fi };
  reap(mine);                                       /* overruled.yml */
  goto again;

release: /* unclaim.yml */
  atomic {
    if
    DIES
    :: UNANSWERED
    :: true -> abort(g)
    fi;
    LEAVES(g); goto again
  };

failed: /* abandon.yml: end the own generation, then remove what is half-built. A commit that was made after all is finished. */
  atomic {
    if
    :: claimed && end[g] == UNDECIDED ->
       if
       DIES
       :: UNANSWERED
       :: true -> abort(g)
       fi
    :: else
    fi;
#ifndef WITHOUT_COUNTING_FAILED_IMPORTS
    if :: claimed && end[g] == ABORT -> built[g] = built[g] || tried :: else fi;
#endif
    assert(!claimed || end[g] != UNDECIDED || UNANSWERED || R);
    if :: claimed -> LEAVES(g) :: else fi;
    if :: claimed && end[g] == COMMIT -> goto finish :: else fi;
    claimed = false;
    seen = carrier;
    if :: !HALF_BUILT(seen) -> seen = NONE :: else fi
  };
  atomic { if :: seen != NONE && !CANNOT(DESTROY) && !CANNOT(POWER_OFF) && READ(vm[seen].generation) == ABORT :: else -> goto next fi };
  reap(seen);
next:
#if BROKEN
  /* It may try again as long as its builds count; else its controller waits for a person. */
  if
  :: me < BROKEN -> gave_up[me] = true; goto stopped
  :: me < BROKEN && tried -> goto again
  :: me >= BROKEN
  fi;
#endif
  goto again;

held: /* 12: another's generation, by its claim or its half-built VM. */
  if
  :: end[g] != UNDECIDED -> goto again
#ifndef WITHOUT_TAKE_OVER
  :: atomic { end[g] == UNDECIDED && TOO_LONG(g) -> TAKES(g); abort(g); goto again }
#endif
  fi;

finish: /* 11, finish.yml: the note on the committed VM, by id; then what it replaced. Anybody, any number of times. */
  atomic {
#ifdef WITHOUT_HELP
    if :: mine == NONE -> goto stopped :: else fi;
#endif
    seen = COMMITTED(g);
    claimed = false; tried = false; mine = NONE;
    if :: seen == NONE || !vm[seen].exists || carrier != seen -> goto missing :: else fi
  };
  atomic { if DIES :: FAILS(CERTIFY) -> goto unfinished :: WORKS(CERTIFY) -> certify(seen) fi };
  atomic { if :: vm[JUDGED].exists && carrier != JUDGED :: else -> goto done fi };
  atomic { if :: vm[JUDGED].on -> power_off(JUDGED) :: else fi };
  atomic { if DIES :: FAILS(DESTROY) -> goto unfinished :: WORKS(DESTROY) -> destroy(JUDGED) fi };
  goto done;

unfinished: /* Another run goes on; a controller that can never do it leaves it to others. */
#if BROKEN
  if :: me < BROKEN -> gave_up[me] = true; goto stopped :: else fi;
#endif
  goto again;

give_up: /* 13, exhausted.yml: so many builds failed. What is aborted is removed; the old VM stays, off. */
  atomic {
#ifdef WITHOUT_SWEEPING
    seen = NONE
#else
    if :: !HALF_BUILT(seen) || READ(vm[seen].generation) != ABORT -> seen = NONE :: else fi
#endif
  };
  reap(seen);
  exhausted = true;
#ifndef WITHOUT_SWEEPING
end_sweep:
  atomic { IS_LEFT_BEHIND(carrier) && !CANNOT(DESTROY) && !CANNOT(POWER_OFF) -> goto again };
#endif
  goto stopped;

healthy: /* already_healthy. The controller goes on watching, and nothing of it is in anybody's way. */
  assert(!claimed || end[g] != UNDECIDED || R);
  atomic { if :: claimed -> LEAVES(g) :: else fi; claimed = false; seen = NONE; g = 0 };
#ifdef LIVE
  atomic { !(carrier == JUDGED && HEALTHY) -> goto again };
#else
  goto again;
#endif

missing: /* The committed VM is not there: nothing is destroyed, and a person is told. Nobody takes VMs away in this model. */
  assert(M);
  goto stopped;

#ifdef LIVE
dead:
  atomic { if :: claimed -> LEAVES(g) :: else fi };
#endif
done:
stopped:
  skip
}

init {
  byte k = 0;
  atomic {
    vm[JUDGED].exists = true; vm[JUDGED].on = true; vm[JUDGED].certified = true;
    do
    :: k < CONTROLLERS ->
#if BROKEN
       if
       :: k < BROKEN ->
          if
          :: broken[k] = POWER_OFF
          :: broken[k] = RENAME
          :: broken[k] = CREATE
          :: broken[k] = POWER_ON
          :: broken[k] = FOLDERS
          :: broken[k] = CERTIFY
          :: broken[k] = DESTROY
          fi
       :: else
       fi;
#endif
       run Controller(k); k++
    :: else -> break
    od;
    k = 0
  }
}

#ifdef LIVE
#define HOME     (carrier != NONE && carrier != JUDGED && vm[carrier].certified && vm[carrier].on && !vm[JUDGED].exists)
#define GIVEN_UP (exhausted && carrier == NONE && vm[JUDGED].exists && !vm[JUDGED].on)
#define ALL_GAVE_UP (gave_up[0] && gave_up[CONTROLLERS - 1])
#define WELL     (carrier == JUDGED && HEALTHY)
#if BROKEN < CONTROLLERS
ltl L1 { <> [] (HOME || GIVEN_UP || WELL) }
#else
/* Nobody can do it: it is said, or everybody waits for a person. A half-built VM that nobody can remove stays. */
ltl L1 { <> [] (HOME || WELL || exhausted || ALL_GAVE_UP) }
#endif
#endif

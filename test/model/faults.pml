/* What may go wrong at a step. Each name is a guard of an `if`. */
#define POWER_OFF 1
#define RENAME    2
#define CREATE    3
#define POWER_ON  4
#define FOLDERS   5
#define CERTIFY   6
#define DESTROY   7

#ifndef LIVE

/* Safety: anything, at any time. */
#define DIES
#define FAILS(operation)  true
#define WORKS(operation)  true
#define CANNOT(operation) false
#define UNANSWERED        true
#define MAY_NOT_VERIFY    true
#define SEEMS_HEALTHY     true
#define SEEMS_SICK        true
#define TOO_LONG(g)       true
#define OWNS(g)           skip
#define LEAVES(g)         skip
#define TAKES(g)          skip
#define NO_ROOM           skip

#else

/* Liveness: what is checked is that the protocol goes on, so a fault has an end, or is one controller's own. */
byte crashes = CRASHES;
byte hasty = HASTY;                 /* so often D is too short */
bit owned[GENERATIONS];             /* a live run works on it: D does not pass */
byte broken[CONTROLLERS];           /* the operation that never works for this controller; 0: none */
bit well;                           /* the judged VM answers the checks */

/* The last controller always lives. */
#define DIES              :: crashes > 0 && me < CONTROLLERS - 1 -> crashes--; goto dead
#define FAILS(operation)  (broken[me] == operation)
#define WORKS(operation)  (broken[me] != operation)
#define CANNOT(operation) (broken[me] == operation)
#define UNANSWERED        false
#define MAY_NOT_VERIFY    true
#define HEALTHY           (well && vm[JUDGED].on)
#define SEEMS_HEALTHY     HEALTHY
#define SEEMS_SICK        (!HEALTHY)
#define TOO_LONG(g)       (!owned[g] || hasty > 0)
#define OWNS(g)           owned[g] = true
#define LEAVES(g)         owned[g] = false
#define TAKES(g)          if :: owned[g] -> hasty-- :: else fi
#define NO_ROOM           assert(ROOM)

#if TURNS
/* The node gets well, and may fail again. */
active proctype Weather() {
  byte turns = 0;
  do
  :: turns < TURNS -> atomic { well = !well; turns++ }
  :: break
  od
}
#endif

/* A run without an end, so that a stand-still is a run in which L1 does not hold. */
active proctype Time() { bit tick = 0; do :: tick = 1 - tick od }

#endif

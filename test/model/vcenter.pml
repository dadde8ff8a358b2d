/* vCenter as the protocol sees it, and the promises S1 to S5, checked at every change.
 *
 * A name lies on one VM (S3 is vCenter's own rule; the assertion holds that no operation here goes round it). An id is never
 * used again. What a controller reads is old at once; what it writes happens here, in one piece.
 */
#ifndef VMS
#define VMS       (GENERATIONS + 1)   /* one build a generation, at most */
#endif
#define JUDGED    0                 /* the VM that the verdict was about */
#define NONE      99
#define UNDECIDED 0
#define ABORT     1
#define COMMIT    2

typedef Vm {
  bit exists;
  bit on;
  bit uploading;                    /* its import is open: cannot be powered on or destroyed, and may vanish */
  bit certified;                    /* the note; without it, the mark of generation and run */
  byte generation;
  byte maker
}
Vm vm[VMS];
byte carrier = JUDGED;              /* the VM that carries the node's name */
byte next_id = 1;

/* The folders of the incident. */
bit claim[GENERATIONS];             /* I.g.claim */
byte end[GENERATIONS];              /* I.g.end: empty is ABORT */
byte committed[GENERATIONS];        /* the VM that a COMMIT names */
bit built[GENERATIONS];             /* built.MOID in the token */

byte builds_begun;                  /* nobody sees it: for C1 */

/* Never true: in an assertion they name the promise that it is about. */
hidden byte S1, S2, S3, S4, S5, C1, C2, R, M, ROOM;

/* What a reader makes of the folder I.g.end. */
#if defined(WITHOUT_VALUE_READ_AS_ABORT)
#define READ(g)      (end[g] != UNDECIDED -> ABORT : UNDECIDED)
#define COMMITTED(g) committed[g]
#elif defined(WITHOUT_VALUE_READ_AS_COMMIT)
#define READ(g)      (end[g] != UNDECIDED -> COMMIT : UNDECIDED)
#define COMMITTED(g) carrier
#else
#define READ(g)      end[g]
#define COMMITTED(g) committed[g]
#endif

#define IS_COMMITTED(i) ((i) != JUDGED && end[vm[i].generation] == COMMIT && committed[vm[i].generation] == (i))
#define MAY_TOUCH(i)    ((i) == JUDGED || (!vm[i].certified && end[vm[i].generation] == ABORT))

byte at, count;                     /* scratch: 0 between two steps */

inline require_one_on() {
  at = 0; count = 0;
  do
  :: at < VMS -> count = count + vm[at].on; at++
  :: else -> break
  od;
  assert(count <= 1 || S2);
  at = 0; count = 0
}

inline count_replacements() {       /* into `count` */
  at = 1; count = 0;
  do
  :: at < VMS -> count = count + (vm[at].exists && vm[at].certified && IS_COMMITTED(at)); at++
  :: else -> break
  od;
  at = 0
}

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

inline remove(i) {
  vm[i].exists = false; vm[i].uploading = false; vm[i].on = false;
  if
  :: carrier == i -> carrier = NONE
  :: else
  fi
}

inline destroy(i) {                 /* refused while it is on, or its import open */
  if
  :: vm[i].exists && !vm[i].on && !vm[i].uploading ->
     assert(MAY_TOUCH(i) || S1);
     count_replacements();
     assert(i != JUDGED || count > 0 || S4);
     remove(i);
     count_replacements();
     assert(vm[JUDGED].exists || count > 0 || S4);
     count = 0
  :: else
  fi
}

inline create_vm(i, g, by) {        /* powered off, its upload begun */
  assert(carrier == NONE || S3);
  i = next_id; next_id++;
  vm[i].exists = true; vm[i].uploading = true; vm[i].generation = g; vm[i].maker = by;
  builds_begun++
}

inline power_on(i) {
  assert((i != JUDGED && vm[i].maker == me) || S5);
  vm[i].on = true;
  require_one_on()
}

inline commit(g, i) {               /* the token, with the commit inside, takes the name I.g.end */
  assert((vm[i].maker == me && vm[i].generation == g) || S5);
  end[g] = COMMIT; committed[g] = i
}

inline certify(i) {
  if
  :: vm[i].exists -> assert(IS_COMMITTED(i) || S5); vm[i].certified = true
  :: else
  fi
}

/* An open import that nobody feeds is taken away by vCenter, at some time. */
active proctype Lease() {
end_lease:
  do
  :: atomic { carrier != NONE && vm[carrier].uploading -> remove(carrier) }
  od
}

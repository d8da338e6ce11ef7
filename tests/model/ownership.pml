/* Who may command an output: grant, ballot, nonce, carry, hand-over.
 *
 * One rule ("activation") drives OUTPUTS outputs. NODES nodes would like to run it, and each tries at most TRIES times.
 * Every output is its own arbiter: there is no vote and no clock that two nodes share. docs/failover-model.md says what
 * is shown, what is not, and what each variant costs; tests/model/check runs them.
 *
 * What may happen, at any step, in any order:
 *   - the network loses, delays without bound, reorders and repeats every message. It is a set: what was sent once may
 *     arrive never, once or often, and whatever else was overtaken. A message is in the set as soon as its sender may
 *     send it: for safety the largest set is the worst one. So "sent" is no step of its own, and a try of long ago can
 *     still be heard.
 *   - a lease, or a reservation, ends. That stands for every error of a clock, for a cut, and for the end of the link.
 *   - a node stops and wakes (SIGSTOP): nothing obliges anybody to make a step.
 *   - a node gives up: FENCED or BUSY heard, silence, a drain, or no reason at all. That it may also not give up when it
 *     should stands for every late or lost FENCED.
 *   - a node crashes and comes back as a new instance that remembers nothing, or its rule is restarted in place.
 *   - a board reboots, REBOOTS times: new nonce, no grant, no carry, and without PERSIST no highest ballot.
 *
 * What is assumed:
 *   - the output's own actor is correct, a nonce never comes back, and ballots of two nodes differ;
 *   - the holder has one command under way at each output, and sends the same one again until it is answered;
 *   - each output keeps its own carry, and a rule acts at each output from that output's carry on.
 * That a node's earlier instance is dead before the next one claims is modelled, but not needed: to supersede is a lapse
 * and a grant at once, and an earlier instance that lives is one more node.
 *
 * What is shown; the names are those of the assertions:
 *   I4_P1    one output: never A, B, A
 *   I4_P2    more outputs: once another activation has acted anywhere, one that acted before it acts nowhere. Contains P1.
 *   I4_P3    the ballots of what is applied, anywhere, never go down (until a board forgets them: PERSIST)
 *   I4_HELD  who acts has held all outputs at one moment before
 *   I5_LIVE  an output without a live grant applies nothing
 *   EVENTS   an output's board acts on events 1, 2, 3 ... : none twice, none left out, until it reboots
 *   REST     when nothing more can happen, each output is vacant and open to everybody
 */

/* ---- size ---- */
#ifndef OUTPUTS
#define OUTPUTS 1
#endif
#ifndef NODES
#define NODES 2
#endif
#ifndef TRIES
#define TRIES 2            /* of each node */
#endif
#ifndef COUNTERS
#define COUNTERS 3         /* a ballot is (counter, node); counters go from 1 to this */
#endif
#ifndef STREAM
#define STREAM 2
#endif
#ifndef REBOOTS
#define REBOOTS 0          /* of all boards together */
#endif
#ifndef HANDOVER
#define HANDOVER 1
#endif
#ifndef RESTART
#define RESTART 1          /* new instances */
#endif
#ifndef LAPSE
#define LAPSE 1            /* leases and reservations end; 0 only to show that something works without */
#endif
#ifndef GIVE_UP
#define GIVE_UP 1          /* 2: by a crash only, without a word */
#endif
#ifndef DRAIN
#define DRAIN 0            /* node 0 hands over and never claims again */
#endif
#ifndef PERSIST
#define PERSIST 1          /* the highest ballot survives a reboot of the board */
#endif

/* ---- deliberate mistakes: each is one rule left out ---- */
#ifndef FENCE
#define FENCE 1            /* 0: commands are not checked against the grant */
#endif
#ifndef BALLOT
#define BALLOT 1           /* 0: a grant needs no ballot above the highest */
#endif
#ifndef NONCE
#define NONCE 1            /* 0: the boot nonce is not checked */
#endif
#ifndef INSTANCE
#define INSTANCE 1         /* 0: a restarted rule is the same claimant as before */
#endif
#ifndef SEQ
#define SEQ 1              /* 0: an old seq is accepted */
#endif
#ifndef CARRY
#define CARRY 1            /* 0: GRANT has no carry; 2: the newest carry of all outputs counts at each of them */
#endif
#ifndef CONFIRM
#define CONFIRM 1          /* 0: who has the last GRANT acts; 2: only successors do; 3: an OK of an earlier try will do */
#endif
#ifndef FORGET
#define FORGET 1           /* 0: who is refused claims again with the ballot that it has */
#endif
#ifndef RELEASE_ALL
#define RELEASE_ALL 1      /* 0: a hand-over releases the first output only */
#endif
#ifndef RESERVE_ENDS
#define RESERVE_ENDS 1     /* 0: a reservation waits for its successor for ever */
#endif
#ifndef LAPSE_ENDS
#define LAPSE_ENDS 1       /* 0: after a lapse the old holder is heard until there is a new one */
#endif
#ifndef ANSWERED
#define ANSWERED 1         /* 0: the next event does not wait until the one before is answered */
#endif
#ifndef RESEND
#define RESEND 0           /* 1: a command without an answer is sent again under a new seq */
#endif
#ifndef SUPERSEDE
#define SUPERSEDE 1        /* 0: a restarted rule waits for its own old grant */
#endif

#ifndef STRICT
#define STRICT 0           /* 1: P3 is asked for also when a board has forgotten */
#endif

/* ---- a rule more than there need be ---- */
#ifndef KNOWN
#define KNOWN 0            /* 1: an output answers OK to a command that it has carried out, whatever its seq, and does no more */
#endif

/* ---- rules whose absence costs none of the properties, as the variants "spare" show ---- */
#ifndef STOPS
#define STOPS 1            /* 0: who has sent RELEASE to a successor goes on acting */
#endif
#ifndef GRANT_NO
#define GRANT_NO 1         /* 0: the grant number is not checked */
#endif

/* ---- which assertions; REACH n: none, but is this state possible? ---- */
#ifndef REACH
#define REACH 0
#endif
#define P1 1
#define P2 2
#define P3 3
#define HELD 4
#define LIVE 5
#define EVENTS 6
#define QUIET 7
#if REACH
#define CHECKED(p) 0
#elif defined(ONLY)
#define CHECKED(p) (ONLY == p)
#elif defined(EXCEPT)
#define CHECKED(p) (EXCEPT != p)
#else
#define CHECKED(p) 1
#endif
#define TAKEOVER 1
#define HANDED 2
#define RESTARTED 3
#define REBOOTED 4
#define DRAINED 5

#define ALL (NODES * TRIES)      /* tries; try t is of node t / TRIES */
#define PAIRS (ALL * OUTPUTS)    /* (try, output) */
#define NODE(t) ((t) / TRIES)
#define AT(t, o) ((t) * OUTPUTS + (o))
#define BEFORE(t) ((t) - 1)      /* of the same node */
#define NOBODY 255

/* ---- the outputs ---- */
byte boot[OUTPUTS];              /* nonce */
byte holder[OUTPUTS];            /* of the live grant: node or NOBODY, */
byte h_inst[OUTPUTS];            /*   instance, */
byte h_ballot[OUTPUTS];          /*   ballot */
byte grant_no[OUTPUTS];          /* of this boot; also of the last one, when there is none now */
byte seq[OUTPUTS];               /* the last one accepted in this grant */
byte highest[OUTPUTS];           /* ballot ever granted, as far as the board knows */
byte reserved[OUTPUTS];          /* node + 1 of a successor, or 0 */
byte carry[OUTPUTS];             /* the last event acted on */
byte reboots;
#if !LAPSE_ENDS
bool lapsed[OUTPUTS];
#endif

/* ---- the tries: state of their nodes, and by it all that they have sent ---- */
#define NEW 0
#define CLAIMING 1
#define CONFIRMING 2
#define ACTING 3
#define OVER 4
byte tried[NODES];               /* how many of its tries a node has begun */
byte phase[ALL];
byte inst[ALL];
byte ballot[ALL];
byte granted[ALL];               /* GRANTs heard, in canonical order; CLAIMs were sent to 0..granted */
bool successor[ALL];             /* claims as a successor: has heard PREPARE and answered READY */
byte ready[ALL];                 /* nodes (bits) whose READY may be heard */
bool acted[ALL];                 /* may act: has sent PREPARE to whom it may concern */
byte release[ALL];               /* 0 none sent, 1 for nobody, 2 + node for a successor */
byte nonce[PAIRS];               /* as known when the ballot was chosen */
byte g_no[PAIRS];                /* the GRANT: its number, 0 none, */
byte g_carry[PAIRS];             /*   its carry */
byte sent[PAIRS];                /* requests sent: seq 1 is the RENEW of the confirm round, 2.. are CMDs */
byte ok[PAIRS];                  /* the last seq that was answered with OK */
#if RESEND
bool resent[PAIRS];              /* seq 3 is seq 2 once more */
#define EVENT(s, p) (g_carry[p] + (s) - 1 - (resent[p] && (s) > 2))
#else
#define EVENT(s, p) (g_carry[p] + (s) - 1)
#endif

/* ---- what only the properties look at ---- */
byte last = NOBODY;              /* the try that acted last, anywhere */
byte gone;                       /* tries after which another one acted */
byte held;                       /* tries that have held all outputs at one moment */
byte top;                        /* highest ballot ever granted anywhere */
byte top_acted;
bool forgotten;                  /* a board has lost its highest ballot */
bool rebooted[OUTPUTS];

#define IS_NONCE(t, o) (!NONCE || nonce[AT(t, o)] == boot[o])
#define IS_HOLDER(t, o) (holder[o] == NODE(t) && h_inst[o] == inst[t] && h_ballot[o] == ballot[t])
#define IS_GRANT(t, o) (IS_NONCE(t, o) && IS_HOLDER(t, o) && (!GRANT_NO || g_no[AT(t, o)] == grant_no[o]))
#if LAPSE_ENDS
#define IS_LIVE(o) (holder[o] != NOBODY)
#else
#define IS_LIVE(o) (holder[o] != NOBODY && !lapsed[o])
#endif
#define IS_VACANT_FOR(t, o) (!IS_LIVE(o) && (reserved[o] == 0 || (reserved[o] == NODE(t) + 1 && successor[t])))
#define SUPERSEDES(t, o) (SUPERSEDE && holder[o] == NODE(t) && inst[t] > h_inst[o])
#define IS_HIGHER(t, o) (BALLOT -> ballot[t] > highest[o] : grant_no[o] < 4)
#define CLAIM_SENT(t, o) (phase[t] != NEW && granted[t] >= o)

inline end_grant(o) {
  holder[o] = NOBODY; h_inst[o] = 0; h_ballot[o] = 0; seq[o] = 0
}

/* Nobody hears an answer to a try that is over; but see OTHERS_OK. */
#define HEARS(t) (CONFIRM == 3 || !INSTANCE || phase[t] != OVER)
inline finish(t, how) {
  printf("node %d: try %d ends\n", NODE(t), t % TRIES);
  if :: release[t] == 0 -> release[t] = how :: else fi;
  ready[t] = 0;
  if :: STOPS || how < 2 -> phase[t] = OVER :: else fi;
  if :: !HEARS(t) -> ok[AT(t, 0)] = 0; ok[AT(t, OUTPUTS - 1)] = 0 :: else fi
}

/* Event e is acted on at output o: the one step that everything here is about. */
inline apply(t, o, e) {
  printf("output %d: acts on event %d by try %d of node %d, ballot %d\n", o, e, t % TRIES, NODE(t), ballot[t]);
#if CHECKED(LIVE)
  I5_LIVE = IS_LIVE(o);
  assert(I5_LIVE);
#endif
#if CHECKED(P1) && OUTPUTS == 1
  I4_P1 = !(gone & (1 << t));
  assert(I4_P1);
#endif
#if CHECKED(P2) && OUTPUTS > 1
  I4_P2 = !(gone & (1 << t));
  assert(I4_P2);
#endif
#if CHECKED(P3)
  I4_P3 = ((forgotten && !STRICT) || ballot[t] >= top_acted);
  assert(I4_P3);
#endif
#if CHECKED(HELD)
  I4_HELD = (held & (1 << t)) != 0;
  assert(I4_HELD);
#endif
#if CHECKED(EVENTS)
  EVENTS_ONCE_IN_ORDER = (rebooted[o] || e == carry[o] + 1);
  assert(EVENTS_ONCE_IN_ORDER);
#endif
  if :: last != NOBODY && last != t -> gone = gone | (1 << last) :: else fi;
  last = t;
  top_acted = ballot[t];
  carry[o] = e;
#if REACH == TAKEOVER
  assert(!(gone != 0 && e == STREAM && o == OUTPUTS - 1));
#elif REACH == HANDED
  assert(!(gone != 0 && successor[t] && o == OUTPUTS - 1));
#elif REACH == RESTARTED
  assert(!(gone != 0 && inst[t] != 0 && o == OUTPUTS - 1));
#elif REACH == REBOOTED
  assert(!(rebooted[o] && gone != 0));
#endif
}
hidden byte I5_LIVE, I4_P1, I4_P2, I4_P3, I4_HELD, EVENTS_ONCE_IN_ORDER, REST_VACANT;

/* The board's side that needs no message. */
proctype Output(byte o) {
end:
  do
#if LAPSE && LAPSE_ENDS
  :: d_step { holder[o] != NOBODY -> printf("output %d: the lease of node %d ends\n", o, holder[o]); end_grant(o) }
#elif LAPSE
  :: d_step { IS_LIVE(o) -> printf("output %d: the lease of node %d ends\n", o, holder[o]); lapsed[o] = 1 }
#endif
#if LAPSE && RESERVE_ENDS
  :: d_step { reserved[o] != 0 -> printf("output %d: the reservation ends\n", o); reserved[o] = 0 }
#endif
  :: d_step { reboots > 0 ->
       printf("output %d: its board reboots\n", o);
       reboots--; boot[o]++; end_grant(o); grant_no[o] = 0; reserved[o] = 0; carry[o] = 0; rebooted[o] = 1;
#if !PERSIST
       highest[o] = 0; forgotten = 1
#endif
     }
  od
}

/* What output o hears of try t, and what it makes of it. */
#define SEQ_IS_NEW(s, o) (!SEQ || s > seq[o])
#define ACCEPTED(s, t, o) (sent[AT(t, o)] >= s && IS_NONCE(t, o) && (!FENCE || (IS_GRANT(t, o) && SEQ_IS_NEW(s, o))))
#define RENEW(t, o)                                                                                                   \
  d_step { sent[AT(t, o)] >= 1 && IS_GRANT(t, o) && 1 > seq[o] ->                                                     \
    printf("output %d: answers RENEW of try %d of node %d\n", o, t % TRIES, NODE(t));                                 \
    seq[o] = 1;                                                                                                       \
    if :: HEARS(t) -> ok[AT(t, o)] = 1 :: else fi }
#define COMMAND(s, t, o)                                                                                              \
  d_step { ACCEPTED(s, t, o) ->                                                                                       \
    seq[o] = s;                                                                                                       \
    if :: HEARS(t) && ok[AT(t, o)] < s -> ok[AT(t, o)] = s :: else fi;                                                \
    if :: KNOWN && EVENT(s, AT(t, o)) <= carry[o] :: else -> apply(t, o, EVENT(s, AT(t, o))) fi }

inline note_held(t, i) {
  printf("output %d: grants %d to try %d of node %d, instance %d, ballot %d, carry %d\n", o, grant_no[o], t % TRIES, NODE(t),
         inst[t], ballot[t], g_carry[AT(t, o)]);
  i = 0;
  do :: i < OUTPUTS && IS_GRANT(t, i) -> i++ :: else -> break od;
  if :: i == OUTPUTS -> held = held | (1 << t) :: else fi;
  i = 0
}

proctype Net(byte t; byte o) {
  byte i;
end:
  do
  /* CLAIM. BUSY and VACANT are no steps: see Node. */
  :: d_step { CLAIM_SENT(t, o) && IS_NONCE(t, o) && (IS_VACANT_FOR(t, o) || SUPERSEDES(t, o)) && IS_HIGHER(t, o) ->
       holder[o] = NODE(t); h_inst[o] = inst[t]; h_ballot[o] = ballot[t]; seq[o] = 0; reserved[o] = 0; grant_no[o]++;
       if :: ballot[t] > highest[o] -> highest[o] = ballot[t] :: else fi;
       if :: ballot[t] > top -> top = ballot[t] :: else fi;
       g_no[AT(t, o)] = grant_no[o];
       g_carry[AT(t, o)] = (CARRY -> carry[o] : 0);
#if !LAPSE_ENDS
       lapsed[o] = 0;
#endif
       note_held(t, i) }
  /* The holder's CLAIM once more: the same GRANT. Without a mistake of above the holder is t itself, who has it. */
  :: d_step { CLAIM_SENT(t, o) && IS_NONCE(t, o) && IS_HOLDER(t, o) && g_no[AT(t, o)] != grant_no[o] ->
       g_no[AT(t, o)] = grant_no[o];
       g_carry[AT(t, o)] = carry[o];
       note_held(t, i) }
  :: RENEW(t, o)
  :: COMMAND(2, t, o)
#if STREAM > 1
  :: COMMAND(3, t, o)
#endif
#if STREAM > 2 || RESEND
  :: COMMAND(4, t, o)
#endif
  :: d_step { release[t] != 0 && (RELEASE_ALL || release[t] == 1 || o == 0) && IS_GRANT(t, o) ->
       printf("output %d: is released by node %d, for node %d (-1: anybody)\n", o, NODE(t), release[t] - 2);
       end_grant(o); reserved[o] = release[t] - 1 }
  od
}

/* A node that would like to run the rule. Of what it hears of outputs that it does not hold (VACANT, BUSY: nonce and
 * highest ballot) it takes any that was true once: the nonce of any boot, and a counter up to one above the highest. */
#define CURRENT(c) (c * TRIES + tried[c] - 1)
#define RUNS(c) (tried[c] > 0 && phase[CURRENT(c)] != OVER)

/* Has t heard an OK for request n? Mistakes make it take one that an earlier try of its node was given. */
#if CONFIRM == 3
#define OTHERS_OK(n, t, o) (t % TRIES > 0 && ok[AT(BEFORE(t), o)] >= n)
#elif !INSTANCE
#define OTHERS_OK(n, t, o) (t % TRIES > 0 && ok[AT(BEFORE(t), o)] >= n && ballot[BEFORE(t)] == ballot[t])
#else
#define OTHERS_OK(n, t, o) 0
#endif
#define ANSWER(n, t, o) (ok[AT(t, o)] >= n || OTHERS_OK(n, t, o))

inline act(t) {
  printf("node %d: try %d may act\n", NODE(t), t % TRIES);
  phase[t] = ACTING; acted[t] = HANDOVER;
#if CARRY == 2 && OUTPUTS == 2
  if :: g_carry[AT(t, 0)] > g_carry[AT(t, 1)] -> g_carry[AT(t, 1)] = g_carry[AT(t, 0)]
     :: else -> g_carry[AT(t, 0)] = g_carry[AT(t, 1)] fi;
#endif
  o = 0;
  do
  :: o < OUTPUTS -> if :: g_carry[AT(t, o)] < STREAM -> sent[AT(t, o)] = 2 :: else fi; o++
  :: else -> break
  od;
  o = 0
}
#define CAN_SEND(t, o) (phase[t] == ACTING && (!ANSWERED || ANSWER(sent[AT(t, o)], t, o)) &&                          \
                        EVENT(sent[AT(t, o)], AT(t, o)) < STREAM)

proctype Node(byte c) {
  byte t, b, lowest, o, n;
end:
  do
  :: atomic { tried[c] < TRIES && !RUNS(c) && !(DRAIN && c == 0 && tried[c] > 0) ->
       t = c * TRIES + tried[c];
       lowest = 1; n = top / NODES;
       if
       :: tried[c] > 0 ->
            if
            :: inst[t] = inst[BEFORE(t)];                            /* the same instance: it knows its own ballots */
               lowest = ballot[BEFORE(t)] / NODES + 1;
               if :: ballot[BEFORE(t)] / NODES > n -> n = ballot[BEFORE(t)] / NODES :: else fi
#if RESTART
            :: inst[t] = inst[BEFORE(t)] + INSTANCE                  /* a crash, or a restart in place: it knows nothing */
#endif
            fi
       :: else
       fi;
       if :: n + 1 < COUNTERS -> n = n + 1 :: else -> n = COUNTERS fi;
       if
       :: lowest > n -> tried[c] = TRIES; phase[c * TRIES + TRIES - 1] = OVER; inst[t] = 0  /* the model ends here */
       :: else ->
            b = lowest;
            do :: b < n -> b++ :: break od;
            ballot[t] = b * NODES + c;
            o = 0;
            do
            :: o < OUTPUTS ->
                 b = 0;
                 do :: b < boot[o] -> b++ :: break od;
                 nonce[AT(t, o)] = b; o++
            :: else -> break
            od;
#if HANDOVER
            b = 0;
            do                                                       /* heard a PREPARE of another node, now or long ago? */
            :: b < ALL && NODE(b) != c && acted[b] ->
                 successor[t] = 1;
                 if :: phase[b] == ACTING -> ready[b] = ready[b] | (1 << c) :: else fi;
                 break
            :: b < ALL -> b++
            :: b == ALL -> break
            od;
#endif
            phase[t] = CLAIMING; tried[c]++;
            printf("node %d: try %d begins, instance %d, ballot %d, successor %d\n", c, t % TRIES, inst[t], ballot[t],
                   successor[t])
       fi;
       t = 0; b = 0; lowest = 0; o = 0; n = 0 }
  :: d_step { RUNS(c) && phase[CURRENT(c)] == CLAIMING && g_no[AT(CURRENT(c), granted[CURRENT(c)])] != 0 ->
       t = CURRENT(c);
       granted[t]++;
       if
       :: granted[t] < OUTPUTS
       :: granted[t] == OUTPUTS && (CONFIRM == 0 || (CONFIRM == 2 && successor[t])) -> act(t)
       :: else ->
            phase[t] = CONFIRMING; o = 0;
            do :: o < OUTPUTS -> sent[AT(t, o)] = 1; o++ :: else -> break od;
            o = 0
       fi;
       t = 0 }
  :: d_step { RUNS(c) && phase[CURRENT(c)] == CONFIRMING && ANSWER(1, CURRENT(c), 0) && ANSWER(1, CURRENT(c), OUTPUTS - 1) ->
       t = CURRENT(c); act(t); t = 0 }
  :: d_step { RUNS(c) && CAN_SEND(CURRENT(c), 0) -> sent[AT(CURRENT(c), 0)]++ }
#if OUTPUTS > 1
  :: d_step { RUNS(c) && CAN_SEND(CURRENT(c), 1) -> sent[AT(CURRENT(c), 1)]++ }
#endif
#if RESEND
  :: d_step { RUNS(c) && phase[CURRENT(c)] == ACTING && sent[AT(CURRENT(c), 0)] == 2 && !ANSWER(2, CURRENT(c), 0) ->
       sent[AT(CURRENT(c), 0)] = 3; resent[AT(CURRENT(c), 0)] = 1 }
#endif
#if GIVE_UP
  /* A crash is this too: its RELEASE is lost. */
  :: d_step { RUNS(c) -> t = CURRENT(c); finish(t, (GIVE_UP == 1)); t = 0 }
#endif
#if HANDOVER
  :: atomic { RUNS(c) && phase[CURRENT(c)] == ACTING && ready[CURRENT(c)] != 0 ->
       t = CURRENT(c);
       if
       :: ready[t] & 1 -> finish(t, 2)
       :: ready[t] & 2 -> finish(t, 3)
       :: ready[t] & 4 -> finish(t, 4)
       fi;
       t = 0 }
#endif
#if !FORGET
  :: d_step { RUNS(c) && nonce[AT(CURRENT(c), 0)] != boot[0] ->
       t = CURRENT(c);
       printf("node %d: try %d claims again with ballot %d\n", c, t % TRIES, ballot[t]);
       phase[t] = CLAIMING; granted[t] = 0; acted[t] = 0; o = 0;
       do
       :: o < OUTPUTS -> nonce[AT(t, o)] = boot[o]; g_no[AT(t, o)] = 0; g_carry[AT(t, o)] = 0;
                         sent[AT(t, o)] = 0; ok[AT(t, o)] = 0; o++
       :: else -> break
       od;
       t = 0; o = 0 }
#endif
  od
}
proctype Rest() {
end:
  timeout ->
#if REACH == DRAINED
  assert(!(holder[0] == 1 && holder[OUTPUTS - 1] == 1 && last != NOBODY && NODE(last) == 1 && gone != 0));
#elif CHECKED(QUIET) && LAPSE && LAPSE_ENDS
  d_step {
    REST_VACANT = (holder[0] == NOBODY && holder[OUTPUTS - 1] == NOBODY && reserved[0] == 0 && reserved[OUTPUTS - 1] == 0);
    assert(REST_VACANT)
  }
#else
  skip
#endif
}

init {
  byte i, k;
  atomic {
    reboots = REBOOTS;
    i = 0;
    do
    :: i < OUTPUTS -> holder[i] = NOBODY; run Output(i); i++
    :: else -> break
    od;
    i = 0;
    do :: i < NODES -> run Node(i); i++ :: else -> break od;
    i = 0;
    do
    :: i < ALL ->
         k = 0;
         do :: k < OUTPUTS -> run Net(i, k); k++ :: else -> break od;
         i++
    :: else -> break
    od;
    i = 0; k = 0;
    run Rest()
  }
}

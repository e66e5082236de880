/*
 * The protocol of authorize, for the model checker Spin: servers that share one
 * account, PostgreSQL as the truth, Redis as a cache of its window's counter.
 *
 * Any server takes up any key at any time, again and again: that is what
 * clients do that retry here and elsewhere while an earlier call still runs.
 * Between any two steps a server may crash. A COMMIT is acknowledged, lost
 * before or after it was applied, or late: the transaction stands, with its
 * lock, until the database applies or drops it. Redis is away at any call, is
 * flushed or restored from an old copy, and its writes are lost or late. All of
 * that happens any number of times: the states are finite nevertheless.
 *
 * Each key asks for one unit. The first keys may take from a window of LIMIT
 * units and then from CREDITS; the last one's feature is paid in credits alone.
 *
 * Asserted where it could break, in applied() and told(): one decision for each
 * key; an answer is in the database and never changes; the balance is never
 * negative and is the fold of its postings; the window is never above its limit.
 *
 *	spin -a authorize.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m1000000
 *
 * engine/proof/spin_test.go runs it whole, and shows that each of these wrong
 * protocols fails (spin -DNAME -a authorize.pml …):
 *
 *	CHECK_BEFORE_LOCK     an earlier decision is looked for before the lock only
 *	NO_VERSION_CHECK      what Redis holds is taken as it is
 *	STALE_MEMORY          what the server remembers is taken as it is
 *	COUNTED_VERSION       the next version is the old one plus one, not a fresh id
 *	ANSWER_COMPUTED       a key that was decided is answered by a new walk
 *	ERROR_IS_ROLLBACK     after an error of COMMIT the key is not looked up again
 *	ANSWER_BEFORE_COMMIT  the caller is told before the commit
 */

#ifndef SERVERS
#define SERVERS 2
#endif
#define KEYS 3
#define LIMIT 1
#define CREDITS 1

/* Decisions. */
#define NONE 0
#define BY_WINDOW 1
#define BY_CREDITS 2
#define DENIED 3

/* Who holds the account's lock: nobody, server s as s + 1, or a transaction
   that its server has lost the connection to. */
#define NOBODY 0
#define NOBODYS 9

/* PostgreSQL. Versions are ids, compared for equality only; 0 is none. */
byte lock = NOBODY;
byte version = 1;
short balance = CREDITS;
byte decided[KEYS];

/* The transaction that is late, where the lock is NOBODYS. */
byte lateKey, lateDecision, lateVersion;
short lateBalance;

/* Redis: a counter under the version that it belongs to, an old copy of both,
   and a write that is late. */
byte redisVersion, redisUsed;
byte copyVersion, copyUsed;
byte writeExpects, writeVersion, writeUsed;

/* The version that the holder of the lock makes, and what servers remember. */
byte next;
byte knowsVersion[SERVERS], knowsUsed[SERVERS];
short knowsBalance[SERVERS];

#define windowed(k) (k != KEYS - 1)
#define count(d) ((decided[0] == d) + (decided[1] == d) + (decided[2] == d))

/* A transaction is applied: once for each key, and the books add up. */
inline applied(k, d, v, b) {
	assert(decided[k] == NONE);
	decided[k] = d;
	version = v;
	balance = b;
	assert(balance >= 0);
	assert(balance == CREDITS - count(BY_CREDITS));
	assert(count(BY_WINDOW) <= LIMIT)
}

/* A caller is told a decision. One that is in the database stays: see applied. */
inline told(k, d) {
	assert(decided[k] == d)
}

/* Redis compares and stores, and computes nothing: at the expected version the
   counter is set, else what it holds is dropped. */
inline stored(expected, v, u) {
	if
	:: redisVersion == expected -> redisVersion = v; redisUsed = u
	:: else -> redisVersion = 0; redisUsed = 0
	fi
}

inline forget(s) {
	knowsVersion[s] = 0; knowsUsed[s] = 0; knowsBalance[s] = 0
}

/* Which numbers the ids are does not matter: renumber() makes them 1, 2, 3 … in
   a fixed order, so that states that differ by names alone become one, and the
   number behind the last one is a fresh id. */
hidden byte names, name[16];
inline renumbered(id) {
	if
	:: id != 0 ->
		if
		:: name[id] == 0 -> names++; name[id] = names
		:: else
		fi;
		id = name[id]
	:: else
	fi
}
inline renumber() {
	d_step {
		names = 0;
		do
		:: names < 16 -> name[names] = 0; names++
		:: else -> break
		od;
		names = 0;
		renumbered(version); renumbered(lateVersion); renumbered(next);
		renumbered(redisVersion); renumbered(copyVersion); renumbered(writeExpects); renumbered(writeVersion);
		renumbered(knowsVersion[0]); renumbered(knowsVersion[1])
#if SERVERS == 3
		; renumbered(knowsVersion[2])
#endif
	}
}

#define may_crash :: goto crashed

active [SERVERS] proctype server() {
	byte key, decision, used;
	short left;
	bit unlooked;

idle:
	atomic {
		if
		:: key = 0
		:: key = 1
		:: key = 2
		fi
	}
begin:
#ifdef CHECK_BEFORE_LOCK
	decision = decided[key];
#endif
	atomic { lock == NOBODY -> lock = _pid + 1 }
	/* Under the lock: the look-up, a statement of its own; the state; the
	   decision. Nobody else can change what is read, but for Redis. */
	if
	:: atomic {
#ifndef CHECK_BEFORE_LOCK
		decision = (unlooked -> NONE : decided[key]);
#endif
#ifndef ANSWER_COMPUTED
		if
		:: decision != NONE -> goto found
		:: else
		fi;
#endif
		if
#ifdef STALE_MEMORY
		:: knowsVersion[_pid] != 0 ->
#else
		:: knowsVersion[_pid] == version ->
#endif
			used = knowsUsed[_pid]; left = knowsBalance[_pid]
		:: else ->
			left = balance;
			/* A read before the lock would find no more than one behind it
			   finds after an old copy was restored. */
			if
#ifdef NO_VERSION_CHECK
			:: redisVersion != 0 -> used = redisUsed
#else
			:: redisVersion == version -> used = redisUsed
#endif
			:: used = count(BY_WINDOW)	/* from the events: Redis is of no use, or away */
			fi
		fi;
		if
		:: windowed(key) && used < LIMIT -> decision = BY_WINDOW; used++
		:: !(windowed(key) && used < LIMIT) && left > 0 -> decision = BY_CREDITS; left--
		:: else -> decision = DENIED
		fi;
#ifdef ANSWER_COMPUTED
		if
		:: decided[key] != NONE -> goto found
		:: else
		fi;
#endif
		renumber();
#ifdef COUNTED_VERSION
		next = version + 1
#else
		next = names + 1
#endif
	   }
	may_crash
	fi;
#ifdef ANSWER_BEFORE_COMMIT
	told(key, decision);
#endif
	/* The counter goes to Redis before the commit. */
	if
	:: atomic { stored(version, next, used) }
	:: atomic { redisVersion = next; redisUsed = used }	/* the whole hash */
	:: true	/* lost, or Redis is away */
	:: atomic { writeVersion == 0 -> writeExpects = version; writeVersion = next; writeUsed = used }	/* late */
	may_crash
	fi;
	/* COMMIT. */
	if
	:: atomic {
		applied(key, decision, next, left);
		lock = NOBODY; next = 0;
		knowsVersion[_pid] = version; knowsUsed[_pid] = used; knowsBalance[_pid] = left;
		used = 0; left = 0; renumber();
		goto answer
	   }
	:: atomic { lock = NOBODY; next = 0; goto failed }	/* it never arrived */
	:: atomic { applied(key, decision, next, left); lock = NOBODY; next = 0; goto failed }
	:: atomic {
		lateKey = key; lateDecision = decision; lateVersion = next; lateBalance = left;
		lock = NOBODYS; next = 0;
		goto failed
	   }
	may_crash
	fi;
found:
	atomic { lock = NOBODY; used = 0; left = 0; goto answer }
failed:
	/* Unknown: begin again, on another connection. */
	atomic {
		forget(_pid);
		used = 0; left = 0; decision = NONE; renumber();
		if
		:: true ->
#ifdef ERROR_IS_ROLLBACK
			unlooked = 1;
#endif
			goto begin
		:: goto done	/* UNAVAILABLE: the caller knows nothing */
		fi
	}
answer:
	if
	:: atomic { told(key, decision); goto done }
	may_crash
	fi;
crashed:
	/* The memory is gone, and the database ends what was under way. */
	atomic {
		if
		:: lock == _pid + 1 -> lock = NOBODY; next = 0
		:: else
		fi;
		forget(_pid); renumber();
		goto done
	}
done:
	atomic {
		key = 0; decision = NONE; used = 0; left = 0; unlooked = 0;
		goto idle
	}
}

/* The database ends a late transaction: with all of it, or with nothing. */
active proctype database() {
end:
	do
	:: atomic {
		lock == NOBODYS ->
		if
		:: applied(lateKey, lateDecision, lateVersion, lateBalance)
		:: true
		fi;
		lateKey = 0; lateDecision = NONE; lateVersion = 0; lateBalance = 0;
		lock = NOBODY; renumber()
	   }
	od
}

/* What befalls Redis. */
active proctype redis() {
end:
	do
	:: atomic { redisVersion != 0 -> redisVersion = 0; redisUsed = 0; renumber() }	/* FLUSHALL */
	:: atomic { redisVersion != copyVersion -> copyVersion = redisVersion; copyUsed = redisUsed; renumber() }
	:: atomic { redisVersion != copyVersion -> redisVersion = copyVersion; redisUsed = copyUsed; renumber() }
	:: atomic {	/* the late write arrives */
		writeVersion != 0 ->
		stored(writeExpects, writeVersion, writeUsed);
		writeExpects = 0; writeVersion = 0; writeUsed = 0; renumber()
	   }
	od
}

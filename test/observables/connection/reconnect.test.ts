import { NEVER, map, of, startWith, take, throwError, type Observable } from 'rxjs'
import { TestScheduler, type RunHelpers } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import {
  RECYCLE,
  reconnect,
  type Cursor,
  type LinkEvent,
  type Position,
  type ReconnectOptions,
  type SourceEvent,
} from 'pinia-push/kit'
import { PushError, backoff } from 'pinia-push/observables'
import { recentMessages } from '../../../src/observables/connection/drop-repeats.ts'

/** The event that a scripted connection emits for each letter. */
const SAID: Record<string, SourceEvent> = {
  o: { type: 'open', technique: 'script', namespace: 's', resumed: false },
  r: { type: 'open', technique: 'script', namespace: 's', resumed: true },
  p: { type: 'open', technique: 'script', namespace: 's', resumed: false, unconfirmed: true },
  q: { type: 'open', technique: 'script', namespace: 's', resumed: true, unconfirmed: true },
  1: { type: 'message', data: '1', event: 'message', cursor: 'c1' },
  2: { type: 'message', data: '2', event: 'message', cursor: 'c2' },
  3: { type: 'message', data: '3', event: 'message', cursor: 'c3' },
  n: { type: 'message', data: 'n', event: 'message' },
  e: { type: 'message', data: 'n', event: 'message', cursor: '' },
  s: { type: 'open', technique: 'script', namespace: 's', resumed: true, assumed: recentMessages },
  f: { type: 'open', technique: 'script', namespace: 's', resumed: false, assumed: recentMessages },
  a: { type: 'alive' },
  h: { type: 'alive', heartbeat: 20 },
  c: { type: 'alive', cursor: 'c0' },
  g: { type: 'gap', reason: 'history-expired', cursor: 'c9' },
  t: { type: 'retry', delay: 50 },
  v: { type: 'alive', reportsGaps: true },
  b: { type: 'alive', cursor: 'c3', restarted: true },
}

/** The events of the supervisor, one letter each, so that a test reads as a sequence. */
const TOLD: Record<string, string> = {
  A: 'connecting 0',
  B: 'connecting 1',
  C: 'connecting 2',
  O: 'open',
  P: 'unconfirmed',
  Q: 'unheard',
  X: 'message 1',
  Y: 'message 2',
  T: 'message 3',
  N: 'message n',
  U: 'gap not-resumed',
  E: 'gap history-expired',
  K: 'gap unknown-cursor',
  W: 'reconnecting 10',
  V: 'reconnecting 60',
  M: 'reconnecting 86400010',
  Z: 'reconnecting 0',
  D: 'closed',
  R: 'failed rejected',
  F: 'failed unauthorized',
  G: 'failed retries-exhausted',
  J: 'failed exception',
  I: 'idle hidden',
  H: 'idle hidden,user',
  L: 'reconnecting 30',
}

function told(event: LinkEvent): string {
  switch (event.type) {
    case 'idle':
      return `idle ${event.pausedBy?.join()}`
    case 'connecting':
      return `connecting ${event.attempt}`
    case 'open':
      return event.unheard ? 'unheard' : event.unconfirmed ? 'unconfirmed' : 'open'
    case 'message':
      return `message ${String(event.data)}`
    case 'gap':
      return `gap ${event.reason}`
    case 'reconnecting':
      return `reconnecting ${event.delay}`
    case 'closed':
      return 'closed'
    case 'failed':
      return `failed ${event.error.code}`
  }
}

interface Stage extends RunHelpers {
  /** Supervises these connections, one after the other, and tells what is said as a score. */
  plays(
    connections: readonly string[],
    expected: string,
    options?: Partial<ReconnectOptions<unknown>> & { error?: unknown; until?: string },
  ): void
  /** The cursors that were asked for, one a connection. */
  cursors: (string | undefined)[]
}

function score(play: (stage: Stage) => void) {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  const cursors: (string | undefined)[] = []
  scheduler.run((helpers) => {
    const plays: Stage['plays'] = (
      connections,
      expected,
      { error = new PushError('connection-lost', 'gone'), until = '999ms !', ...options } = {},
    ) => {
      const turns = connections.values()
      const supervised = reconnect({
        connectTimeout: 1e6,
        idleReconnectAfter: 1e6,
        prepare: () => of(undefined),
        policy: backoff({ initialDelay: 10, multiplier: 1, random: () => 1, resetAfter: 100 }),
        scheduler,
        connect: (cursor: Cursor | undefined) => {
          cursors.push(cursor?.value)
          const { value } = turns.next()
          return value === undefined ? NEVER : helpers.cold(value, SAID, error)
        },
        ...options,
      })
      helpers.expectObservable(supervised.pipe(map(told)), until).toBe(expected, TOLD)
    }
    play({ ...helpers, plays, cursors })
  })
  return cursors
}

describe('reconnect', () => {
  test('connects, hands messages over, and tells when the channel has ended', () =>
    void score(({ plays }) => plays(['-o-1-2-|'], 'AO-X-Y-(D|)')))

  test('waits as the policy says after a loss, and resumes from the last cursor', () => {
    const cursors = score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-Y'))
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('resumes from the cursor at open when it is lost before the first message', () => {
    const cursors = score(({ plays }) => plays(['-(oc)#', '-r'], 'AO 3ms W 9ms BO'))
    expect(cursors).toEqual([undefined, 'c0'])
  })

  test('says gap right after an open that resumes nothing', () =>
    void score(({ plays }) => plays(['-o-#', '-o---1'], 'AO-W 9ms B(OU)X')))

  test('resumes from the last cursor when the last message carried none, and says gap, because it may come again', () => {
    const cursors = score(({ plays }) => plays(['-o-1-n-#', '-r---n-2'], 'AO-X-N-W 9ms B(OU)N-Y'))
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('says no gap where a message with a cursor came after one without', () =>
    void score(({ plays }) => plays(['-o-n-1-#', '-r-2'], 'AO-N-X-W 9ms BO-Y')))

  test('resumes from nothing, and says gap, when the server took the cursor back', () => {
    const cursors = score(({ plays }) => plays(['-o-1-e-#', '-o'], 'AO-X-N-W 9ms B(OU)'))
    expect(cursors).toEqual([undefined, undefined])
  })

  test('hands a message over without the empty cursor that took the last one back', () =>
    score(({ cold, expectObservable }) => {
      const prepare = () => of(undefined)
      const told = reconnect({ prepare, policy: backoff(), connect: () => cold('(oe)', SAID) })
      expectObservable(told, '1ms !').toBe('(COM)', {
        C: { type: 'connecting', attempt: 0 },
        O: SAID['o'],
        M: { type: 'message', data: 'n', event: 'message', cursor: undefined },
      })
    }))

  test('says no gap where nothing was ever open', () => void score(({ plays }) => plays(['-#', '-o-1'], 'AW 9ms BO-X')))

  test('says gap after a unconfirmed open, because messages may have fallen since', () =>
    void score(({ plays }) => plays(['-p-#', '-o'], 'AP-W 9ms B(OU)')))

  test('passes on the gap that a server tells, and goes on from where it says', () => {
    const cursors = score(({ plays }) =>
      plays(['-r-g-#', '-r'], 'AO-E-W 9ms BO', { position: { namespace: 's', value: 'c5', opened: true } }),
    )
    expect(cursors).toEqual(['c5', 'c9'])
  })

  test('forgets a place that the server lost, and says gap', () => {
    const cursors = score(({ plays }) =>
      plays(['-#', '-o'], 'AW 9ms B(OE)', {
        error: new PushError('cursor-lost', '412'),
        position: { namespace: 's', value: 'c5', opened: true },
      }),
    )
    expect(cursors).toEqual(['c5', undefined])
  })

  test('does not reset the backoff because one message arrived', () =>
    void score(({ plays }) => plays(['-o-1-#', '-r-2-#', '-r'], 'AO-X-W 9ms BO-Y-W 9ms CO')))

  test('resets the backoff after a stable connection', () =>
    void score(({ plays }) => plays(['-#', '-o 100ms #', '-o'], 'AW 9ms BO 100ms W 9ms B(OU)')))

  test('a connection that was only unconfirmed open does not count as one that stood', () =>
    void score(({ plays }) => plays(['-p 100ms #', '-p 100ms #', '-p'], 'AP 100ms W 9ms B(PU) 97ms W 9ms C(PU)')))

  test('waits as long as the server asked, by Retry-After or in the stream, and the delay of the policy on top', () => {
    const error = new PushError('unavailable', '503', { retryAfter: 50 })
    score(({ plays }) => plays(['-#', '-o'], 'AV 59ms BO', { error }))
    score(({ plays }) => plays(['-(ot)#', '-r'], 'AO 3ms V 59ms BO'))
  })

  test('leaves a server alone for a day at most, and then waits as the policy says', () =>
    void score(({ plays }) =>
      plays(['-#', '-o'], 'AM', { error: new PushError('unavailable', '503', { retryAfter: Infinity }) }),
    ))

  test('fails, and does not try again, when the server said no for good', () =>
    void score(({ plays }) => plays(['-#'], 'A(R|)', { error: new PushError('rejected', '404', { status: 404 }) })))

  test.each([401, 403, 1008, 3000, 3003, 4401, 4403])(
    'prepares once more, at once, when who asks is refused by %i; then fails',
    (status) => {
      let prepared = 0
      const prepare = () => of((prepared += 1))
      const error = new PushError('unauthorized', 'no', { status })
      score(({ plays }) => plays(['-#', '----#'], 'A(ZB)(F|)', { error, prepare }))
      expect(prepared).toBe(2)
    },
  )

  test('may be refused again once a connection stood in between', () =>
    void score(({ plays }) =>
      plays(['-#', '----o 100ms #', '----o'], 'A(ZB)O 100ms (ZB)(OU)', {
        error: new PushError('unauthorized', 'expired', { status: 401 }),
        until: '120ms !',
      }),
    ))

  test('gives up when the policy does', () =>
    void score(({ plays }) =>
      plays(['-#', '-#'], 'AW 9ms B(G|)', { policy: backoff({ initialDelay: 10, random: () => 1, maxRetries: 1 }) }),
    ))

  test('gives up when consecutive failures reached `maxElapsedTime`, reset after a stable connection', () => {
    const policy = backoff({ initialDelay: 10, multiplier: 1, random: () => 1, resetAfter: 100, maxElapsedTime: 20 })
    score(({ plays }) => plays(['-#', '-#', '-#'], 'AW 9ms BW 9ms C(G|)', { policy }))
    score(({ plays }) => plays(['-#', '-o 100ms #', '-#', '-#'], 'AW 9ms BO 100ms W 9ms B(W) 7ms C(UG|)', { policy }))
  })

  test('retryNow cuts a wait short and nothing else', () =>
    void score(({ plays, hot }) => plays(['-#', '-o'], 'AW-BO', { retryNow$: hot('---x') as Observable<unknown> })))

  test('drops a connection that does not open in time', () =>
    void score(({ plays }) => plays(['-', '-o'], 'A 29ms W 9ms BO', { connectTimeout: 30 })))

  test('drops a connection that is silent for longer than the promised heartbeat and the timeout', () =>
    void score(({ plays }) =>
      plays(['-o 19ms a', '-o'], 'AO 48ms W 9ms B(OU)', { promised: 20, heartbeatGrace: 9, until: '80ms !' }),
    ))

  test('believes the heartbeat that the server tells in the stream', () =>
    void score(({ plays }) => plays(['-o-h', '-o'], 'AO 30ms W 9ms B(OU)', { heartbeatGrace: 9 })))

  test('rotates an idle connection without heartbeats by its cursor, unseen', () => {
    const cursors = score(({ plays }) =>
      plays(['-o-1', '-r-2'], 'AO-X 49ms -O-Y', { idleReconnectAfter: 50, until: '80ms !' }),
    )
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('does not rotate an idle connection whose server may ignore the cursor', () => {
    const cursors = score(({ plays }) =>
      plays(['-f-1-#', '-s'], 'AO-X-W 9ms BO', { idleReconnectAfter: 50, until: '500ms !' }),
    )
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('drops what such a server repeats, and says gap where it cannot tell', () => {
    score(({ plays }) => plays(['-f-1-#', '-s-1-2'], 'AO-X-W 9ms BO---Y'))
    score(({ plays }) => plays(['-f-1-2-#', '-s-1-2-1'], 'AO-X-Y-W 9ms BO-----X'))
    score(({ plays }) => plays(['-f-1-1-#', '-s-1---2'], 'AO-X-X-W 9ms BO-(UX)Y'))
  })

  describe('when the host wakes', () => {
    const waking = (wake$: Observable<unknown>) => ({ lifecycle: () => ({ wake$ }) })

    test('ends a wait by one attempt', () => {
      const cursors = score(({ plays, hot }) => plays(['-#', '-o'], 'AW-BO', waking(hot('---x'))))
      expect(cursors).toHaveLength(2)
    })

    test('restarts an attempt, in the same row of failures', () => {
      const policy = backoff({ initialDelay: 10, random: () => 1, maxRetries: 1 })
      score(({ plays, hot }) => plays(['-#', '', '-#'], 'AW 9ms B-B(G|)', { policy, ...waking(hot('-------------x')) }))
    })

    test('gives up after the time that failures may go on for, whenever it woke', () => {
      const policy = backoff({ initialDelay: 10, multiplier: 1, random: () => 1, maxElapsedTime: 12 })
      score(({ plays, hot }) => plays(['-#', '', '-#'], 'AW 9ms B-B(G|)', { policy, ...waking(hot('-------------x')) }))
    })

    test('reconnects an open connection from its cursor, and keeps one without', () => {
      const cursors = score(({ plays, hot }) => plays(['-o-1', '-r-2'], 'AO-X-AO-Y', waking(hot('-----x'))))
      expect(cursors).toEqual([undefined, 'c1'])
      score(({ plays, hot }) => plays(['-o-n---n'], 'AO-N---N', waking(hot('-----x'))))
    })

    test('ends the row of failures with a connection that stood', () => {
      const score1 = ['-#', '-o-1 100ms -', '-r']
      score(({ plays, hot }) => plays(score1, 'AW 9ms BO-X 101ms AO', waking(hot('116ms x'))))
      score(({ plays, hot }) => plays(score1, 'AW 9ms BO-X--BO', waking(hot('-----------------x'))))
    })
  })

  describe('while there is a reason to pause', () => {
    const REASONS = { a: [], h: ['hidden'], u: ['hidden', 'user'] }
    const pausing = (pause$: Observable<readonly string[]>) => ({ lifecycle: () => ({ pause$ }) })

    test('is idle with the names of all reasons, and continues from its cursor', () => {
      const cursors = score(({ plays, hot }) =>
        plays(['-o-1', '-r-2'], 'AO-XIHIAO-Y', pausing(hot('a---huha', REASONS).pipe(startWith([])))),
      )
      expect(cursors).toEqual([undefined, 'c1'])
    })

    test('connects nothing', () => {
      expect(score(({ plays }) => plays([], 'I', pausing(of(REASONS.h))))).toEqual([])
    })

    test('ends a wait, and starts the backoff again', () =>
      void score(({ plays, hot }) =>
        plays(['-#', '-#', '-o'], 'AW-I-AW 9ms BO', pausing(hot('a--h-a', REASONS).pipe(startWith([])))),
      ))

    test('fails, after a gap where it was open, when the reasons error', () => {
      const mistake = new TypeError('a mistake')
      score(({ plays, hot }) => plays(['-o'], 'AO-(UJ|)', pausing(hot('---#', REASONS, mistake).pipe(startWith([])))))
      score(({ plays }) => plays([], '(J|)', pausing(throwError(() => mistake))))
    })
  })

  test('waits for at least as long as the lifecycle says', () =>
    void score(({ plays }) => plays(['-#', '-o'], 'AL 29ms BO', { lifecycle: () => ({ minDelay: () => 30 }) })))

  test('reports each position before the event that moved it is emitted', () =>
    void score(({ cold, flush }) => {
      const seen: unknown[] = []
      const moved = ({ value, opened }: Position) => seen.push([value, opened])
      const connect = () => cold('(o1an2)', SAID)
      reconnect({ prepare: () => of(0), policy: backoff(), connect, moved })
        .pipe(take(5))
        .subscribe((event) => seen.push(told(event)))
      flush()
      expect(seen).toEqual([
        'connecting 0',
        'open',
        [undefined, true],
        ['c1', true],
        'message 1',
        // A message without a cursor came after it.
        ['c1', true],
        'message n',
        ['c2', true],
        'message 2',
      ])
    }))

  describe('where the channel ends, or nothing can be done any more', () => {
    const place = () => ({ namespace: 's', value: undefined, opened: true })
    const refused = new PushError('rejected', '404', { status: 404 })

    test('says first that messages may have fallen since the last connection', () => {
      score(({ plays }) => plays(['-o-n-#', '-|'], 'AO-N-W 9ms B(UD|)'))
      score(({ plays }) => plays(['-o-1-#', '-|'], 'AO-X-W 9ms B(UD|)'))
      score(({ plays }) => plays(['-#'], 'A(UR|)', { error: refused, position: place() }))
      score(({ plays }) => plays(['-#'], 'A(UG|)', { policy: backoff({ maxRetries: 0 }), position: place() }))
    })

    test('says before it has failed that what comes from now on is missing, whether the connection was open or another was', () => {
      score(({ plays }) => plays(['-o-#'], 'AO-(UR|)', { error: refused }))
      score(({ plays }) => plays(['-o-1-#'], 'AO-X-(UR|)', { error: refused }))
      score(({ plays }) => plays(['-o-1-#'], 'AO-X-(UG|)', { policy: backoff({ maxRetries: 0 }) }))
    })

    test('says expired where the server had lost the cursor', () => {
      const options = { error: new PushError('cursor-lost', '412'), position: { ...place(), value: 'c5' } }
      score(({ plays }) => plays(['-#', '-|'], 'AW 9ms B(ED|)', options))
      score(({ plays }) => plays(['-o---#'], 'A(OU)(EG|)', { ...options, policy: backoff({ maxRetries: 0 }) }))
    })

    test('says nothing where nothing can have fallen', () => {
      score(({ plays }) => plays(['-|'], 'A(D|)'))
      score(({ plays }) => plays(['-#'], 'A(R|)', { error: refused }))
      score(({ plays }) => plays(['-o-1-|'], 'AO-X-(D|)'))
      score(({ plays }) => plays(['-o-1-#', '-r-|'], 'AO-X-W 9ms BO-(D|)'))
    })
  })

  describe('of a mistake in code', () => {
    test.each([new TypeError('x is not a function'), new ReferenceError('x is not defined')])(
      'fails once, and names it: %s',
      async (mistake) => {
        const connect = () => throwError(() => mistake)
        const told: LinkEvent[] = []
        reconnect({ prepare: () => of(0), policy: backoff(), connect }).subscribe((event) => told.push(event))
        expect(told.map(({ type }) => type)).toEqual(['connecting', 'failed'])
        const [, failure] = told
        const error = failure?.type === 'failed' ? failure.error : undefined
        expect([error?.code, error?.cause]).toEqual(['exception', mistake])
        expect(error?.message).toContain(mistake.message)
      },
    )

    test('tries again after any other error', () =>
      void score(({ plays }) => plays(['-#'], 'AW', { error: new Error('ECONNRESET'), until: '5ms !' })))
  })

  test('rotates no more where a cursor was given and not taken, because each rotation would be a gap', () => {
    const cursors = score(({ plays }) =>
      plays(['-o-1', '-o---1', '-o'], 'AO-X 49ms -(OU)X', { idleReconnectAfter: 50, until: '500ms !' }),
    )
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('leaves an idle connection alone where there is no cursor to go on from', () =>
    void score(({ plays }) => plays(['-o-n 200ms n'], 'AO-N 200ms N', { idleReconnectAfter: 50, until: '400ms !' })))

  test('drops a connection that was unconfirmed open and brings no byte', () =>
    void score(({ plays }) => plays(['-p', '-o'], 'AP 23ms W 9ms B(OU)', { heartbeatInterval: 15, heartbeatGrace: 9 })))

  test('shows none as unconfirmed open after one that brought no byte, until something is received', () => {
    const limits = { heartbeatInterval: 15, heartbeatGrace: 9 }
    score(({ plays }) => plays(['-p', '-p', '-p---o---1'], 'AP 23ms W 9ms BQ 23ms W 9ms CQ---(OU)X', limits))
    // What was received speaks for the next one too.
    const broken = ['-p', '-p---a-#', '-p']
    score(({ plays }) => plays(broken, 'AP 23ms W 9ms BQ-----W 9ms C(PU) 20ms W', { ...limits, until: '80ms !' }))
    // A connection that ended otherwise says nothing against the next.
    score(({ plays }) => plays(['-p-#', '-p'], 'AP-W 9ms B(PU)', { ...limits, until: '30ms !' }))
  })

  test('emits no gap where the channel ends on a connection that was not shown as open', () => {
    const limits = { heartbeatInterval: 15, heartbeatGrace: 9, position: { namespace: 's', value: 'c1', opened: true } }
    score(({ plays }) => plays(['-q', '-q--|'], 'AP 23ms W 9ms BQ--(D|)', limits))
  })

  test('prepares before every attempt, and counts its failure as one', () => {
    let attempts = 0
    const prepare = () =>
      (attempts += 1) === 1 ? throwError(() => new PushError('prepare-failed', 'no token')) : of(undefined)
    score(({ plays }) => plays(['-o'], '(AW) 6ms BO', { prepare }))
    expect(attempts).toBe(2)
  })

  describe('of a server that does not say that messages are gone', () => {
    const compare = (a: string, b: string) => (a < b ? -1 : +(a > b))
    const continuity = { before: (last: string) => `before ${last}`, compare, follows: () => true }
    const proves: Partial<ReconnectOptions<unknown>> = { continuity }

    test('asks from just before the last message after a loss, and drops it when it comes again', () => {
      const cursors = score(({ plays }) => plays(['-o-1-#', '-r-1-2'], 'AO-X-W 9ms BO---Y', proves))
      expect(cursors).toEqual([undefined, 'before c1'])
    })

    test('drops the messages before it too, and takes no position from them', () => {
      const cursors = score(({ plays }) => plays(['-o-2-#', '-r-1-#', '-r'], 'AO-Y-W 9ms BO---W 9ms CO', proves))
      expect(cursors).toEqual([undefined, 'before c2', 'before c2'])
    })

    test('says gap where a later message comes in its place', () =>
      void score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-(EY)', proves)))

    test('says gap where the channel ends before it came again', () => {
      score(({ plays }) => plays(['-o-1-#', '-r-|'], 'AO-X-W 9ms BO-(ED|)', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-1-|'], 'AO-X-W 9ms BO---(D|)', proves))
      score(({ plays }) => plays(['-o-1-#', '-(rv)--|'], 'AO-X-W 9ms BO-----(D|)', proves))
    })

    test('says gap where a message of another life of the server comes in its place', () => {
      const others = { ...continuity, compare: () => undefined }
      score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-(KY)', { continuity: others }))
    })

    test('gives the place up, and says gap, where it does not come again', () => {
      const cursors = score(({ plays }) =>
        plays(['-o-1-#', '-r', '-o'], 'AO-X-W 9ms BO 29ms W 9ms C(OE)', {
          ...proves,
          connectTimeout: 30,
          until: '90ms !',
        }),
      )
      expect(cursors).toEqual([undefined, 'before c1', undefined])
    })

    test('says gap where the channel begins again, with the cursor of the last message too', () => {
      score(({ plays }) => plays(['-o-3-#', '-r-b'], 'AO-T-W 9ms BO-E', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-b-2'], 'AO-X-W 9ms BO-E-Y', proves))
    })

    test('says none where the channel begins, and began there before', () => {
      score(({ plays }) => plays(['-o-b-#', '-r-b-#', '-r-b'], 'AO---W 9ms BO---W 9ms CO', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-b-#', '-r-b'], 'AO-X-W 9ms BO-E-W 9ms CO', proves))
    })

    test('asks for no proof of a server that says that it tells gaps', () => {
      const cursors = score(({ plays }) => plays(['-(ov)1-#', '-r-2'], 'AO---X-W 9ms BO-Y', proves))
      expect(cursors).toEqual([undefined, 'c1'])
    })

    test('takes the word of one that says so only when it was asked', () => {
      const position = { namespace: 's', value: 'c1', opened: true }
      const cursors = score(({ plays }) => plays(['-(rv)--2-#', '-r'], 'AO-----Y-W 9ms BO', { ...proves, position }))
      expect(cursors).toEqual(['before c1', 'c2'])
    })

    test('emits a gap if the channel was emptied and started over, with or without readers', () => {
      score(({ plays }) => plays(['-o-1-b-2'], 'AO-X-E-Y', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-b-2'], 'AO-X-W 9ms BO-E-Y', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-1b-2'], 'AO-X-W 9ms BO--E-Y', proves))
    })

    test('says none where its place was the beginning', () => {
      score(({ plays }) => plays(['-o-b-2'], 'AO---Y', proves))
      score(({ plays }) => plays(['-o-b-#', '-r-b-#'], 'AO---W 9ms BO---W', { ...proves, until: '25ms !' }))
    })

    test('says gap where a message cannot be the next, once', () => {
      const skips = { continuity: { ...continuity, follows: (cursor: string) => cursor === 'c9' } }
      score(({ plays }) => plays(['-o-1-2'], 'AO-X-(EY)', skips))
      score(({ plays }) => plays(['-o-1-g2'], 'AO-X-EY', skips))
      score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-(EY)', skips))
      score(({ plays }) => plays(['-o-1-#', '-r-1-2'], 'AO-X-W 9ms BO---(EY)', skips))
    })

    test('believes one that says that it tells gaps', () => {
      score(({ plays }) => plays(['-(ov)1-2'], 'AO---X-Y', { continuity: { ...continuity, follows: () => false } }))
    })

    test('requests none when it reconnects at once, without a failure', () => {
      const cursors = score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X--O-Y', { ...proves, error: RECYCLE }))
      expect(cursors).toEqual([undefined, 'c1'])
    })
  })

  test('is disconnected at once by unsubscribing, in every phase', () =>
    score(({ cold, expectObservable, expectSubscriptions }) => {
      for (const [connection, until] of [
        ['---o', '--!'],
        ['-o', '---!'],
        ['-o-1', '----!'],
      ] as const) {
        const source = cold(connection, SAID)
        expectObservable(
          reconnect({ prepare: () => of(0), policy: backoff(), connect: () => source }).pipe(map(() => 0)),
          until,
        )
        expectSubscriptions(source.subscriptions).toBe(until.replace('-', '^'))
      }
    }))
})

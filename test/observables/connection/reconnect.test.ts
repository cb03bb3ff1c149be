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
const EMITTED: Record<string, SourceEvent> = {
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
const EXPECTED: Record<string, string> = {
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

function letterOf(event: LinkEvent): string {
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
  /** Supervises these connections, one after the other, and expects their events as a sequence. */
  plays(
    connections: readonly string[],
    expected: string,
    options?: Partial<ReconnectOptions<unknown>> & { error?: unknown; until?: string },
  ): void
  /** The cursors of the requests, one for each connection. */
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
          return value === undefined ? NEVER : helpers.cold(value, EMITTED, error)
        },
        ...options,
      })
      helpers.expectObservable(supervised.pipe(map(letterOf)), until).toBe(expected, EXPECTED)
    }
    play({ ...helpers, plays, cursors })
  })
  return cursors
}

describe('reconnect', () => {
  test('connects, emits messages, and emits the end of the channel', () =>
    void score(({ plays }) => plays(['-o-1-2-|'], 'AO-X-Y-(D|)')))

  test('waits for the delay of the policy after a loss, and resumes from the last cursor', () => {
    const cursors = score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-Y'))
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('resumes from the cursor at open when it is lost before the first message', () => {
    const cursors = score(({ plays }) => plays(['-(oc)#', '-r'], 'AO 3ms W 9ms BO'))
    expect(cursors).toEqual([undefined, 'c0'])
  })

  test('emits a gap right after an open that did not resume', () =>
    void score(({ plays }) => plays(['-o-#', '-o---1'], 'AO-W 9ms B(OU)X')))

  test('resumes from the last cursor if the last message had none, with a gap, because it may be repeated', () => {
    const cursors = score(({ plays }) => plays(['-o-1-n-#', '-r---n-2'], 'AO-X-N-W 9ms B(OU)N-Y'))
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('emits no gap if a message with a cursor followed one without', () =>
    void score(({ plays }) => plays(['-o-n-1-#', '-r-2'], 'AO-N-X-W 9ms BO-Y')))

  test('connects without a cursor, with a gap, after the server cleared the cursor', () => {
    const cursors = score(({ plays }) => plays(['-o-1-e-#', '-o'], 'AO-X-N-W 9ms B(OU)'))
    expect(cursors).toEqual([undefined, undefined])
  })

  test('emits a message without the empty cursor that cleared the last one', () =>
    score(({ cold, expectObservable }) => {
      const prepare = () => of(undefined)
      const emitted = reconnect({ prepare, policy: backoff(), connect: () => cold('(oe)', EMITTED) })
      expectObservable(emitted, '1ms !').toBe('(COM)', {
        C: { type: 'connecting', attempt: 0 },
        O: EMITTED['o'],
        M: { type: 'message', data: 'n', event: 'message', cursor: undefined },
      })
    }))

  test('emits no gap if no connection was ever open', () =>
    void score(({ plays }) => plays(['-#', '-o-1'], 'AW 9ms BO-X')))

  test('emits a gap after an unconfirmed open, because messages may be missing since then', () =>
    void score(({ plays }) => plays(['-p-#', '-o'], 'AP-W 9ms B(OU)')))

  test('forwards a gap that the server reports, and resumes from the cursor of that gap', () => {
    const cursors = score(({ plays }) =>
      plays(['-r-g-#', '-r'], 'AO-E-W 9ms BO', { position: { namespace: 's', value: 'c5', opened: true } }),
    )
    expect(cursors).toEqual(['c5', 'c9'])
  })

  test('forgets a position that the server lost, and emits a gap', () => {
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

  test('an unconfirmed connection does not count as stable', () =>
    void score(({ plays }) => plays(['-p 100ms #', '-p 100ms #', '-p'], 'AP 100ms W 9ms B(PU) 97ms W 9ms C(PU)')))

  test('waits for the time of Retry-After or of the stream, and the delay of the policy in addition', () => {
    const error = new PushError('unavailable', '503', { retryAfter: 50 })
    score(({ plays }) => plays(['-#', '-o'], 'AV 59ms BO', { error }))
    score(({ plays }) => plays(['-(ot)#', '-r'], 'AO 3ms V 59ms BO'))
  })

  test('waits for a server for one day at most, and the delay of the policy in addition', () =>
    void score(({ plays }) =>
      plays(['-#', '-o'], 'AM', { error: new PushError('unavailable', '503', { retryAfter: Infinity }) }),
    ))

  test('fails, and does not retry, after a final rejection', () =>
    void score(({ plays }) => plays(['-#'], 'A(R|)', { error: new PushError('rejected', '404', { status: 404 }) })))

  test.each([401, 403, 1008, 3000, 3003, 4401, 4403])(
    'prepares once more, at once, when the user is rejected by %i; then fails',
    (status) => {
      let prepared = 0
      const prepare = () => of((prepared += 1))
      const error = new PushError('unauthorized', 'no', { status })
      score(({ plays }) => plays(['-#', '----#'], 'A(ZB)(F|)', { error, prepare }))
      expect(prepared).toBe(2)
    },
  )

  test('retries at once again after a stable connection in between', () =>
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

  test('gives up when consecutive failures reach `maxElapsedTime`, reset by a stable connection', () => {
    const policy = backoff({ initialDelay: 10, multiplier: 1, random: () => 1, resetAfter: 100, maxElapsedTime: 20 })
    score(({ plays }) => plays(['-#', '-#', '-#'], 'AW 9ms BW 9ms C(G|)', { policy }))
    score(({ plays }) => plays(['-#', '-o 100ms #', '-#', '-#'], 'AW 9ms BO 100ms W 9ms B(W) 7ms C(UG|)', { policy }))
  })

  test('retryNow$ ends a wait and does nothing else', () =>
    void score(({ plays, hot }) => plays(['-#', '-o'], 'AW-BO', { retryNow$: hot('---x') as Observable<unknown> })))

  test('drops a connection that does not open in time', () =>
    void score(({ plays }) => plays(['-', '-o'], 'A 29ms W 9ms BO', { connectTimeout: 30 })))

  test('drops a connection that is silent for longer than the promised heartbeat and its grace', () =>
    void score(({ plays }) =>
      plays(['-o 19ms a', '-o'], 'AO 48ms W 9ms B(OU)', { promised: 20, heartbeatGrace: 9, until: '80ms !' }),
    ))

  test('uses the heartbeat that the server sends in the stream', () =>
    void score(({ plays }) => plays(['-o-h', '-o'], 'AO 30ms W 9ms B(OU)', { heartbeatGrace: 9 })))

  test('replaces an idle connection without heartbeats, from its cursor, without an event', () => {
    const cursors = score(({ plays }) =>
      plays(['-o-1', '-r-2'], 'AO-X 49ms -O-Y', { idleReconnectAfter: 50, until: '80ms !' }),
    )
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('does not replace an idle connection whose server may ignore the cursor', () => {
    const cursors = score(({ plays }) =>
      plays(['-f-1-#', '-s'], 'AO-X-W 9ms BO', { idleReconnectAfter: 50, until: '500ms !' }),
    )
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('drops messages that such a server repeats, and emits a gap if they cannot be identified', () => {
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

    test('restarts an attempt, without resetting the failures in a row', () => {
      const policy = backoff({ initialDelay: 10, random: () => 1, maxRetries: 1 })
      score(({ plays, hot }) => plays(['-#', '', '-#'], 'AW 9ms B-B(G|)', { policy, ...waking(hot('-------------x')) }))
    })

    test('gives up after `maxElapsedTime`, whenever it woke', () => {
      const policy = backoff({ initialDelay: 10, multiplier: 1, random: () => 1, maxElapsedTime: 12 })
      score(({ plays, hot }) => plays(['-#', '', '-#'], 'AW 9ms B-B(G|)', { policy, ...waking(hot('-------------x')) }))
    })

    test('reconnects an open connection from its cursor, and keeps one without', () => {
      const cursors = score(({ plays, hot }) => plays(['-o-1', '-r-2'], 'AO-X-AO-Y', waking(hot('-----x'))))
      expect(cursors).toEqual([undefined, 'c1'])
      score(({ plays, hot }) => plays(['-o-n---n'], 'AO-N---N', waking(hot('-----x'))))
    })

    test('resets the failures in a row after a stable connection', () => {
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

    test('fails when the reasons error, after a gap if it was open', () => {
      const mistake = new TypeError('a mistake')
      score(({ plays, hot }) => plays(['-o'], 'AO-(UJ|)', pausing(hot('---#', REASONS, mistake).pipe(startWith([])))))
      score(({ plays }) => plays([], '(J|)', pausing(throwError(() => mistake))))
    })
  })

  test('waits for at least the `minDelay` of the lifecycle', () =>
    void score(({ plays }) => plays(['-#', '-o'], 'AL 29ms BO', { lifecycle: () => ({ minDelay: () => 30 }) })))

  test('reports each position before the event that moved it is emitted', () =>
    void score(({ cold, flush }) => {
      const seen: unknown[] = []
      const moved = ({ value, opened }: Position) => seen.push([value, opened])
      const connect = () => cold('(o1an2)', EMITTED)
      reconnect({ prepare: () => of(0), policy: backoff(), connect, moved })
        .pipe(take(5))
        .subscribe((event) => seen.push(letterOf(event)))
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

  describe('if the channel ends or fails permanently', () => {
    const place = () => ({ namespace: 's', value: undefined, opened: true })
    const refused = new PushError('rejected', '404', { status: 404 })

    test('emits a gap first if messages since the last connection may be missing', () => {
      score(({ plays }) => plays(['-o-n-#', '-|'], 'AO-N-W 9ms B(UD|)'))
      score(({ plays }) => plays(['-o-1-#', '-|'], 'AO-X-W 9ms B(UD|)'))
      score(({ plays }) => plays(['-#'], 'A(UR|)', { error: refused, position: place() }))
      score(({ plays }) => plays(['-#'], 'A(UG|)', { policy: backoff({ maxRetries: 0 }), position: place() }))
    })

    test('emits a gap before it fails if this or an earlier connection was open', () => {
      score(({ plays }) => plays(['-o-#'], 'AO-(UR|)', { error: refused }))
      score(({ plays }) => plays(['-o-1-#'], 'AO-X-(UR|)', { error: refused }))
      score(({ plays }) => plays(['-o-1-#'], 'AO-X-(UG|)', { policy: backoff({ maxRetries: 0 }) }))
    })

    test('emits history-expired if the server had lost the cursor', () => {
      const options = { error: new PushError('cursor-lost', '412'), position: { ...place(), value: 'c5' } }
      score(({ plays }) => plays(['-#', '-|'], 'AW 9ms B(ED|)', options))
      score(({ plays }) => plays(['-o---#'], 'A(OU)(EG|)', { ...options, policy: backoff({ maxRetries: 0 }) }))
    })

    test('emits no gap if no message can be missing', () => {
      score(({ plays }) => plays(['-|'], 'A(D|)'))
      score(({ plays }) => plays(['-#'], 'A(R|)', { error: refused }))
      score(({ plays }) => plays(['-o-1-|'], 'AO-X-(D|)'))
      score(({ plays }) => plays(['-o-1-#', '-r-|'], 'AO-X-W 9ms BO-(D|)'))
    })
  })

  describe('after a mistake in code', () => {
    test.each([new TypeError('x is not a function'), new ReferenceError('x is not defined')])(
      'fails once, and the error names it: %s',
      async (mistake) => {
        const connect = () => throwError(() => mistake)
        const emitted: LinkEvent[] = []
        reconnect({ prepare: () => of(0), policy: backoff(), connect }).subscribe((event) => emitted.push(event))
        expect(emitted.map(({ type }) => type)).toEqual(['connecting', 'failed'])
        const [, failure] = emitted
        const error = failure?.type === 'failed' ? failure.error : undefined
        expect([error?.code, error?.cause]).toEqual(['exception', mistake])
        expect(error?.message).toContain(mistake.message)
      },
    )

    test('retries after any other error', () =>
      void score(({ plays }) => plays(['-#'], 'AW', { error: new Error('ECONNRESET'), until: '5ms !' })))
  })

  test('keeps idle connections after a server ignored a cursor, because each replacement would emit a gap', () => {
    const cursors = score(({ plays }) =>
      plays(['-o-1', '-o---1', '-o'], 'AO-X 49ms -(OU)X', { idleReconnectAfter: 50, until: '500ms !' }),
    )
    expect(cursors).toEqual([undefined, 'c1'])
  })

  test('keeps an idle connection without a cursor', () =>
    void score(({ plays }) => plays(['-o-n 200ms n'], 'AO-N 200ms N', { idleReconnectAfter: 50, until: '400ms !' })))

  test('drops an unconfirmed connection that receives no byte', () =>
    void score(({ plays }) => plays(['-p', '-o'], 'AP 23ms W 9ms B(OU)', { heartbeatInterval: 15, heartbeatGrace: 9 })))

  test('shows no unconfirmed connection as open after one that received no byte, until bytes arrive', () => {
    const limits = { heartbeatInterval: 15, heartbeatGrace: 9 }
    score(({ plays }) => plays(['-p', '-p', '-p---o---1'], 'AP 23ms W 9ms BQ 23ms W 9ms CQ---(OU)X', limits))
    // Received bytes count for the next one too.
    const broken = ['-p', '-p---a-#', '-p']
    score(({ plays }) => plays(broken, 'AP 23ms W 9ms BQ-----W 9ms C(PU) 20ms W', { ...limits, until: '80ms !' }))
    // A connection that ended otherwise does not affect the next one.
    score(({ plays }) => plays(['-p-#', '-p'], 'AP-W 9ms B(PU)', { ...limits, until: '30ms !' }))
  })

  test('emits no gap if the channel ends on a connection that was not shown as open', () => {
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

  describe('with a server that does not report gaps', () => {
    const compare = (a: string, b: string) => (a < b ? -1 : +(a > b))
    const continuity = { before: (last: string) => `before ${last}`, compare, follows: () => true }
    const proves: Partial<ReconnectOptions<unknown>> = { continuity }

    test('resumes from just before the last message after a loss, and drops it when it is repeated', () => {
      const cursors = score(({ plays }) => plays(['-o-1-#', '-r-1-2'], 'AO-X-W 9ms BO---Y', proves))
      expect(cursors).toEqual([undefined, 'before c1'])
    })

    test('drops the messages before it too, and takes no position from them', () => {
      const cursors = score(({ plays }) => plays(['-o-2-#', '-r-1-#', '-r'], 'AO-Y-W 9ms BO---W 9ms CO', proves))
      expect(cursors).toEqual([undefined, 'before c2', 'before c2'])
    })

    test('emits a gap if a later message arrives instead', () =>
      void score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-(EY)', proves)))

    test('emits a gap if the channel ends before the last message was repeated', () => {
      score(({ plays }) => plays(['-o-1-#', '-r-|'], 'AO-X-W 9ms BO-(ED|)', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-1-|'], 'AO-X-W 9ms BO---(D|)', proves))
      score(({ plays }) => plays(['-o-1-#', '-(rv)--|'], 'AO-X-W 9ms BO-----(D|)', proves))
    })

    test('emits a gap if a message of another run of the server arrives instead', () => {
      const others = { ...continuity, compare: () => undefined }
      score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-(KY)', { continuity: others }))
    })

    test('drops the cursor, with a gap, if the last message is not repeated', () => {
      const cursors = score(({ plays }) =>
        plays(['-o-1-#', '-r', '-o'], 'AO-X-W 9ms BO 29ms W 9ms C(OE)', {
          ...proves,
          connectTimeout: 30,
          until: '90ms !',
        }),
      )
      expect(cursors).toEqual([undefined, 'before c1', undefined])
    })

    test('emits a gap if the channel starts over, even with the cursor of the last message', () => {
      score(({ plays }) => plays(['-o-3-#', '-r-b'], 'AO-T-W 9ms BO-E', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-b-2'], 'AO-X-W 9ms BO-E-Y', proves))
    })

    test('emits none if the channel starts at the position at which it started before', () => {
      score(({ plays }) => plays(['-o-b-#', '-r-b-#', '-r-b'], 'AO---W 9ms BO---W 9ms CO', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-b-#', '-r-b'], 'AO-X-W 9ms BO-E-W 9ms CO', proves))
    })

    test('requests no repeat from a server that reports gaps', () => {
      const cursors = score(({ plays }) => plays(['-(ov)1-#', '-r-2'], 'AO---X-W 9ms BO-Y', proves))
      expect(cursors).toEqual([undefined, 'c1'])
    })

    test('accepts a server that declares it only in its response', () => {
      const position = { namespace: 's', value: 'c1', opened: true }
      const cursors = score(({ plays }) => plays(['-(rv)--2-#', '-r'], 'AO-----Y-W 9ms BO', { ...proves, position }))
      expect(cursors).toEqual(['before c1', 'c2'])
    })

    test('emits a gap if the channel was emptied and started over, with or without readers', () => {
      score(({ plays }) => plays(['-o-1-b-2'], 'AO-X-E-Y', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-b-2'], 'AO-X-W 9ms BO-E-Y', proves))
      score(({ plays }) => plays(['-o-1-#', '-r-1b-2'], 'AO-X-W 9ms BO--E-Y', proves))
    })

    test('emits none if its position was the beginning', () => {
      score(({ plays }) => plays(['-o-b-2'], 'AO---Y', proves))
      score(({ plays }) => plays(['-o-b-#', '-r-b-#'], 'AO---W 9ms BO---W', { ...proves, until: '25ms !' }))
    })

    test('emits one gap if a message cannot be the next', () => {
      const skips = { continuity: { ...continuity, follows: (cursor: string) => cursor === 'c9' } }
      score(({ plays }) => plays(['-o-1-2'], 'AO-X-(EY)', skips))
      score(({ plays }) => plays(['-o-1-g2'], 'AO-X-EY', skips))
      score(({ plays }) => plays(['-o-1-#', '-r-2'], 'AO-X-W 9ms BO-(EY)', skips))
      score(({ plays }) => plays(['-o-1-#', '-r-1-2'], 'AO-X-W 9ms BO---(EY)', skips))
    })

    test('does not check the order of a server that reports gaps', () => {
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
        const source = cold(connection, EMITTED)
        expectObservable(
          reconnect({ prepare: () => of(0), policy: backoff(), connect: () => source }).pipe(map(() => 0)),
          until,
        )
        expectSubscriptions(source.subscriptions).toBe(until.replace('-', '^'))
      }
    }))
})

import type { Gate } from './gate.ts'
import type { Fate } from './forward.ts'
import type { Rule } from './rules.ts'

/** What can be done to one request on its way. */
export interface Way {
  forward(fate: Fate): void
  answer(status: number, headers: Record<string, string>, body: string): void
  /** Resets its connection. */
  reset(): void
}

/** One request on its way through the network, with the connection that it becomes. */
export interface Crossing {
  /** Does to it what a rule says, from now on. `life`: how long a connection that flaps lives, in ms. */
  obey(rule: Rule, life: number): void
  /** It is over. */
  left(): void
  reset(): void
}

export function crossing({ forward, answer, reset }: Way): Crossing {
  let state: 'new' | 'asked' | 'open' = 'new'
  let gates: readonly Gate[] = []
  let rule: Rule = 'pass'
  let life = 0
  let death: NodeJS.Timeout | undefined

  const carry = () => {
    state = 'asked'
    forward({
      opened(through) {
        gates = through
        state = 'open'
        STANDING[rule]()
      },
      lost: reset,
    })
  }

  const say: Way['answer'] = (...said) => {
    state = 'open'
    answer(...said)
  }

  /** What a rule does to a request that comes. */
  const COMING = {
    pass: carry,
    refuse: () => say(403, {}, 'the network refuses this'),
    reset,
    hang: () => {},
    flap: carry,
    'black-hole': carry,
    buffer: carry,
    empty: () => say(200, {}, ''),
  } satisfies Record<Rule, () => void>

  /** What it does to a connection that stands, or to a request that the server holds. */
  const STANDING = {
    pass: () => gates.forEach((gate) => gate.open()),
    refuse: reset,
    reset,
    hang: reset,
    flap: () => (death ??= setTimeout(reset, life)),
    'black-hole': () => gates.forEach((gate) => gate.shut()),
    buffer: () => gates.at(-1)?.shut(),
    empty: reset,
  } satisfies Record<Rule, () => void>

  return {
    obey(next, lives) {
      rule = next
      life = lives
      if (state === 'new') COMING[rule]()
      else if (rule !== 'flap' || state === 'open') STANDING[rule]()
    },
    left: () => clearTimeout(death),
    reset,
  }
}

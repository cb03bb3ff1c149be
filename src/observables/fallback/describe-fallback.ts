import type { TechniqueMemory } from './technique-memory.ts'

/** Describes the remembered technique and the failures of an origin. For people, in development only. */
export function describeFallback(names: readonly string[], memory: TechniqueMemory, now: number): string {
  const start = memory.start(now)
  const ladder = names.length === 1 ? `${names[0]} alone` : names.join(', then ')
  const failures = names.flatMap((name, index) => {
    const failure = memory.failureOf(index)
    return failure ? [{ name, ...failure }] : []
  })
  // The reason is shown once, also if it is a failure.
  const reason = failures.some(({ message }) => message === memory.reason) ? '' : `, because ${memory.reason}`
  return [
    `the ladder is ${ladder}`,
    start > 0 && `it begins with ${names[start]}${reason}`,
    ...failures.map(({ name, at, message }) => `${name} failed ${seconds(now - at)} ago: ${message}`),
    memory.canUpgrade(start) && `a better one is tried in ${seconds(Math.max(0, memory.probeAt - now))}`,
  ]
    .filter(Boolean)
    .join('; ')
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`

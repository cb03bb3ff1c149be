import type { TechniqueMemory } from './technique-memory.ts'

/** Describes the remembered technique and the failures of an origin, in sentences. For people, in development only. */
export function describeFallback(names: readonly string[], memory: TechniqueMemory, now: number): string {
  const start = memory.start(now)

  const failures = names.flatMap((name, index) => {
    const failure = memory.failureOf(index)
    return failure ? [{ name, ...failure }] : []
  })
  // The reason is shown once, also if it is a failure.
  const isShown = failures.some(({ message }) => message === memory.reason)
  const sentences = [
    `The techniques are ${names.join(', then ')}`,
    start > 0 && `The next connection starts with ${names[start]}`,
    start > 0 && !isShown && `Reason: ${memory.reason}`,
    ...failures.map(({ name, at, message }) => `${name} failed ${seconds(now - at)} ago: ${message}`),
    memory.canUpgrade(start) && `A preferred technique is tried in ${seconds(Math.max(0, memory.probeAt - now))}`,
  ]
  return sentences.flatMap((text) => (text ? [text.replace(/\.?$/, '.')] : [])).join(' ')
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`

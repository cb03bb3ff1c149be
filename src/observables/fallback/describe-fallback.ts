import type { TechniqueMemory } from './technique-memory.ts'

/** What is known of the rungs to an origin, as a person would say it. */
export function describeFallback(names: readonly string[], memory: TechniqueMemory, now: number): string {
  const begins = memory.start(now)
  const ladder = names.length === 1 ? `${names[0]} alone` : names.join(', then ')
  const troubles = [...memory.troubles]
    .toSorted(([a], [b]) => a - b)
    .map(([index, { said, at }]) => `${names[index]} failed ${seconds(now - at)} ago: ${said}`)
  // A reason is given once.
  const known = [...memory.troubles.values()].some(({ said }) => said === memory.why)
  const climbs = names.some((_, index) => index < begins && !memory.troubles.get(index)?.lasting)
  return [
    `the ladder is ${ladder}`,
    begins > 0 && `it begins at ${names[begins]}${known ? '' : `, because ${memory.why}`}`,
    ...troubles,
    climbs && `a higher one is tried in ${seconds(Math.max(0, memory.probeAt - now))}`,
  ]
    .filter(Boolean)
    .join('; ')
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`

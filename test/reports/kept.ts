import type { Engine } from '../conformance/engines.ts'
import { limitsAt, type Place } from '../conformance/limits.ts'

/** How many promises a technique kept on a server in an engine. */
export interface Kept {
  kept: number
  of: number
}

/** What a run showed, by place. */
export type Shown = readonly (Place & Kept)[]

const ENGINES: Record<Engine, string> = {
  node: 'Node',
  chromium: 'Chromium',
  firefox: 'Firefox ESR',
  webkit: 'WebKitGTK',
}
const engines = Object.keys(ENGINES) as Engine[]

/** A table of what was kept: a row for each technique and server, a column for each engine, and notes with reasons. */
export function keptTable(shown: Shown): string {
  const notes: string[] = []
  const note = (said: string) => {
    if (!notes.includes(said)) notes.push(said)
    return notes.indexOf(said) + 1
  }
  const cell = (place: Place) => {
    const found = shown.find(
      ({ technique, server, engine }) =>
        technique === place.technique && server === place.server && engine === place.engine,
    )
    const marks = limitsAt(place).map(({ said }) => note(said))
    const figure = found ? `${found.kept} of ${found.of}` : '–'
    return marks.length > 0 ? `${figure} <sup>${marks.join(', ')}</sup>` : figure
  }
  const rows = shown.filter(
    ({ technique, server }, at) =>
      shown.findIndex((other) => other.technique === technique && other.server === server) === at,
  )
  const lines = rows.map(({ technique, server }) => [
    `\`${technique}\``,
    server,
    ...engines.map((engine) => cell({ technique, server, engine })),
  ])
  const head = ['technique', 'server', ...engines.map((engine) => ENGINES[engine])]
  return [
    ...[head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`),
    '',
    ...notes.map((said, at) => `${at + 1}. ${said}`),
  ].join('\n')
}

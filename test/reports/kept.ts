import type { Engine } from '../conformance/engines.ts'
import { limitAt, limitsAt, type Place } from '../conformance/limits.ts'

/** How many promises a technique kept on a server in an engine. */
export interface Kept extends Place {
  kept: number
  of: number
}

const ENGINES: Record<Engine, string> = {
  node: 'Node',
  chromium: 'Chromium',
  firefox: 'Firefox ESR',
  webkit: 'WebKitGTK',
}
const engines = Object.keys(ENGINES) as Engine[]

/** Returns the table of kept promises: a row per technique and server, a column per engine, notes with reasons. */
export function keptTable(shown: readonly Kept[]): string {
  const notes: string[] = []
  const marked = (text: string, said: readonly string[]) => {
    for (const each of said) if (!notes.includes(each)) notes.push(each)
    const marks = said.map((each) => notes.indexOf(each) + 1).toSorted((a, b) => a - b)
    return marks.length === 0 ? text : `${text} <sup>${marks.join(', ')}</sup>`
  }

  const row = ({ technique, server }: Omit<Place, 'engine'>) => {
    const cells = engines.map((engine) => {
      const found = shown.find(
        (other) => other.technique === technique && other.server === server && other.engine === engine,
      )
      return { figure: found ? `${found.kept} of ${found.of}` : '–', ...limits({ technique, server, engine }) }
    })
    // A limit of every engine is noted once, at the server.
    const running = cells.filter(({ runs }) => runs)
    const everywhere = (running[0]?.said ?? []).filter((each) => running.every(({ said }) => said.includes(each)))
    return [
      `\`${technique}\``,
      marked(server, everywhere),
      ...cells.map(({ figure, said }) =>
        marked(
          figure,
          said.filter((each) => !everywhere.includes(each)),
        ),
      ),
    ]
  }

  const techniques = [...new Set(shown.map(({ technique }) => technique))]
  const servers = [...new Set(shown.map(({ server }) => server))]
  const rows = techniques
    .flatMap((technique) => servers.map((server) => ({ technique, server })))
    .filter((row) => shown.some(({ technique, server }) => technique === row.technique && server === row.server))
  const head = ['technique', 'server', ...engines.map((engine) => ENGINES[engine])]
  const lines = [head, head.map(() => '---'), ...rows.map(row)].map((cells) => `| ${cells.join(' | ')} |`)
  return [...lines, '', ...notes.map((said, at) => `${at + 1}. ${said}`)].join('\n')
}

/** Returns the limits of a place; if nothing runs there, other limits do not matter. */
function limits(place: Place): { runs: boolean; said: readonly string[] } {
  const absent = limitAt(place, 'runs')
  return absent === undefined
    ? { runs: true, said: limitsAt(place).map(({ said }) => said) }
    : { runs: false, said: [absent] }
}

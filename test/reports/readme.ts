import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const BEGIN = '<!-- kept: written by `npm run table` from what the last full run showed -->\n\n'
const END = '\n\n<!-- /kept -->'

const root = join(import.meta.dirname, '../..')
const README = join(root, 'README.md')
const LAST = join(root, 'node_modules/.cache/pinia-push/kept.md')

/** Keeps what a full run showed, and says whether the README says the same. */
export function isInReadme(table: string): boolean {
  mkdirSync(dirname(LAST), { recursive: true })
  writeFileSync(LAST, table)
  return readFileSync(README, 'utf8') === withTable(table)
}

/** Writes what the last full run showed into the README. */
export function renewReadme(): void {
  if (!existsSync(LAST)) throw new Error('No full run has shown anything yet: run `npm test` first')
  writeFileSync(README, withTable(readFileSync(LAST, 'utf8')))
}

function withTable(table: string): string {
  const text = readFileSync(README, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin)
    throw new Error(`README.md has no place for the table: ${BEGIN.trim()} ... ${END.trim()}`)
  return `${text.slice(0, begin + BEGIN.length)}${table}${text.slice(end)}`
}

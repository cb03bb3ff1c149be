import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the page of errors has the cause and the fix of each code, as its type documents them', () => {
  const source = readFileSync('src/observables/errors.ts', 'utf8')
  const documented = [...source.matchAll(/^ \* \| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1))
  const page = readFileSync('docs/reference/errors.md', 'utf8')
  const shown = [...page.matchAll(/\n## ([a-z-]+)\n\n(.*)\n\n\*\*What to do\*\*: (.*)\n/g)].map((part) => part.slice(1))
  expect(documented.length).toBeGreaterThan(30)
  expect(shown).toEqual(documented)
})

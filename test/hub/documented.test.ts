import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

test('SECURITY.md gives a reason for each package at runtime', () => {
  const [, table = ''] = read('SECURITY.md').split('## Dependencies')
  const named = [...table.matchAll(/^\| `(.+?)` \|/gm)].map(([, name]) => name)
  const { dependencies, peerDependencies } = JSON.parse(read('package.json'))
  expect(named.toSorted()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).toSorted())
})

test.for(['SECURITY.md', 'docs/production/hub.md'])('%s names every limit of the hub', (file) => {
  const options = ['hub-options.ts', 'security/rate-limits.ts'].map((name) => read(`src/hub/${name}`)).join('\n')
  const limits = [...options.matchAll(/^ {2}(max\w+|\w+Timeout)\?: number/gm)].map(([, name]) => name)
  expect(limits).toHaveLength(13)
  expect(limits.filter((name) => !read(file).includes(`\`${name}\``))).toEqual([])
})

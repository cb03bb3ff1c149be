import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const readme = readFileSync('README.md', 'utf8')

test('the README has at most 200 lines', () => {
  expect(readme.split('\n').length).toBeLessThanOrEqual(201)
})

test('the page for one’s own server has the same code as the README', () => {
  const blocks = (text: string) =>
    [...text.matchAll(/```(?:ts|vue)\n(?:\/\/|<!--) src[^]*?```/g)].map(([block]) => block)
  expect(blocks(readFileSync('docs/start/your-server.md', 'utf8'))).toEqual(blocks(readme))
})

test.for([
  ['`createPushClient`, `webSocket` (', 'webSocket + channel, RxJS a peer'],
  ['`createPushClient`, `sse` (', 'sse + channel'],
  ['`createPush`, `webSocket`, `nchan`', 'webSocket + Vue + Pinia, all three peers'],
] as const)('the size of %s is the limit that the checks hold', ([row, name]) => {
  const limits = JSON.parse(readFileSync('.size-limit.json', 'utf8')) as { name: string; limit: string }[]
  const bytes = Number.parseInt(limits.find((each) => each.name === name)?.limit ?? '', 10)
  const line = readme.split('\n').find((text) => text.startsWith(`| ${row}`))
  expect(line).toMatch(new RegExp(`\\| ${bytes / 1000} kB \\|$`))
})

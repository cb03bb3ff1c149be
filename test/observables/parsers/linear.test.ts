import { expect, test, vi } from 'vitest'
import { eventStream } from '../../../src/observables/parsers/event-stream.ts'
import { jsonArray } from '../../../src/observables/parsers/json-array.ts'
import { lines } from '../../../src/observables/parsers/lines.ts'
import { multipart } from '../../../src/observables/parsers/multipart.ts'

const SIZE = 4_194_304
const CHUNK = 16_384
const body = 'x'.repeat(SIZE)

/** One long message in each framing, and how it is read. */
const FRAMINGS: Record<string, { text: string; reader: (take: (message: string) => void) => (chunk: string) => void }> =
  {
    'an event stream': {
      text: `data: ${body}\n\n`,
      reader: (take) => eventStream({ event: ({ data }) => take(data), id() {}, comment() {}, retry() {} }),
    },
    lines: { text: `${body}\n`, reader: lines },
    'a multipart body': {
      text: `--b\r\nEtag: 1\r\n\r\n${body}\r\n--b--`,
      reader: (take) => multipart('b', { part: (part) => take(part.body), close() {} }),
    },
    'a JSON array': {
      text: `["${body}"]`,
      reader: (take) => jsonArray((json) => take(json.slice(1, -1))).feed,
    },
  }

/** How many characters the strings have that are searched meanwhile: a string that was joined is copied for that, too. */
function searched(work: () => void): number {
  let characters = 0
  const { indexOf } = String.prototype
  const { exec } = RegExp.prototype
  const spies = [
    vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, ...searching) {
      characters += this.length
      return indexOf.apply(this, searching)
    }),
    vi.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, text) {
      characters += text.length
      return exec.call(this, text)
    }),
  ]
  work()
  for (const spy of spies) spy.mockRestore()
  return characters
}

test.for(Object.entries(FRAMINGS))(
  'a long message costs no more for each character than a short one: %s',
  ([, { text, reader }]) => {
    const messages: string[] = []
    const read = reader((message) => messages.push(message))
    const characters = searched(() => {
      for (let at = 0; at < text.length; at += CHUNK) read(text.slice(at, at + CHUNK))
    })
    expect(messages.map((message) => message === body)).toEqual([true])
    expect(characters).toBeGreaterThanOrEqual(SIZE)
    expect(characters).toBeLessThan(6 * SIZE)
  },
)

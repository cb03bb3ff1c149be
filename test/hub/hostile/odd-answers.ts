const throws = () => {
  throw new Error('on purpose')
}
const never = () => new Promise(() => {})
const thenable = (then: (yes: (answer: unknown) => void, no: (error: unknown) => void) => void) =>
  // oxlint-disable-next-line unicorn/no-thenable -- an application may answer with one
  ({ then })
const refused = (headers: object, status: unknown = 403) => ({ status, headers })

/** Mistakes that an application's `authorize` may contain. */
export const ODD_ANSWERS: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    [
      0,
      99,
      100,
      101,
      103,
      199,
      200,
      204,
      304,
      418,
      599,
      600,
      1e9,
      -1,
      4.5,
      Number.NaN,
      Infinity,
      '403',
      '',
      null,
      {},
    ].map((status, index) => [`status ${index}`, () => ({ status, reason: 'odd' })]),
  ),
  'line end in a header': () => refused({ 'X-Odd': 'a\r\nSet-Cookie: b=c\r\n\r\n' }),
  'line end in a header’s name': () => refused({ 'X-Odd\r\nY': 'a' }),
  'no name': () => refused({ '': 'a' }),
  'no value': () => refused({ 'X-Odd': undefined }),
  'what is no text in a header': () => refused({ 'X-Odd': Symbol('odd') }),
  'an object in a header': () => refused({ 'X-Odd': { toString: throws } }),
  'other letters in a header': () => refused({ 'X-Odd': 'größe ☃' }),
  'many of one header': () => refused({ 'X-Odd': Array.from({ length: 5_000 }, (_, n) => `${n}`) }),
  'another length': () => refused({ 'Content-Length': '5' }),
  'another encoding': () => refused({ 'Transfer-Encoding': 'chunked', Connection: 'keep-alive, upgrade' }),
  'headers that throw': () => refused(new Proxy({}, { ownKeys: throws })),
  'headers that are text': () => ({ status: 403, headers: 'X-Odd: a' }),
  'headers that are null': () => ({ status: 403, headers: null }),
  'a huge reason': () => ({ status: 403, reason: 'é'.repeat(100_000) }),
  'a reason with line ends': () => ({ status: 401, reason: 'a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' }),
  'a reason just too long in bytes': () => ({ status: 403, reason: '☃'.repeat(110) }),
  'a reason with half a character': () => ({ status: 403, reason: '\ud800'.repeat(50) }),
  'a reason that is no text': () => ({ status: 403, reason: { toString: throws } }),
  'a reason that is a symbol': () => ({ status: 403, reason: Symbol('odd') }),
  'a status that throws': () => Object.defineProperty({}, 'status', { get: throws }),
  'an object that throws': () => new Proxy({}, { get: throws, has: throws }),
  'a revoked object': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  throws,
  'throws nothing': () => {
    throw undefined as unknown as Error
  },
  rejects: () => Promise.reject(new Error('on purpose')),
  'rejects with nothing': () => Promise.reject(undefined as unknown as Error),
  'rejects later': () => new Promise((_, reject) => void setImmediate(reject, new Error('on purpose'))),
  'never resolves': never,
  'a thenable that never resolves': () => thenable(() => {}),
  'a thenable that throws': () => thenable(throws),
  'a thenable that resolves several times': () =>
    thenable((yes, no) => {
      yes(false)
      no(new Error('on purpose'))
      yes(true)
      throws()
    }),
  null: () => null,
  undefined: () => undefined,
  zero: () => 0,
  one: () => 1,
  yes: () => 'yes',
  'an array': () => [true],
  'a symbol': () => Symbol('odd'),
  'a function': () => throws,
}
